/**
 * Which targets of a build are listed one by one, and in which order. The first build of a large graph runs them
 * all: what is kept here is bounded, but for the names of the others, which the graph holds anyway.
 */
import type { BuildEvent, Reason } from '../events.ts';
import { byCodeUnit } from '../json.ts';
import type { TargetRun } from '../state/run-record.ts';
import { changesOf } from './rule-tally.ts';
import { cut, MESSAGE, TEXT } from './sizes.ts';

type Ended = Extract<BuildEvent, { type: 'target-finished' }>;
type Named = Pick<Ended, 'rule' | 'target'>;

const LISTED = 500;
const REASONS = 3;

export class ListedTargets {
  /** By what matters most: failures, changes in the data, other work, what was asked and found as it was. */
  readonly #ranked: readonly Ended[][] = [[], [], [], []];
  /** By rule, what is not listed. */
  readonly #others = new Map<string, string[]>();
  /** How many there are to list, listed or not. */
  count = 0;

  add(event: Ended): void {
    this.count++;
    const rank = this.#ranked[rankOf(event)];
    if (rank !== undefined && rank.length < LISTED) rank.push(event);
    else this.pass(event);
  }

  pass({ rule, target }: Named): void {
    const others = this.#others.get(rule);
    if (others === undefined) this.#others.set(rule, [target]);
    else others.push(target);
  }

  /** Rules as declared, partitions in code-unit order, which for stretches of time is that of time. */
  inOrder(declared: readonly string[]): TargetRun[] {
    const all = this.#ranked.flat();
    for (const event of all.slice(LISTED)) this.pass(event);
    const chosen = all.slice(0, LISTED);
    return declared.flatMap((rule) => {
      const events = chosen.filter((event) => event.rule === rule);
      events.sort((a, b) => byCodeUnit(a.target, b.target));
      const names = events.map(({ target }) => target);
      const apart = placesOf(this.#others.get(rule) ?? [], names);
      return events.map((event, at) => targetRun(event, apart.has(at)));
    });
  }
}

function rankOf(event: Ended): number {
  if (event.outcome === 'failed') return 0;
  if (changesOf(event).length > 0) return 1;
  return event.outcome === 'checked' ? 3 : 2;
}

function targetRun(event: Ended, apart: boolean): TargetRun {
  const { target, outcome, seconds, reasons, failure } = event;
  const changes = changesOf(event);
  return {
    target,
    outcome,
    seconds,
    reasons: reasons.slice(0, REASONS).map(shortened),
    moreReasons: Math.max(0, reasons.length - REASONS),
    ...(changes.length === 0 ? {} : { changes: Object.fromEntries(changes) }),
    ...(failure === undefined
      ? {}
      : { failure: { code: cut(failure.code, TEXT), message: cut(failure.message, MESSAGE) } }),
    ...(apart ? { apart } : {}),
  };
}

function shortened({ kind, name, was, is }: Reason): Reason {
  return {
    kind,
    name: cut(name, TEXT),
    ...(was === undefined ? {} : { was: cut(was, TEXT) }),
    ...(is === undefined ? {} : { is: cut(is, TEXT) }),
  };
}

/**
 * The places in a sorted list before which one of the others belongs. What lies between two names in code-unit order
 * shares their beginning: between two months of a symbol lie months of that symbol alone.
 */
function placesOf(others: readonly string[], sorted: readonly string[]): ReadonlySet<number> {
  const places = new Set<number>();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || first === last) return places;
  for (const other of others) {
    // Most lie outside: what ran is mostly the newest.
    if (other < first || other > last) continue;
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? '') < other) low = middle + 1;
      else high = middle;
    }
    places.add(low);
  }
  return places;
}
