/** The figures of a build as they are handed in: plain data, gathered from its events by a listener that is not known here. */

export type Outcome = 'executed' | 'restored' | 'checked' | 'fresh' | 'absent' | 'failed' | 'blocked';

export const OUTCOMES: readonly Outcome[] = [
  'executed',
  'restored',
  'checked',
  'fresh',
  'absent',
  'failed',
  'blocked',
];

export const ENDS = ['done', 'failed', 'interrupted', 'broken'] as const;

export type Counts = Readonly<Record<Outcome, number>>;

export interface RuleFigures {
  readonly rule: string;
  readonly counts: Counts;
  /** Of each target that ran. */
  readonly seconds: readonly number[];
  readonly retries: number;
}

export interface FailedFigure {
  readonly target: string;
  readonly code: string;
  readonly message: string;
  readonly host: string | undefined;
}

export interface Run {
  readonly ended: (typeof ENDS)[number];
  readonly idle: boolean;
  readonly asOf: string;
  readonly runId: string | null;
  readonly seconds: number;
  readonly counts: Counts;
  readonly rules: readonly RuleFigures[];
  readonly failures: readonly FailedFigure[];
  readonly downloaded: { readonly bytes: number; readonly seconds: number } | undefined;
}
