/**
 * A process that wants the run lock, for `run-lock.test.ts`: `hold NAME` keeps it until it is told to let go by a
 * line on stdin, `turns N` takes it N times and notes in the folder whether it was ever alone.
 */
import { appendFileSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireRunLock } from '../../../src/engine/state/run-lock.ts';

const [folder = '', mode, what = ''] = process.argv.slice(2);

const acquire = async () => {
  const lock = await acquireRunLock({
    identity: folder,
    holder: mode === 'hold' ? what : `process ${process.pid}`,
    wait: true,
    onWaiting: (holder) => process.stdout.write(`waits for ${holder}\n`),
    signal: new AbortController().signal,
  });
  if (lock === undefined) throw new Error('a contender that waits was turned away');
  return lock;
};

if (mode === 'hold') {
  const lock = await acquire();
  process.stdout.write('holds\n');
  await new Promise((told) => process.stdin.once('data', told));
  await lock.release();
  process.stdout.write('let go\n');
  process.stdin.destroy();
} else {
  const log = join(folder, 'log');
  for (let turn = 0; turn < Number(what); turn++) {
    const lock = await acquire();
    let note = 'alone';
    try {
      mkdirSync(join(folder, 'marker'));
    } catch {
      note = 'OVERLAP';
    }
    appendFileSync(log, `${note} ${process.pid}\n`);
    await sleep(Math.random() * 4);
    if (note === 'alone') rmdirSync(join(folder, 'marker'));
    await lock.release();
  }
}
