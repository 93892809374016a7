/**
 * Which runs go to a thread of their own: tasks that compute, in the pool for that, once enough of them wait to earn
 * back what threads cost. It starts nothing itself.
 */
import { DEFAULT_POOL } from '../manifest/rule.ts';
import type { RunPlan } from './decide.ts';
import type { Session } from './session.ts';
import type { Threads } from './threads.ts';

/**
 * Two threads save half of the work that waits, and cost 0.03 s each to start and both some 0.3 s to load what tasks
 * import (measured with DuckDB): four months of 1m bars, or more targets of the other rules, are done as soon without.
 * How long they took the last time says little: it was as long as the machine was busy.
 */
const MANY = 10;

export class Apart {
  readonly #session: Session;
  /** Targets with such a task that wait or run. */
  readonly #known = new Set<number>();

  constructor(session: Session) {
    this.#session = session;
  }

  expect(plan: RunPlan): void {
    if (this.#able(plan) !== undefined) this.#known.add(plan.target.index);
  }

  over({ target }: RunPlan): void {
    this.#known.delete(target.index);
  }

  /** Undefined: it is run in the thread of the loop. */
  threadsFor(plan: RunPlan): Threads | undefined {
    const threads = this.#able(plan);
    return threads?.started || this.#known.size >= MANY ? threads : undefined;
  }

  /** With room for one there is nothing to run it beside. */
  #able({ target: { rule } }: RunPlan): Threads | undefined {
    const { graph, code } = this.#session;
    if (rule.pool !== DEFAULT_POOL || (graph.manifest.pools.get(DEFAULT_POOL) ?? 1) < 2) return undefined;
    return code.threads(rule.action);
  }
}
