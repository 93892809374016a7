import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunLock } from '../../../src/engine/state/run-lock.ts';
import { acquireRunLock } from '../../../src/engine/state/run-lock.ts';
import { rejection, scratch } from './scratch.ts';

interface Ask {
  readonly holder?: string;
  readonly wait?: boolean;
  readonly signal?: AbortSignal;
  readonly told?: string[];
  /** Called with what each holder says of itself. */
  readonly onWaiting?: (holder: string) => void;
}

function acquire(identity: string, ask: Ask = {}): Promise<RunLock | undefined> {
  return acquireRunLock({
    identity,
    holder: ask.holder ?? 'a test',
    wait: ask.wait ?? true,
    signal: ask.signal ?? new AbortController().signal,
    onWaiting: (holder) => {
      ask.told?.push(holder);
      ask.onWaiting?.(holder);
    },
  });
}

interface Contender {
  readonly child: ChildProcess;
  /** Resolves when the line was said, at whatever time. */
  said(line: string): Promise<void>;
}

function contender(folder: string, mode: 'hold' | 'turns', what: string): Contender {
  const script = fileURLToPath(new URL('contender.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, mode, what], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const listener of listeners) listener();
  });
  return {
    child,
    said: (line) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.includes(line)) resolve();
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Resolves when the second asker has been told of the first. */
function secondAsker(
  identity: string,
  ask: Ask = {},
): { lock: Promise<RunLock | undefined>; waiting: Promise<string> } {
  let told: (holder: string) => void = () => undefined;
  const waiting = new Promise<string>((resolve) => {
    told = resolve;
  });
  return { lock: acquire(identity, { ...ask, onWaiting: told }), waiting };
}

describe('the run lock', () => {
  it('is had at once when nobody holds it, and again after it was let go', async () => {
    const folder = scratch();
    for (let time = 0; time < 3; time++) {
      const told: string[] = [];
      const lock = await acquire(folder, { told });
      expect(told).toEqual([]);
      await lock?.release();
    }
  });

  it('of another workspace is another lock', async () => {
    const locks = await Promise.all([acquire(scratch()), acquire(scratch())]);
    await Promise.all(locks.map((lock) => lock?.release()));
    expect(locks.every((lock) => lock !== undefined)).toBe(true);
  });

  it('tells who waits for whom, and goes over when the holder lets go', async () => {
    const folder = scratch();
    const first = await acquire(folder, { holder: 'process 7, build bars é😀' });
    const second = secondAsker(folder);
    expect(await second.waiting).toBe('process 7, build bars é😀');
    await first?.release();
    const lock = await second.lock;
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it('turns away who would not wait, and says whose it is', async () => {
    const folder = scratch();
    const first = await acquire(folder, { holder: 'process 7' });
    const told: string[] = [];
    expect(await acquire(folder, { wait: false, told })).toBeUndefined();
    expect(told).toEqual(['process 7']);
    await first?.release();
  });

  it('turns away nobody when it is free', async () => {
    const lock = await acquire(scratch(), { wait: false });
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it('lets go of who stops waiting, for the reason given', async () => {
    const folder = scratch();
    const first = await acquire(folder);
    const abort = new AbortController();
    const second = secondAsker(folder, { signal: abort.signal });
    await second.waiting;
    const reason = new Error('interrupted');
    abort.abort(reason);
    expect(await rejection(second.lock)).toBe(reason);
    await first?.release();
  });

  it('is not asked for by who was stopped before', async () => {
    const reason = new Error('interrupted');
    expect(await rejection(acquire(scratch(), { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  it('lets go of who is stopped at any moment of asking', async () => {
    const folder = scratch();
    const first = await acquire(folder);
    const reason = new Error('interrupted');
    for (let turns = 0; turns < 30; turns++) {
      const abort = new AbortController();
      const second = acquire(folder, { signal: abort.signal });
      const ended = rejection(second);
      for (let turn = 0; turn < turns; turn++) await (turn % 2 === 0 ? undefined : immediate());
      abort.abort(reason);
      expect(await ended).toBe(reason);
    }
    await first?.release();
  });

  it('can be had by one of many in one process at a time', async () => {
    const folder = scratch();
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const lock = await acquire(folder);
        most = Math.max(most, ++inside);
        await immediate();
        inside--;
        await lock?.release();
      }),
    );
    expect(most).toBe(1);
  });
});

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('among processes', () => {
  it('goes over when the holder lets go', async () => {
    const folder = scratch();
    const holder = contender(folder, 'hold', 'the other process');
    await holder.said('holds');
    const second = secondAsker(folder);
    expect(await second.waiting).toBe('the other process');
    holder.child.stdin?.write('\n');
    const lock = await second.lock;
    expect(lock).toBeDefined();
    await lock?.release();
    await holder.said('let go');
  });

  it('goes over when the holder is killed, and nobody need delete anything', async () => {
    const folder = scratch();
    const holder = contender(folder, 'hold', 'the other process');
    await holder.said('holds');
    const second = secondAsker(folder);
    expect(await second.waiting).toBe('the other process');
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    const lock = await second.lock;
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it('turns away who would not wait even when the holder is stopped and cannot answer', async () => {
    const folder = scratch();
    const holder = contender(folder, 'hold', 'the other process');
    await holder.said('holds');
    holder.child.kill('SIGSTOP');
    const told: string[] = [];
    expect(await acquire(folder, { wait: false, told })).toBeUndefined();
    expect(told).toEqual(['a process that does not answer']);
    holder.child.kill('SIGCONT');
  });

  it('has one holder at any time, however many want it', async () => {
    const folder = scratch();
    const many = Array.from({ length: 8 }, () => contender(folder, 'turns', '12'));
    const codes = await Promise.all(many.map(async ({ child }) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual(many.map(() => 0));
    const turns = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n');
    expect(turns.length).toBe(8 * 12);
    expect(turns.filter((turn) => !turn.startsWith('alone '))).toEqual([]);
    // They did contend: the turns of one are not all in a row.
    const changes = turns.filter((turn, at) => at > 0 && turn !== turns[at - 1]);
    expect(changes.length).toBeGreaterThanOrEqual(7);
  });
});
