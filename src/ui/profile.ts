/**
 * Where the time of a build went, reckoned from its runs: phases, the critical path, how far pools were used, what was
 * slow. Pure functions on what was recorded; amounts are seconds, as in the build's events. Knows no layout.
 */
import type { Ran, Step } from './profile-path.ts';
import { criticalPath } from './profile-path.ts';
import type { Phase } from './profile-runs.ts';

export interface Recorded {
  readonly phases: readonly Phase[];
  /** In the order of ends. */
  readonly ran: readonly Ran[];
  /** Of each target that ended, whose end let it go on. */
  readonly after: ReadonlyMap<string, string>;
  /** How many may run at once, by pool. */
  readonly limits: ReadonlyMap<string, number>;
  readonly poolOf: (rule: string) => string;
}

/** The JSON line of `build --json --profile` is this and its type. */
export interface Profile {
  readonly seconds: number;
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  readonly critical: {
    readonly seconds: number;
    readonly waited: number;
    readonly targets: readonly {
      readonly target: string;
      readonly outcome: string;
      readonly waited: number;
      readonly seconds: number;
    }[];
  };
  /** Those in which something ran. `utilisation`: `busy` ÷ (`limit` × all seconds of the build). */
  readonly pools: readonly {
    readonly pool: string;
    readonly limit: number;
    readonly busy: number;
    readonly utilisation: number;
    readonly peak: number;
  }[];
  readonly slowest: readonly {
    readonly target: string;
    readonly outcome: string;
    readonly queued: number;
    readonly seconds: number;
  }[];
  /** Those of which something ran, the longest first. */
  readonly rules: readonly RuleFigures[];
}

interface RuleFigures {
  readonly rule: string;
  /** Runs: one that was decided anew counts twice. */
  readonly runs: number;
  readonly seconds: number;
  readonly median: number;
  /** Downloaded; left out where nothing was. */
  readonly bytes?: number;
  /** While at least one of them downloaded; waits before another try are no part of that. */
  readonly bytesPerSecond?: number;
}

const SLOWEST = 10;

export function profileOf({ phases, ran, after, limits, poolOf }: Recorded): Profile {
  const wall = phases.at(-1)?.to ?? 0;
  const steps = criticalPath(ran, after);
  const pools = [...groupsOf(ran, ({ rule }) => poolOf(rule))];
  const rules = [...groupsOf(ran, ({ rule }) => rule)].map(([rule, runs]) => figuresOf(rule, runs));
  const slowest = [...ran].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, SLOWEST);
  return {
    seconds: inSeconds(wall),
    phases: phases.map(({ name, from, to }) => ({ phase: name, seconds: inSeconds(to - from) })),
    critical: {
      seconds: inSeconds(sumOf(steps.map((step) => step.ran))),
      waited: inSeconds(sumOf(steps.map((step) => step.waited))),
      targets: steps.map(stepShown),
    },
    pools: pools.map(([pool, runs]) => {
      const limit = limits.get(pool) ?? 1;
      const busy = sumOf(runs.map(lengthOf));
      return {
        pool,
        limit,
        busy: inSeconds(busy),
        utilisation: wall === 0 ? 0 : rounded(busy / (limit * wall)),
        // When a run ended that has to be done again nobody is told: it may seem to overlap its second one.
        peak: Math.min(limit, overlap(runs).peak),
      };
    }),
    slowest: slowest.map((run) => ({
      target: run.target,
      outcome: run.outcome,
      queued: inSeconds(run.queued),
      seconds: inSeconds(lengthOf(run)),
    })),
    rules: rules.sort((a, b) => b.seconds - a.seconds),
  };
}

function stepShown({ target, outcome, waited, ran }: Step): Profile['critical']['targets'][number] {
  return { target, outcome, waited: inSeconds(waited), seconds: inSeconds(ran) };
}

function figuresOf(rule: string, runs: readonly Ran[]): RuleFigures {
  const lengths = runs.map(lengthOf).sort((a, b) => a - b);
  const bytes = sumOf(runs.map((run) => run.bytes));
  const { covered } = overlap(runs.flatMap((run) => (run.bytes === 0 ? [] : triesOf(run))));
  return {
    rule,
    runs: runs.length,
    seconds: inSeconds(sumOf(lengths)),
    median: inSeconds(middleOf(lengths)),
    ...(bytes === 0 ? {} : { bytes }),
    ...(covered === 0 ? {} : { bytesPerSecond: Math.round((bytes / covered) * 1000) }),
  };
}

type Span = Pick<Ran, 'from' | 'to'>;

/** A run without the waits before its further tries. */
function triesOf({ from, to, retries }: Ran): readonly Span[] {
  const begins = [from, ...retries.map(({ at, waitMs }) => Math.min(to, at + waitMs))];
  const ends = [...retries.map(({ at }) => at), to];
  return begins.map((begin, index) => ({ from: begin, to: ends[index] ?? to }));
}

/** How long at least one was at it, and how many at once at most. Whoever ends at a moment makes room for who begins. */
export function overlap(spans: readonly Span[]): { covered: number; peak: number } {
  const edges = spans.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  edges.sort((a, b) => a.at - b.at || a.by - b.by);
  let [covered, peak, open, since] = [0, 0, 0, 0];
  for (const { at, by } of edges) {
    if (open > 0) covered += at - since;
    since = at;
    open += by;
    peak = Math.max(peak, open);
  }
  return { covered, peak };
}

function groupsOf(ran: readonly Ran[], keyOf: (run: Ran) => string): ReadonlyMap<string, readonly Ran[]> {
  const groups = new Map<string, Ran[]>();
  for (const run of ran) {
    const group = groups.get(keyOf(run));
    if (group === undefined) groups.set(keyOf(run), [run]);
    else group.push(run);
  }
  return groups;
}

function lengthOf({ from, to }: Ran): number {
  return to - from;
}

function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + amount, 0);
}

/** Of amounts in order. */
function middleOf(amounts: readonly number[]): number {
  const upper = amounts[amounts.length >> 1] ?? 0;
  return amounts.length % 2 === 1 ? upper : ((amounts[(amounts.length >> 1) - 1] ?? 0) + upper) / 2;
}

function inSeconds(ms: number): number {
  return rounded(ms / 1000);
}

/** To three digits, as the seconds of events are. */
function rounded(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}
