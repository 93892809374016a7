/**
 * One long-lived thread, as the loop sees it: it is given a task, is heard, and may be asked to end. A thread that dies
 * takes the task with it that it ran, and nothing else. Knows no pool and no targets.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { TaskResult } from '../task.ts';
import { GivenUp, GRACE_MS } from './module-run.ts';
import type { Sequel } from './sequel.ts';
import type { Around, TaskOrder } from './task-run.ts';
import type { Ended, FromThread, Said, ToThread } from './thread-messages.ts';
import { thrownFacts, thrownFrom } from './thread-messages.ts';

const EARLY = 'it called `process.exit`, or waits for what never comes';

/** JavaScript ends at once; an SQL query that nobody broke off held its thread until it was done (found by trying). */
const MOST_TO_END_MS = 5_000;

export interface ThreadJob {
  /** As the registry names it. */
  readonly task: string;
  readonly order: TaskOrder;
  readonly around: Omit<Around, 'isLastTry'>;
  readonly sequel: Sequel;
}

interface Running {
  readonly hear: (said: Said) => void;
  readonly end: (ended: Ended) => void;
  readonly fail: (thrown: unknown) => void;
}

export class Thread {
  readonly #worker: Worker;
  readonly #graceMs: number;
  #job = 0;
  #running: Running | undefined;
  /** Why it has ended, where that is known before it has. */
  #why: unknown;
  #alive = true;

  /** `entry`: a module that serves. `graceMs`: how long a task may take to end once its signal says so. */
  constructor(entry: URL, graceMs = GRACE_MS) {
    this.#graceMs = graceMs;
    this.#worker = new Worker(entry);
    this.#worker.unref();
    this.#worker.on('message', ({ job, said }: FromThread) => {
      if (job === this.#job) this.#hear(said);
    });
    // What nobody in it has caught, an end for want of memory among that. `exit` follows.
    this.#worker.on('error', (cause) => {
      this.#alive = false;
      const what = cause instanceof Error ? cause.message : String(cause);
      this.#why = new Error(`the thread that ran it died: ${what}`, { cause });
    });
    this.#worker.on('exit', () => {
      this.#alive = false;
      this.#running?.fail(this.#why ?? new Error(`the thread that ran it was ended: ${EARLY}`));
    });
  }

  /** Whether another task may be given to it. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Keeps the process waiting as long as the task runs, and no longer. */
  async run({ task, order, around, sequel }: ThreadJob): Promise<TaskResult> {
    const { signal } = around;
    const job = ++this.#job;
    let onAbort: (() => void) | undefined;
    this.#worker.ref();
    try {
      return await new Promise<TaskResult>((resolve, reject) => {
        this.#running = {
          hear: (said) => tell(said, around, sequel),
          end: (ended) =>
            ended.kind === 'answered' ? resolve(ended.result) : reject(thrownFrom(ended.thrown)),
          fail: reject,
        };
        onAbort = () => {
          this.#post({ kind: 'abort', job, reason: thrownFacts(signal.reason) });
          void this.#endAfterGrace(job, signal.reason);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        this.#post({ kind: 'run', job, task, order, sequel: sequel.facts() });
      });
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
      this.#running = undefined;
      this.#worker.unref();
    }
  }

  /** Between tasks. */
  end(): void {
    this.#alive = false;
    void this.#worker.terminate();
  }

  #hear(said: Said | Ended): void {
    if (said.kind === 'answered' || said.kind === 'threw') this.#running?.end(said);
    else this.#running?.hear(said);
  }

  /** JavaScript can be ended at any point. What runs outside of it, such as a query, holds its thread until it is done. */
  async #endAfterGrace(job: number, reason: unknown): Promise<void> {
    const over = (): boolean => this.#running === undefined || this.#job !== job;
    await sleep(this.#graceMs, undefined, { ref: false });
    if (over()) return;
    this.#why = reason;
    this.end();
    await sleep(MOST_TO_END_MS, undefined, { ref: false });
    if (!over()) this.#running?.fail(new GivenUp('it did not end', { cause: reason }));
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }
}

function tell(said: Said, { progress, log, warn }: ThreadJob['around'], sequel: Sequel): void {
  switch (said.kind) {
    case 'progress':
      progress(said.done, said.total, said.unit);
      return;
    case 'log':
      log(said.line);
      return;
    case 'warn':
      warn(said.line);
      return;
    case 'told':
      sequel.noteTold(said.last);
  }
}
