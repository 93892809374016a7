/** Stages one real day in a process of its own and prints the digests of what came out. Started by a test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File } from '../../../src/engine/task.ts';
import normalize from '../../../tasks/bars/normalize.ts';
import { realFile } from '../../realdata.ts';
import { dayOf, member } from './real.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipeline-once-'));
const outputs = { bars: join(folder, 'bars.parquet'), gaps: join(folder, 'gaps.json') };
await normalize.run({
  target: 'staged/BTCUSDT/2020-01',
  workspace: folder,
  inputs: {},
  values: { plan: { served: 'daily', provisional: true } },
  members: { zips: [member(realFile('spot/daily/BTCUSDT-1m-2020-01-01.zip'))] },
  absent: {},
  failed: {},
  outputs,
  finalOutputs: {},
  expected: {},
  params: { market: 'spot', symbol: 'BTCUSDT', interval: '1m' },
  settings: {},
  partition: { keys: { symbol: 'BTCUSDT', month: '2020-01' }, spans: { month: dayOf('2020-01-01') } },
  signal: new AbortController().signal,
  progress: () => {},
  attempt: 1,
  isLastTry: () => true,
  offline: false,
  sweep: true,
  warn: () => undefined,
  log: () => {},
});
process.stdout.write(`${await sha256File(outputs.bars)} ${await sha256File(outputs.gaps)}\n`);
rmSync(folder, { recursive: true });
