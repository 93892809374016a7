/** A build as the history keeps it, and what is said of it wherever it is shown. Knows no layout and no file. */
import type { Outcome, Reason } from '../engine/events.ts';
import { formatCount } from './amounts.ts';
import { printable } from './printable.ts';

type Changes = Readonly<Record<string, number>>;

export interface LoggedRule {
  readonly rule: string;
  readonly counts: Readonly<Partial<Record<Outcome, number>>>;
  /** What its targets took, summed. */
  readonly seconds: number;
  /** Time in which at least one of them ran. */
  readonly busySeconds: number;
  readonly bytes: number;
  readonly changes: Changes;
}

export interface LoggedTarget {
  readonly target: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly reasons: readonly Reason[];
  readonly moreReasons: number;
  readonly changes?: Changes;
  readonly failure?: {
    readonly code: string;
    readonly message: string;
    /** Where its log can still be read. */
    readonly logPath?: string;
  };
  /** Others of its rule, which are not listed, lie between the one before it and this one. */
  readonly apart?: true;
}

export interface LoggedRun {
  readonly number: number;
  /** More than one: so many in a row had nothing to do. */
  readonly builds: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: number;
  readonly ended: 'done' | 'interrupted' | 'broken';
  readonly error?: string;
  readonly asOf: string;
  readonly runId: string | null;
  readonly selectors: readonly string[];
  readonly moreSelectors: number;
  readonly from?: string;
  readonly to?: string;
  readonly options: {
    readonly force: boolean;
    readonly refresh: boolean;
    readonly sweep: boolean;
    readonly offline: boolean;
  };
  readonly version?: string;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly rules: readonly LoggedRule[];
  readonly targets: readonly LoggedTarget[];
  readonly moreTargets: number;
  readonly warnings: readonly { readonly target: string; readonly message: string }[];
  readonly moreWarnings: number;
  readonly alerts?: readonly {
    readonly target: string;
    readonly level: 'warning' | 'critical';
    readonly code: string;
    readonly message: string;
  }[];
  readonly moreAlerts?: number;
}

/** `14,400 added`, `2 gaps closed`: each count with the task's own word for it. */
export function changeWords(changes: Changes): readonly string[] {
  return Object.entries(changes).map(
    ([key, count]) => `${formatCount(count)} ${printable(key.replaceAll('_', ' '))}`,
  );
}

/** Of all rules together. */
export function allChanges(run: LoggedRun): Changes {
  const sums = new Map<string, number>();
  for (const { changes } of run.rules)
    for (const [key, count] of Object.entries(changes)) sums.set(key, (sums.get(key) ?? 0) + count);
  return Object.fromEntries(sums);
}

/** How many targets were run, whatever came of it but failure. */
export function ranCount({ counts }: LoggedRun): number {
  return counts.executed + counts.restored + counts.checked;
}

export function hasNothingToDo(run: LoggedRun): boolean {
  return ranCount(run) + run.targets.length + run.counts.blocked === 0 && run.ended === 'done';
}
