/** Tasks that do not keep to their limits, or throw where nobody catches. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GivenUp, heedful } from '../../../src/engine/run/module-run.ts';
import { rejection } from '../state/scratch.ts';

const never = new AbortController().signal;

/** What the test runner makes of such an error is not the matter here. */
function deafen(name: 'uncaughtException' | 'unhandledRejection'): void {
  type Listener = () => void;
  const others = process.listeners(name as 'exit').filter((each) => each.name !== 'stray') as Listener[];
  for (const each of others) process.off(name, each);
  onTestFinished(() => {
    for (const each of others) process.on(name, each);
  });
}

describe('a task', () => {
  it('answers what it answers, at once or later', async () => {
    expect(await heedful(() => 1, never, false)).toBe(1);
    expect(await heedful(async () => 2, never, true)).toBe(2);
  });

  it('may throw at once or later', async () => {
    const at = (act: () => Promise<never>): Promise<unknown> => rejection(heedful(act, never, true));
    const thrown = new Error('no');
    expect(await at(() => Promise.reject(thrown))).toBe(thrown);
    expect(
      await at(() => {
        throw thrown;
      }),
    ).toBe(thrown);
  });

  it('that heeds its signal says itself how it ends', async () => {
    const abort = new AbortController();
    const ended = heedful(
      async () => {
        await sleep(20);
        return 'tidied';
      },
      abort.signal,
      false,
      10_000,
    );
    abort.abort();
    expect(await ended).toBe('tidied');
  });

  it('that does not is given up after a while, and the reason is told', async () => {
    const abort = new AbortController();
    const ended = rejection(heedful(() => new Promise(() => undefined), abort.signal, false, 10));
    const reason = new Error('enough');
    abort.abort(reason);
    const thrown = await ended;
    expect(thrown).toBeInstanceOf(GivenUp);
    expect((thrown as GivenUp).cause).toBe(reason);
  });

  it('fails of what it throws astray, and no other task does', async () => {
    deafen('uncaughtException');
    deafen('unhandledRejection');
    const timer = rejection(
      heedful(
        () => {
          setTimeout(() => {
            throw new Error('from a timer');
          }, 10);
          return new Promise(() => undefined);
        },
        never,
        true,
      ),
    );
    const promise = rejection(
      heedful(
        async () => {
          void (async () => {
            await sleep(20);
            throw new Error('in a promise');
          })();
          await sleep(10_000);
        },
        never,
        true,
      ),
    );
    const good = heedful(() => sleep(60, 'good'), never, true);
    expect([await timer, await promise, await good]).toEqual([
      new Error('from a timer'),
      new Error('in a promise'),
      'good',
    ]);
  });
});
