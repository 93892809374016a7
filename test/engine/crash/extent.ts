/**
 * How much of what takes long is tried: all of it in `npm run test:deep`, else a part that is drawn anew each time. And
 * where: in memory, if there is room for it, since nothing here hangs on how long a disk takes to flush.
 */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Draw } from '../../../tasks/binance/emulator/prng.ts';
import { drawsOf } from '../../../tasks/binance/emulator/prng.ts';

export const DEEP = process.env['PIPELINE_DEEP'] === '1';

/** Set `CRASH_SEED` to the number in a failed test's name to have the same part again. */
export const SEED = process.env['CRASH_SEED'] ?? String(randomInt(1_000_000));

/** Where workspaces usually are. */
export const DISK = tmpdir();

/** From now on workspaces of this test file are made in memory. */
export function workInMemory(): void {
  if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';
}

export function draws(what: string): Draw {
  return drawsOf(`${what} ${SEED}`);
}

/** Each number from 1 to `last`, or one of every so many in a row. */
export function sampled(last: number, oneOf: number, what: string): readonly number[] {
  const all = Array.from({ length: last }, (_, at) => at + 1);
  if (DEEP) return all;
  const draw = draws(what);
  return all.filter((at) => (at - 1) % oneOf === 0).map((at) => at + draw(Math.min(oneOf, last - at + 1)));
}

/** Two at a time: a process that starts or waits for the disk leaves the machine to another. */
export async function inPairs<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const work = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item);
  };
  await Promise.all([work(), work()]);
}
