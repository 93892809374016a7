/** The market's own rules: going back to an earlier config runs nothing, and `gc` keeps what the last builds had. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { builtins } from '../../src/compose.ts';
import { gc } from '../../src/engine/gc/collect.ts';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Rig } from '../rig.ts';
import { FROM, fewDays, fileKey, SYMBOLS, TO } from './history.ts';
import { differences, marketRig, published, tree } from './market.ts';

let exchange: Emulator;

beforeEach(async () => {
  exchange = await startEmulator({ history: fewDays() });
});

afterEach(() => exchange.close());

async function builtOnce(): Promise<Rig> {
  const rig = marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: TO });
  expect((await rig.build()).failures).toEqual({});
  return rig;
}

async function collect(rig: Rig, keepRuns: number): Promise<readonly string[]> {
  const manifest = rig.load();
  if (typeof manifest === 'string') throw new Error(manifest);
  const result = await gc({
    workspace: rig.dir,
    manifest,
    builtins: builtins(),
    keepRuns,
    olderThanMs: undefined,
    maxBytes: undefined,
    dryRun: false,
    wait: true,
    holder: 'a test',
    onWaiting: () => undefined,
    signal: new AbortController().signal,
    now: Date.now(),
  });
  if (result.kind !== 'collected') throw new Error(result.kind);
  expect(result.collected.failures).toEqual([]);
  return result.collected.removed.map(({ kind, path }) => `${kind} ${path}`);
}

it('an earlier config is put back, byte for byte, with nothing run and nothing asked', async () => {
  const rig = await builtOnce();
  const before = published(rig.dir);
  const edit = (from: string, to: string): void =>
    rig.edit('configs/e2e.yaml', (text) => text.replace(from, to));
  edit(FROM, '2024-01-31T00:00:00Z');
  const later = await rig.build();
  expect(later.failures).toEqual({});
  expect(later.ran).toEqual(
    expect.arrayContaining([
      'bars/BTCUSDT/2024-01',
      'fill/BTCUSDT/2024-01',
      'reports',
      'sources/BTCUSDT',
      'staged/BTCUSDT/2024-01',
    ]),
  );
  exchange.clearRequests();
  edit('2024-01-31T00:00:00Z', FROM);
  const back = await rig.build();
  expect(back.ran).toEqual([]);
  expect(back.restored).toEqual(later.ran);
  expect(exchange.requests).toEqual([]);
  // The run in between stands beside the first one, and `latest` points where it did.
  const again = [...published(rig.dir)].filter(([path]) => before.has(path));
  expect(differences(new Map(again), before)).toEqual([]);
  expect((await rig.build()).ran).toEqual([]);
});

it('a replaced raw file stays while a build counts that had it, then goes with the report of that build', async () => {
  const rig = await builtOnce();
  exchange.republish(fileKey('BTCUSDT', '2024-02-02'), (rows) =>
    rows.map((row, at) => (at === 600 ? row.with(2, '99999.00000000') : row)),
  );
  await rig.build([], { refresh: true });
  const revisions = (): readonly string[] =>
    [...tree(rig.dir).keys()].filter((path) => path.includes('/revisions/') && path.endsWith('.zip'));
  expect(revisions()).toHaveLength(1);
  rig.write('data/cache/partial/x.partial', 'cut short');
  const first = await collect(rig, 2);
  expect(first).toEqual(['left data/cache/partial/x.partial']);
  expect(revisions()).toHaveLength(1);
  const gone = await collect(rig, 1);
  expect(gone.filter((each) => each.startsWith('left '))).toHaveLength(1);
  expect(gone.filter((each) => each.startsWith('orphan reports/runs/'))).not.toEqual([]);
  expect(revisions()).toEqual([]);
  expect((await rig.build()).ran).toEqual([]);
});
