/**
 * What a build was in figures, gathered from its events: by rule what became of its targets and how long they took, what
 * failed and which host it was, what was downloaded. For metrics and messages; it knows neither and no files.
 */
import type { BuildEvent, Outcome } from '../engine/events.ts';
import type { Downloaded } from './transfer.ts';
import { createTransfer } from './transfer.ts';

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
  /** Of the first address in the message, without user and password. */
  readonly host: string | undefined;
}

export type Ended = 'done' | 'failed' | 'interrupted' | 'broken';

export interface RunFigures {
  readonly ended: Ended;
  /** Nothing ran and nothing failed. */
  readonly idle: boolean;
  readonly asOf: string;
  readonly runId: string | null;
  readonly seconds: number;
  readonly counts: Counts;
  /** In the manifest's order; those that were part of the build. */
  readonly rules: readonly RuleFigures[];
  readonly failures: readonly FailedFigure[];
  readonly downloaded: Downloaded | undefined;
}

export interface FigureCollector {
  apply(event: BuildEvent): void;
  /** Undefined where no build was begun. To be asked when no more events come. */
  result(): RunFigures | undefined;
}

type Started = Extract<BuildEvent, { type: 'build-started' }>;
type Closing = Extract<BuildEvent, { type: 'build-finished' }>;
type Finished = Extract<BuildEvent, { type: 'target-finished' }>;

interface Tally {
  readonly counts: Record<Outcome, number>;
  readonly seconds: number[];
  retries: number;
}

/** `now` in milliseconds, from any start. */
export function collectFigures(now: () => number): FigureCollector {
  const transfer = createTransfer(now);
  const rules = new Map<string, Tally>();
  const ruleOf = new Map<string, string>();
  const failures: FailedFigure[] = [];
  let started: (Started & { readonly at: number }) | undefined;
  let closing: Closing | undefined;

  function tallyOf(rule: string): Tally {
    const known = rules.get(rule);
    if (known !== undefined) return known;
    const tally: Tally = { counts: noCounts(), seconds: [], retries: 0 };
    rules.set(rule, tally);
    return tally;
  }

  function finish({ target, rule, outcome, seconds, failure }: Finished): void {
    const tally = tallyOf(rule);
    tally.counts[outcome] += 1;
    ruleOf.delete(target);
    if (outcome === 'executed' || outcome === 'checked' || outcome === 'failed') tally.seconds.push(seconds);
    if (outcome !== 'failed') return;
    const { code = 'unknown', message = '' } = failure ?? {};
    failures.push({ target, code, message, host: hostIn(message) });
  }

  return {
    apply: (event) => {
      // Most targets of most builds: 100,000 of them must not take long.
      if (event.type === 'target-finished' && event.outcome === 'fresh' && !ruleOf.has(event.target)) {
        tallyOf(event.rule).counts.fresh += 1;
        return;
      }
      transfer.apply(event);
      switch (event.type) {
        case 'build-started':
          started = { ...event, at: now() };
          return;
        case 'target-started':
          ruleOf.set(event.target, event.rule);
          return;
        case 'target-retry': {
          const rule = ruleOf.get(event.target);
          if (rule !== undefined) tallyOf(rule).retries += 1;
          return;
        }
        case 'targets-stood':
          tallyOf(event.rule).counts[event.outcome] += event.count;
          return;
        case 'target-finished':
          finish(event);
          return;
        case 'build-finished':
          closing = event;
          return;
        case 'warning':
        case 'lock-waiting':
        case 'targets-planned':
        case 'target-progress':
        case 'target-log':
        case 'target-warning':
          return;
      }
    },
    result: () => {
      if (started === undefined) return undefined;
      const counts = noCounts();
      const figures = [...new Set([...started.rules, ...rules.keys()])].flatMap((rule): RuleFigures[] => {
        const tally = rules.get(rule);
        if (tally === undefined) return [];
        for (const outcome of OUTCOMES) counts[outcome] += tally.counts[outcome];
        return [{ rule, counts: tally.counts, seconds: tally.seconds, retries: tally.retries }];
      });
      const { executed, restored, checked, failed, blocked } = counts;
      const ended = endOf(closing, failed + blocked);
      return {
        ended,
        idle: ended === 'done' && executed + restored + checked === 0,
        asOf: started.asOf,
        runId: closing?.runId ?? null,
        seconds: closing?.seconds ?? Math.round(now() - started.at) / 1000,
        counts,
        rules: figures,
        failures: ended === 'broken' ? [...failures, BROKEN_OFF] : failures,
        downloaded: transfer.downloaded(),
      };
    },
  };
}

const OUTCOMES = ['executed', 'restored', 'checked', 'fresh', 'absent', 'failed', 'blocked'] as const;

/** Stands for what no target has told. */
const BROKEN_OFF: FailedFigure = {
  target: 'build',
  code: 'broken-off',
  message: 'the build broke off before its end',
  host: undefined,
};

function noCounts(): Record<Outcome, number> {
  return { executed: 0, restored: 0, checked: 0, fresh: 0, absent: 0, failed: 0, blocked: 0 };
}

/** Of a build that broke down nobody has heard the end. */
function endOf(closing: Closing | undefined, bad: number): Ended {
  if (closing === undefined) return 'broken';
  if (closing.interrupted) return 'interrupted';
  return bad > 0 ? 'failed' : 'done';
}

/** `data.binance.vision` of `GET https://user:key@data.binance.vision/… answered 503`. */
export function hostIn(message: string): string | undefined {
  const address = /\bhttps?:\/\/[^\s/?#"'<>]+/i.exec(message)?.[0];
  if (address === undefined || !URL.canParse(address)) return undefined;
  return new URL(address).host;
}
