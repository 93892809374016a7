/** Which state each target of a pass is in: every change goes through `move`. Decides none of them. */
import type { Graph } from '../graph/graph.ts';

/** `awaiting`: the keys of a dynamic dimension; `waiting`: producers. */
export type State = 'awaiting' | 'waiting' | 'ready' | 'queued' | 'running' | 'settled';

export class States {
  readonly #states: (State | undefined)[] = [];

  /** Undefined: this pass has not wanted it. */
  of(index: number): State | undefined {
    return this.#states[index];
  }

  move(index: number, to: State): void {
    this.#states[index] = to;
  }

  unsettled(indices: Iterable<number>): readonly number[] {
    return [...indices].filter((index) => this.#states[index] !== 'settled');
  }

  /** Only a cycle of targets can leave some unsettled: the checks before the loop should have named it. */
  expectAllSettled(graph: Graph): void {
    const stuck = this.#states.flatMap((state, index) =>
      state === 'settled' || state === undefined ? [] : [graph.target(index).id],
    );
    if (stuck.length === 0) return;
    throw new Error(`these targets wait for each other: ${stuck.slice(0, 10).join(', ')}`);
  }
}
