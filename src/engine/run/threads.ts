/**
 * Long-lived threads that run tasks which compute, several side by side: started when they are needed, used again, and
 * ended when nobody has needed them for a while. Nothing waits here: who asks has found room in a pool. Knows no targets.
 */
import type { TaskResult } from '../task.ts';
import type { ThreadJob } from './thread.ts';
import { Thread } from './thread.ts';

/** A watch builds many times in one process, with hours in between: memory is not held for so long. */
const IDLE_MS = 30_000;

interface Resting {
  readonly thread: Thread;
  readonly timer: NodeJS.Timeout;
}

export class Threads {
  readonly #start: () => Thread;
  readonly #idleMs: number;
  /** The one that rested last is the one that is used first, so that those too many come to their end. */
  readonly #resting: Resting[] = [];
  #busy = 0;

  /** `entry`: the module that a thread runs, see thread-entry.ts. The times are for tests. */
  constructor(entry: URL, { graceMs, idleMs = IDLE_MS }: { graceMs?: number; idleMs?: number } = {}) {
    this.#start = () => new Thread(entry, graceMs);
    this.#idleMs = idleMs;
  }

  /** Whether there is any: to use it costs nothing more. */
  get started(): boolean {
    return this.#busy + this.#resting.length > 0;
  }

  async run(job: ThreadJob): Promise<TaskResult> {
    const thread = this.#rested() ?? this.#start();
    this.#busy++;
    try {
      return await thread.run(job);
    } finally {
      this.#busy--;
      if (thread.alive) this.#rest(thread);
    }
  }

  /** One may have died at rest: what a task threw astray after its end is nobody's any more. */
  #rested(): Thread | undefined {
    for (;;) {
      const resting = this.#resting.pop();
      if (resting === undefined) return undefined;
      clearTimeout(resting.timer);
      if (resting.thread.alive) return resting.thread;
    }
  }

  #rest(thread: Thread): void {
    const resting: Resting = {
      thread,
      timer: setTimeout(() => {
        this.#resting.splice(this.#resting.indexOf(resting), 1);
        thread.end();
      }, this.#idleMs).unref(),
    };
    this.#resting.push(resting);
  }
}
