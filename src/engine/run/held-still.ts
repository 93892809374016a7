/**
 * Whether inputs held still while a target ran. Digests alone would not tell of one that was changed and changed back:
 * the outputs are then of what stood there in between. Knows no outputs and no records.
 */
import type { Stamp, Ways } from '../state/stamps.ts';
import { haveMoved, stampsOf } from '../state/stamps.ts';
import type { RunPlan } from './decide.ts';
import { unstable } from './finished.ts';
import type { RunResult } from './runner.ts';
import type { Session } from './session.ts';

/** By path. */
export type Stamped = ReadonlyMap<string, readonly Stamp[]>;

/** To be noted right before the task is started. */
export function stampInputs({ memo, keyed }: Session, { gathered: { inputs } }: RunPlan): Stamped {
  const ways: Ways = new Map();
  const paths = inputs.flatMap(({ items }) => items.map(({ path }) => path));
  return new Map(
    paths.flatMap((path) => (keyed.isPinned(path) ? [] : [[path, stampsOf(memo.absolute(path), ways)]])),
  );
}

/** Which inputs are not what they were, or were something else in between. */
export function movedInputs(
  { memo, keyed }: Session,
  { gathered: { inputs } }: RunPlan,
  stamped: Stamped,
): readonly string[] {
  const ways: Ways = new Map();
  const items = inputs.flatMap((input) => input.items).filter(({ path }) => !keyed.isPinned(path));
  return items.flatMap(({ path, digest }) => {
    const held =
      memo.digest(path) === digest &&
      !haveMoved(stamped.get(path) ?? [], stampsOf(memo.absolute(path), ways));
    return held ? [] : [path];
  });
}

/** How often a target may run anew because its inputs moved under it: as often as the loop decides one anew. */
const MOST_AGAIN = 5;
const SHOWN = 3;

/** Counts how often targets had to run anew, and ends that for those whose inputs never come to rest. */
export class Restless {
  readonly #times = new Map<number, number>();

  /** `moved`: what moved under this run. */
  again(plan: RunPlan, moved: readonly string[]): RunResult {
    const { index } = plan.target;
    const times = (this.#times.get(index) ?? 0) + 1;
    this.#times.set(index, times);
    if (times <= MOST_AGAIN) return { kind: 'again' };
    const settled = unstable(plan, times);
    if (settled.state !== 'failed') return { kind: 'again' };
    const { failure } = settled;
    const message = `${failure.message}: ${namesOf([...new Set(moved)])}`;
    return {
      kind: 'settled',
      settled: { ...settled, failure: { ...failure, message } },
      outcome: 'failed',
    };
  }
}

function namesOf(paths: readonly string[]): string {
  const rest = paths.length - SHOWN;
  return `${paths.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
