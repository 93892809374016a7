/**
 * When each target ran and what the build did meanwhile, read off its events: what a trace and a profile are made of.
 * Keeps only what runs at the moment. Pure but for the clock it is given.
 */
import type { BuildEvent, Outcome, Reason, Waited } from '../engine/events.ts';
import { BYTES } from './transfer.ts';

export interface Run {
  readonly target: string;
  readonly rule: string;
  /** `again`: its inputs changed meanwhile, and it was decided anew. */
  readonly outcome: Outcome | 'again' | 'interrupted';
  /** Milliseconds from the start of the build. */
  readonly from: number;
  readonly to: number;
  readonly reasons: readonly Reason[];
  /** Downloaded, by all of its tries together. */
  readonly bytes: number;
  readonly retries: readonly Retry[];
  /** Not of one that has not ended. */
  readonly waited: Waited | undefined;
}

export interface Retry {
  /** Milliseconds from the start of the build. */
  readonly at: number;
  readonly attempt: number;
  readonly message: string;
  readonly waitMs: number;
}

export interface Phase {
  readonly name: string;
  /** Milliseconds from the start of the build. */
  readonly from: number;
  readonly to: number;
}

export interface RunClock {
  /** Milliseconds from the start of the build. */
  readonly now: () => number;
  /** When the manifest had been loaded. */
  readonly loaded: number;
}

export interface Runs {
  apply(event: BuildEvent): void;
  /** The build is over: what still runs was interrupted. Returns how its time went by, without gaps. */
  end(): readonly Phase[];
}

interface Running {
  readonly rule: string;
  readonly from: number;
  readonly reasons: readonly Reason[];
  readonly retries: Retry[];
  bytes: number;
  /** Of this try, as it was last told. */
  done: number;
}

type Finished = Extract<BuildEvent, { type: 'target-finished' }>;

/** `tell` hears of each run when it ends, so in the order of ends. */
export function followRuns({ now, loaded }: RunClock, tell: (run: Run) => void): Runs {
  const running = new Map<string, Running>();
  const marks: Marks = { loaded, began: undefined, planned: undefined, first: undefined, last: undefined };

  function over(target: string, one: Running, outcome: Run['outcome'], waited?: Waited): void {
    running.delete(target);
    const to = now();
    const { rule, from, reasons, bytes, retries } = one;
    marks.first = Math.min(marks.first ?? from, from);
    marks.last = to;
    tell({ target, rule, outcome, from, to, reasons, bytes, retries, waited });
  }

  function finished({ target, rule, outcome, reasons, seconds, waited }: Finished): void {
    const one = running.get(target);
    if (one !== undefined) over(target, one, outcome, waited);
    // Nobody was told that it began: what is put back ends at once, or is built after all.
    else if (outcome === 'restored') {
      const from = Math.max(0, now() - seconds * 1000);
      over(target, { rule, from, reasons, retries: [], bytes: 0, done: 0 }, outcome, waited);
    } else if (marks.first === undefined) marks.decided = now();
  }

  return {
    apply: (event) => {
      switch (event.type) {
        case 'build-started':
          marks.began = now();
          return;
        case 'targets-planned':
          marks.planned ??= now();
          return;
        case 'target-started': {
          const { target, rule, reasons } = event;
          const before = running.get(target);
          if (before !== undefined) over(target, before, 'again');
          const from = now();
          marks.first ??= from;
          running.set(target, { rule, from, reasons, retries: [], bytes: 0, done: 0 });
          return;
        }
        case 'target-progress': {
          const one = running.get(event.target);
          if (one === undefined || event.unit !== BYTES) return;
          // A try that begins anew counts from nothing, and the bytes of the one before came all the same.
          one.bytes += event.done >= one.done ? event.done - one.done : event.done;
          one.done = event.done;
          return;
        }
        case 'target-retry': {
          const { target, attempt, message, waitMs } = event;
          running.get(target)?.retries.push({ at: now(), attempt, message, waitMs });
          return;
        }
        case 'target-finished':
          finished(event);
          return;
        case 'warning':
        case 'lock-waiting':
        case 'target-log':
        case 'target-warning':
        case 'build-finished':
          return;
      }
    },
    end: () => {
      for (const [target, one] of running) over(target, one, 'interrupted');
      return phasesOf(marks, now());
    },
  };
}

/** Milliseconds from the start of the build; undefined: it did not come that far. */
interface Marks {
  readonly loaded: number;
  began: number | undefined;
  planned: number | undefined;
  /** When the last target ended, where none ran. */
  decided?: number;
  /** When the first of those that ran began, and the last one ended. */
  first: number | undefined;
  last: number | undefined;
}

/** One after the other from 0 to the end: each until the next mark that was reached. */
function phasesOf({ loaded, began, planned, decided, first, last }: Marks, end: number): readonly Phase[] {
  const begins: readonly (readonly [name: string, at: number | undefined])[] = [
    ['load the manifest', 0],
    ['open the state', loaded],
    ['identify code', began],
    ['decide what to run', planned],
    ['run targets', first],
    ['close', last ?? decided],
  ];
  const reached: { name: string; from: number }[] = [];
  for (const [name, at] of begins) {
    // When what was put back had begun is known to a millisecond only: it may seem earlier than it can have been.
    if (at !== undefined) reached.push({ name, from: Math.max(at, reached.at(-1)?.from ?? 0) });
  }
  return reached.map(({ name, from }, at) => ({
    name,
    from,
    to: reached[at + 1]?.from ?? Math.max(from, end),
  }));
}
