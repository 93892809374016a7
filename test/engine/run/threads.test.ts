/** Tasks in threads of their own: real threads, with the tasks of threads/entry.mjs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GivenUp } from '../../../src/engine/run/module-run.ts';
import type { Bounds } from '../../../src/engine/run/sequel.ts';
import { Sequel } from '../../../src/engine/run/sequel.ts';
import type { ThreadJob } from '../../../src/engine/run/thread.ts';
import { Threads } from '../../../src/engine/run/threads.ts';
import { errorCode } from '../../../src/engine/state/files.ts';
import type { Json } from '../../../src/engine/task.ts';
import { rejection } from '../state/scratch.ts';

const ENTRY = new URL('./threads/entry.mjs', import.meta.url);
const BOUNDS: Bounds = { retries: 1, deadlineMs: undefined, firstWaitMs: 10 };
const never = new AbortController().signal;

/** Used by all tests but those that end threads. */
const threads = new Threads(ENTRY);

interface Ask {
  readonly params?: Json;
  readonly values?: Readonly<Record<string, Json>>;
  readonly signal?: AbortSignal;
  readonly sequel?: Sequel;
  /** Hears everything that the task says. */
  readonly hear?: (said: string) => void;
}

function job(task: string, ask: Ask = {}): ThreadJob {
  const { hear = () => undefined } = ask;
  return {
    task,
    order: {
      rule: 'r',
      params: ask.params ?? {},
      given: {
        target: 'r/1',
        workspace: '/w',
        inputs: { one: '/w/one', gone: undefined },
        values: ask.values ?? {},
        members: {},
        absent: {},
        failed: {},
        outputs: { out: '/w/tmp/out' },
        finalOutputs: { out: 'out' },
        expected: {},
        settings: { host: 'x' },
        partition: { keys: { day: '1' }, spans: { day: { start: 0, end: 1 } } },
        attempt: 2,
        offline: false,
        sweep: true,
      },
    },
    around: {
      signal: ask.signal ?? never,
      progress: (done, total, unit) => hear(`progress ${done}/${total} ${unit}`),
      log: (line) => hear(`log ${line}`),
      warn: (line) => hear(`warn ${line}`),
    },
    sequel: ask.sequel ?? new Sequel(1, BOUNDS, () => 0),
  };
}

async function thrownBy(task: string, ask: Ask = {}, where = threads): Promise<Error> {
  const thrown = await rejection(where.run(job(task, ask)));
  if (!(thrown instanceof Error)) throw new Error(`${String(thrown)} is no error`);
  return thrown;
}

async function threadOf(where: Threads): Promise<number | undefined> {
  const answer = await where.run(job('which thread'));
  return answer !== undefined && 'changes' in answer ? answer.changes?.['thread'] : undefined;
}

/** Of a task that says when it has begun. */
async function abortedOnceStarted(task: string, where: Threads, reason: unknown): Promise<unknown> {
  const abort = new AbortController();
  return rejection(where.run(job(task, { signal: abort.signal, hear: () => abort.abort(reason) })));
}

