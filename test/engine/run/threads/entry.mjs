/** What the threads of the tests start with: small tasks, and the engine's own half from its source. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, threadId } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { serve } = await import('../../../../src/engine/run/thread-entry.ts');

const doublesOnly = {
  parse: (value) => {
    if (typeof value.n !== 'number') throw new Error('n: expected a number');
    return { n: value.n * 2 };
  },
};

class DiskFull extends Error {
  code = 'ENOSPC';
}

const tasks = {
  echo: {
    run: (ctx) => {
      const data = Object.fromEntries(Object.entries(ctx).filter(([, value]) => typeof value !== 'function'));
      return { discovered: [JSON.stringify({ ...data, signal: ctx.signal.aborted })] };
    },
  },
  // Of builds: what is run in the process itself says so as well.
  writes: { run: (ctx) => writeFileSync(ctx.outputs.out, 'in a thread') },
  'which thread': { run: () => ({ changes: { thread: threadId } }) },
  doubled: { params: doublesOnly, run: ({ params }) => ({ changes: { n: params.n } }) },
  fails: { run: () => ({ failed: { code: 'archive-corrupt', message: 'byte 7: odd', retryAfterMs: 5 } }) },
  talks: {
    run: async (ctx) => {
      for (let at = 1; at <= 3; at++) {
        ctx.progress(at, at === 3 ? undefined : 3, 'files');
        ctx.log(`line ${at}`);
        await sleep(1);
      }
      ctx.warn('beware');
    },
  },
  'talks on': {
    run: (ctx) => {
      setTimeout(() => ctx.log('too late'), 1);
    },
  },
  throws: {
    run: () => {
      throw new TypeError('no such column', { cause: new DiskFull('the disk is full') });
    },
  },
  'fills the disk': {
    run: () => {
      throw new DiskFull('ENOSPC: no space left on device');
    },
  },
  'throws a text': {
    run: () => {
      throw 'just a text';
    },
  },
  'answers nonsense': { run: () => 7 },
  'answers a function': { run: () => ({ extra: () => 1 }) },
  'asks whether it is the last': {
    run: (ctx) => {
      const last = ctx.isLastTry({ code: 'net', message: 'no', transient: true });
      return { changes: { last: last ? 1 : 2 } };
    },
  },
  'tidies up when told to': {
    run: async (ctx) => {
      ctx.log('started');
      await sleep(60_000, undefined, { signal: ctx.signal }).catch(() => undefined);
      const { reason } = ctx.signal;
      throw new Error(`${reason.name}: ${reason.message}`);
    },
  },
  'hears nothing': {
    run: async (ctx) => {
      ctx.log('started');
      await sleep(1);
      for (;;);
    },
  },
  exits: { run: () => process.exit(3) },
  'throws astray': {
    run: async () => {
      setTimeout(() => {
        throw new Error('from a timer');
      }, 1);
      await sleep(60_000);
    },
  },
  'throws astray after its end': {
    run: () => {
      setImmediate(() => {
        throw new Error('nobody hears');
      });
    },
  },
  'waits for what never comes': { run: () => new Promise(() => undefined) },
  // Both must run at once: each waits for the other to have begun.
  'meets another': {
    run: ({ values: { meeting } }) => {
      const seats = new Int32Array(meeting);
      Atomics.add(seats, 0, 1);
      Atomics.notify(seats, 0);
      if (Atomics.load(seats, 0) < 2) Atomics.wait(seats, 0, 1, 30_000);
      return { changes: { met: Atomics.load(seats, 0) } };
    },
  },
};

serve(parentPort, async (name) => {
  if (tasks[name] === undefined) throw new Error(`there is no task "${name}"`);
  return { version: 1, ...tasks[name] };
});
