/**
 * Runs what a task module answers with, and holds it to the limits of its target: one that does not heed its signal is
 * given up, and what it throws astray (from a timer, in a promise that nobody awaits) is its own failure and not the end
 * of the process. Knows neither outputs nor records.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** How long a task may take to end once its signal says so. */
export const GRACE_MS = 5_000;

/** The task went on when its time was over: whatever it still does, nobody waits for it. */
export class GivenUp extends Error {}

type Fail = (thrown: unknown) => void;

const running = new AsyncLocalStorage<Fail>();
let hears = false;

/**
 * `graceMs` is for tests. `guarded`: what is thrown astray is looked for, which makes awaiting dearer: for modules of the
 * workspace, not for tasks that ship with this program.
 */
export async function heedful<T>(
  act: () => Promise<T> | T,
  signal: AbortSignal,
  guarded: boolean,
  graceMs = GRACE_MS,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      timer = setTimeout(() => reject(new GivenUp('it did not end', { cause: signal.reason })), graceMs);
    };
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const start = async (): Promise<T> => act();
    signal.addEventListener('abort', onAbort, { once: true });
    const fail: Fail = (thrown) => {
      over();
      reject(thrown);
    };
    const promise = guarded ? withStrays(fail, start) : start();
    promise.finally(over).then(resolve, reject);
  });
}

function withStrays<T>(fail: Fail, start: () => Promise<T>): Promise<T> {
  if (!hears) {
    hears = true;
    process.on('uncaughtException', stray);
    process.on('unhandledRejection', stray);
  }
  return running.run(fail, start);
}

function stray(thrown: unknown): void {
  const fail = running.getStore();
  if (fail === undefined) throw thrown;
  fail(thrown);
}