describe('a task in a thread', () => {
  it('is given all that is plain data, and a signal that is quiet', async () => {
    const { given, params } = job('echo', { params: { a: [1] } }).order;
    const answer = await threads.run(job('echo', { params: { a: [1] } }));
    const told: unknown = JSON.parse(
      (answer !== undefined && 'discovered' in answer ? answer.discovered?.[0] : undefined) ?? '',
    );
    expect(told).toEqual({
      ...given,
      inputs: { one: '/w/one' },
      params,
      signal: false,
    });
  });

  it('has its params parsed where it runs', async () => {
    expect(await threads.run(job('doubled', { params: { n: 21 } }))).toEqual({ changes: { n: 42 } });
    expect(await threads.run(job('doubled', { params: { n: 'x' } }))).toEqual({
      failed: {
        code: 'params-invalid',
        message: 'r/1: the task does not take these params: n: expected a number',
        hint: 'correct `params` of rule "r" in the manifest',
      },
    });
  });

  it('may fail with a value', async () => {
    expect(await threads.run(job('fails'))).toEqual({
      failed: { code: 'archive-corrupt', message: 'byte 7: odd', retryAfterMs: 5 },
    });
  });

  it('is heard in order, and before its end', async () => {
    const said: string[] = [];
    expect(await threads.run(job('talks', { hear: (each) => said.push(each) }))).toBeUndefined();
    expect(said).toEqual([
      'progress 1/3 files',
      'log line 1',
      'progress 2/3 files',
      'log line 2',
      'progress 3/undefined files',
      'log line 3',
      'warn beware',
    ]);
  });

  it('is heard no more once it has ended', async () => {
    const said: string[] = [];
    await threads.run(job('talks on', { hear: (each) => said.push(each) }));
    await threads.run(job('talks', { hear: () => undefined }));
    await sleep(20);
    await threads.run(job('which thread'));
    expect(said).toEqual([]);
  });

  it('throws with its message, its place and its causes', async () => {
    const thrown = await thrownBy('throws');
    expect(thrown.message).toBe('no such column');
    expect(thrown.name).toBe('TypeError');
    expect(thrown.stack).toMatch(/^TypeError: no such column\n.*entry\.mjs/);
    expect((thrown.cause as Error).message).toBe('the disk is full');
    expect(errorCode(thrown.cause)).toBe('ENOSPC');
  });

  it('throws with the code by which a full disk is known', async () => {
    expect(errorCode(await thrownBy('fills the disk'))).toBe('ENOSPC');
  });

  it('may throw what is no error', async () => {
    expect(await rejection(threads.run(job('throws a text')))).toBe('just a text');
  });

  it('that cannot be loaded throws as well', async () => {
    expect((await thrownBy('unheard of')).message).toBe('there is no task "unheard of"');
  });

  it('must answer with an answer, and with plain data', async () => {
    expect(await threads.run(job('answers nonsense'))).toMatchObject({ failed: { code: 'task-answer' } });
    expect((await thrownBy('answers a function')).message).toBe(
      'task "answers a function" must answer with plain data: () => 1 could not be cloned.',
    );
  });

  it('is told whether its try is the last, and that holds', async () => {
    const failure = { code: 'net', message: 'no', transient: true };
    const first = new Sequel(1, BOUNDS, () => 0);
    expect(await threads.run(job('asks whether it is the last', { sequel: first }))).toEqual({
      changes: { last: 2 },
    });
    expect(first.after(failure, true).kind).toBe('again');
    const late = new Sequel(1, { ...BOUNDS, deadlineMs: 1_000 }, () => 999);
    expect(await threads.run(job('asks whether it is the last', { sequel: late }))).toEqual({
      changes: { last: 1 },
    });
    expect(late.after(failure, true).kind).toBe('end');
    // Of another failure, which would have let another try follow.
    const told = new Sequel(1, { ...BOUNDS, retries: 0 }, () => 0);
    await threads.run(job('asks whether it is the last', { sequel: told }));
    expect(told.after(failure, true)).toEqual({ kind: 'end', why: undefined });
  });

  it('heeds its signal, and learns the reason', async () => {
    const interrupted = await abortedOnceStarted('tidies up when told to', threads, new Error('by SIGINT'));
    expect((interrupted as Error).message).toBe('Error: by SIGINT');
    const late = await abortedOnceStarted(
      'tidies up when told to',
      threads,
      new DOMException('it took too long', 'TimeoutError'),
    );
    expect((late as Error).message).toBe('TimeoutError: it took too long');
  });
});

describe('threads', () => {
  it('run several tasks at once', async () => {
    const meeting = new SharedArrayBuffer(4) as unknown as Json;
    const answers = await Promise.all([
      threads.run(job('meets another', { values: { meeting } })),
      threads.run(job('meets another', { values: { meeting } })),
    ]);
    expect(answers).toEqual([{ changes: { met: 2 } }, { changes: { met: 2 } }]);
  });

  it('are used again', async () => {
    const own = new Threads(ENTRY);
    expect(own.started).toBe(false);
    const first = await threadOf(own);
    expect(own.started).toBe(true);
    expect(await threadOf(own)).toBe(first);
  });

  it('end when nobody has needed them for a while', async () => {
    const own = new Threads(ENTRY, { idleMs: 5 });
    const first = await threadOf(own);
    while (own.started) await sleep(5);
    expect(await threadOf(own)).not.toBe(first);
  });

  it('are ended when their task heeds no signal, so that it is not still running', async () => {
    const own = new Threads(ENTRY, { graceMs: 10 });
    const first = await threadOf(own);
    const thrown = await abortedOnceStarted('hears nothing', own, new Error('enough'));
    expect(thrown).not.toBeInstanceOf(GivenUp);
    expect((thrown as Error).message).toBe('enough');
    expect(await threadOf(own)).not.toBe(first);
  });

  it('that die take down the task that they ran, and the next gets another', async () => {
    const own = new Threads(ENTRY);
    const ended = 'the thread that ran it was ended: it called `process.exit`, or waits for what never comes';
    const seen = [await threadOf(own)];
    for (const [task, message] of [
      ['exits', ended],
      ['waits for what never comes', ended],
      ['throws astray', 'the thread that ran it died: from a timer'],
    ] as const) {
      expect((await thrownBy(task, {}, own)).message).toBe(message);
      seen.push(await threadOf(own));
    }
    expect(new Set(seen).size).toBe(4);
  });

  it('that die at rest are not used again', async () => {
    const own = new Threads(ENTRY);
    expect(await own.run(job('throws astray after its end'))).toBeUndefined();
    await sleep(50);
    expect(await threadOf(own)).toBeGreaterThan(0);
  });
});
