/**
 * What all requests of this process to one REST interface share, whichever targets they are for: the limiter of their
 * weight, and the one question for the exchange's time that goes before all others. It sends nothing itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskFailure } from '../../../src/engine/task.ts';
import type { WeightLimits } from './limiter.ts';
import { Limiter } from './limiter.ts';

const timer = {
  now: () => performance.now(),
  after(ms: number, call: () => void): () => void {
    const handle = setTimeout(call, ms);
    return () => clearTimeout(handle);
  },
};

export class Gate {
  readonly timer = timer;
  readonly limiter: Limiter;
  #learning: Promise<TaskFailure | undefined> | undefined;

  constructor(limits: WeightLimits) {
    this.limiter = new Limiter(limits, timer);
  }

  /** Asks for the time by `ask`, unless somebody is asking already: then what comes of that counts. */
  async learn(
    signal: AbortSignal,
    ask: () => Promise<TaskFailure | undefined>,
  ): Promise<TaskFailure | undefined> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#learning === undefined) {
        this.#learning = ask().finally(() => {
          this.#learning = undefined;
        });
        return await this.#learning;
      }
      try {
        return await unlessAborted(this.#learning, signal);
      } catch {
        // It was the one who asked that was aborted, or we: the loop tells.
      }
    }
  }

  /** Rejects with the signal's reason at once when it is aborted. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

const gates = new Map<string, Gate>();

/** By base address: each market's interface counts by itself. The limits are those of the last who asked. */
export function gateOf(base: string, { limit, share }: WeightLimits): Gate {
  const known = gates.get(base);
  known?.limiter.heed({ limit, share });
  const gate = known ?? new Gate({ limit, share });
  gates.set(base, gate);
  return gate;
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
