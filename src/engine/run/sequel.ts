/**
 * What follows when a try of a target fails: another one after a while, or nothing more. Decided once for each try, so
 * that a task which has asked is told what will happen. It waits for nobody and runs nothing.
 */
import type { TaskFailure } from '../task.ts';

const LONGEST_WAIT_MS = 30_000;
/** A longer timer goes off at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Bounds {
  readonly retries: number;
  readonly deadlineMs: number | undefined;
  /** Before the second try; doubled each time. */
  readonly firstWaitMs: number;
}

export type Next =
  | { readonly kind: 'again'; readonly waitMs: number }
  /** `why` is set when more tries were left, and there is no time for one. */
  | { readonly kind: 'end'; readonly why: string | undefined };

/** All that another thread needs to answer a task as this one would. */
export interface SequelFacts {
  readonly tried: number;
  readonly bounds: Bounds;
  readonly spentMs: number;
  readonly jitter: number;
}

export class Sequel {
  readonly #tried: number;
  readonly #bounds: Bounds;
  readonly #spentMs: () => number;
  /** With jitter, so that targets that failed together do not come back together. */
  readonly #jitter: number;
  #told: Next['kind'] | undefined;

  /** `tried`: the number of the try, from 1; `spentMs`: since the first one began. */
  constructor(tried: number, bounds: Bounds, spentMs: () => number, jitter = 0.5 + Math.random() / 2) {
    this.#tried = tried;
    this.#bounds = bounds;
    this.#spentMs = spentMs;
    this.#jitter = jitter;
  }

  facts(): SequelFacts {
    return {
      tried: this.#tried,
      bounds: this.#bounds,
      spentMs: this.#spentMs(),
      jitter: this.#jitter,
    };
  }

  /** `clock`: in milliseconds, from wherever. */
  static of({ tried, bounds, spentMs, jitter }: SequelFacts, clock: () => number): Sequel {
    const since = clock();
    return new Sequel(tried, bounds, () => spentMs + clock() - since, jitter);
  }

  /** For the task, before the try has ended. */
  isLast(failure: TaskFailure): boolean {
    this.#told = this.#next(failure, failure.transient === true).kind;
    return this.#told === 'end';
  }

  /** What the task was told in another thread holds here as well. */
  noteTold(last: boolean): void {
    this.#told = last ? 'end' : 'again';
  }

  /** `again`: another try may help at all. */
  after(failure: TaskFailure, again: boolean): Next {
    const next = this.#next(failure, again);
    if (this.#told === 'end') return { kind: 'end', why: next.kind === 'end' ? next.why : undefined };
    // Time has gone by since the task was told that there would be another.
    if (this.#told === 'again' && next.kind === 'end' && next.why !== undefined)
      return { kind: 'again', waitMs: this.#waitMs(failure) };
    return next;
  }

  #next(failure: TaskFailure, again: boolean): Next {
    const { retries, deadlineMs } = this.#bounds;
    if (!again || this.#tried > retries) return { kind: 'end', why: undefined };
    const waitMs = this.#waitMs(failure);
    if (deadlineMs !== undefined && this.#spentMs() + waitMs > deadlineMs) {
      const seconds = Math.round(deadlineMs / 1000);
      return { kind: 'end', why: `another try would pass the rule's deadline of ${seconds} s` };
    }
    if (waitMs > LONGEST_TIMER_MS)
      return { kind: 'end', why: 'another try may not be made for longer than a build waits' };
    return { kind: 'again', waitMs };
  }

  #waitMs({ retryAfterMs = 0 }: TaskFailure): number {
    const backOff = Math.min(LONGEST_WAIT_MS, this.#bounds.firstWaitMs * 2 ** (this.#tried - 1));
    // What is no number asks for nothing.
    return Math.round(Math.max(retryAfterMs || 0, backOff * this.#jitter));
  }
}
