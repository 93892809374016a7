import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Rig } from '../rig.ts';
import { FROM, fewDays, fileKey, SYMBOLS, TO } from './history.ts';
import type { MarketSpec } from './market.ts';
import { barsFolder, coverageOf, differences, marketRig, published, tree } from './market.ts';
import { csvIn, expectedRows, firstDifference, MINUTE, storedRows } from './rows.ts';

let exchange: Emulator;

beforeEach(async () => {
  exchange = await startEmulator({ history: fewDays() });
});

afterEach(() => exchange.close());

function spec(changes: Partial<MarketSpec> = {}): MarketSpec {
  return { exchange, symbols: SYMBOLS, from: FROM, to: TO, ...changes };
}

async function builtOnce(changes: Partial<MarketSpec> = {}): Promise<Rig> {
  const rig = marketRig(spec(changes));
  const { failures, diagnostics, ran } = await rig.build();
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
  // Of each symbol: listing, sources, 4 archives, and 2 months of staged, fill and bars; and the reports.
  expect(ran).toHaveLength(2 * (2 + 4 + 2 * 3) + 1);
  exchange.clearRequests();
  return rig;
}

async function served(symbol: string, period: string): Promise<string> {
  const answer = await fetch(`${exchange.archiveUrl}/${fileKey(symbol, period)}`);
  return csvIn(Buffer.from(await answer.arrayBuffer()));
}

const touched = (workspace: string): readonly string[] =>
  [...tree(workspace)].flatMap(([path, content]) => (typeof content === 'string' ? [] : [path]));

describe('a second build', () => {
  it('runs nothing, asks nothing of anybody and changes no file', async () => {
    const rig = await builtOnce();
    const before = tree(rig.dir);
    const again = await rig.build();
    expect(again.ran).toEqual([]);
    expect(exchange.requests).toEqual([]);
    expect(Object.values(again.outcomes).filter((outcome) => outcome !== 'fresh')).toEqual([]);
    const outside = (files: typeof before) =>
      new Map([...files].filter(([path]) => !path.startsWith('.pipeline/')));
    expect(differences(outside(tree(rig.dir)), outside(before))).toEqual([]);
  });

  it('runs nothing and asks nothing after data/cache was deleted, and makes a lost month from the raw files alone', async () => {
    const rig = await builtOnce();
    rig.remove('data/cache');
    expect((await rig.build()).ran).toEqual([]);
    const bars = `${barsFolder({ symbol: 'BTCUSDT', month: '2024-01' })}/bars.parquet`;
    const before = rig.read(bars);
    rig.remove(bars);
    await exchange.close();
    const rebuilt = await rig.build();
    expect(rebuilt.ran).toEqual(['bars/BTCUSDT/2024-01', 'fill/BTCUSDT/2024-01', 'staged/BTCUSDT/2024-01']);
    expect(rig.read(bars)).toBe(before);
    expect(exchange.requests).toEqual([]);
  });

  it('runs nothing after every file of the workspace was touched, and status says that all is fresh', async () => {
    const rig = await builtOnce();
    const paths = touched(rig.dir);
    expect(paths).toEqual(expect.arrayContaining(['pipeline.yaml', '.pipeline/journal']));
    for (const path of paths) rig.touch(path);
    expect(new Set(Object.values(await rig.states()))).toEqual(new Set(['fresh']));
    expect((await rig.build()).ran).toEqual([]);
    expect(new Set(Object.values(await rig.states()))).toEqual(new Set(['fresh']));
    expect(exchange.requests).toEqual([]);
  });

  it('asks the listings again when they are due, finds them unchanged, and runs nothing else', async () => {
    const rig = await builtOnce({ listingRefresh: '1h' });
    const later = new Date(Date.now() + 2 * 3_600_000).toISOString();
    const { ran, outcomes } = await rig.build([], { now: later });
    expect(ran).toEqual(['listing/BTCUSDT', 'listing/ETHUSDT']);
    expect(ran.map((target) => outcomes[target])).toEqual(['checked', 'checked']);
    expect(new Set(exchange.requests.map(({ path }) => path))).toEqual(new Set(['/listing']));
  });
});

describe('an edit of the config', () => {
  it('rebuilds what reads the value, and nothing where nobody does', async () => {
    const rig = await builtOnce();
    const edit = async (from: string, to: string, name = 'base'): Promise<readonly string[]> => {
      rig.edit(`configs/${name}.yaml`, (text) => text.replace(from, to));
      return (await rig.build()).ran;
    };
    expect(await edit('network: 6', 'network: 2')).toEqual([]);
    expect(await edit('user_agent: pipeline', 'user_agent: another pipeline')).toEqual([]);
    expect(await edit('max_csv_bytes: 1073741824', 'max_csv_bytes: 2147483648')).toEqual([]);
    expect(await edit('min: 0.99 }', 'min: 0.9901 }', 'quality')).toEqual(['reports']);
    expect(exchange.requests).toEqual([]);
  });

  it('that drops a symbol rebuilds the reports alone; one that adds it again runs nothing new', async () => {
    const rig = await builtOnce();
    const only = (text: string): string => text.replace(/\[\s*"BTCUSDT",\s*"ETHUSDT"\s*\]/, '["BTCUSDT"]');
    rig.edit('configs/e2e.yaml', only);
    expect((await rig.build()).ran).toEqual(['reports']);
    rig.edit('configs/e2e.yaml', (text) => text.replace('["BTCUSDT"]', '["BTCUSDT", "ETHUSDT"]'));
    const { ran, restored } = await rig.build();
    expect([ran, restored]).toEqual([[], ['reports']]);
    expect(exchange.requests).toEqual([]);
  });
});

describe('a republished daily file', () => {
  const DAY = '2024-02-02';
  const RAW = 'data/raw/binance/BTCUSDT/1m';

  it('rebuilds the targets of its month and the reports alone, and keeps the old revision', async () => {
    const rig = await builtOnce();
    const name = `${RAW}/BTCUSDT-1m-${DAY}.zip`;
    const old = tree(rig.path(RAW)).get(`BTCUSDT-1m-${DAY}.zip`);
    exchange.republish(fileKey('BTCUSDT', DAY), (rows) =>
      rows.map((row, at) => (at === 600 ? row.with(2, '99999.00000000') : row)),
    );
    const { ran, outcomes } = await rig.build([], { refresh: true });
    expect(ran.filter((target) => outcomes[target] === 'checked')).toEqual(['listing/ETHUSDT']);
    expect(ran.filter((target) => outcomes[target] === 'executed')).toEqual([
      `archive/BTCUSDT/${DAY}`,
      'bars/BTCUSDT/2024-02',
      'fill/BTCUSDT/2024-02',
      'listing/BTCUSDT',
      'reports',
      'sources/BTCUSDT',
      'staged/BTCUSDT/2024-02',
    ]);
    const zips = exchange.requests.filter(({ path }) => path.endsWith('.zip'));
    expect(zips.map(({ path }) => path)).toEqual([`/${fileKey('BTCUSDT', DAY)}`]);

    const revisions = [...tree(rig.path(`${RAW}/revisions`))];
    expect(revisions).toHaveLength(1);
    const [path, kept] = revisions[0] ?? ['', ''];
    expect(path).toMatch(/^BTCUSDT-1m-2024-02-02\.[0-9a-f]{8}\.zip$/);
    expect(kept).toEqual(old);
    expect(tree(rig.dir).get(name)).not.toEqual(old);

    const bars = await storedRows(
      rig.path(`${barsFolder({ symbol: 'BTCUSDT', month: '2024-02' })}/bars.parquet`),
    );
    expect(bars.filter(({ values }) => values[2] === 99_999).map(({ values }) => values[0])).toEqual([
      Date.parse(`${DAY}T10:00:00Z`),
    ]);
    expect((await rig.build()).ran).toEqual([]);
  });

  it('ends equal to a workspace that never saw the first revision', async () => {
    const rig = await builtOnce();
    exchange.republish(fileKey('BTCUSDT', DAY), (rows) => rows.slice(0, -30));
    await rig.build([], { refresh: true });
    expect(coverageOf(rig, 'BTCUSDT', '2024-02')).toMatchObject({
      missing: '0',
      present: '4320',
      source: 'mixed',
    });
    const clean = marketRig(spec());
    await clean.build();
    expect(differences(published(rig.dir), published(clean.dir))).toEqual([]);
  });

  it('with the same rows packed anew, no value of a bar changes', async () => {
    const rig = await builtOnce();
    const file = rig.path(`${barsFolder({ symbol: 'BTCUSDT', month: '2024-02' })}/bars.parquet`);
    const before = await storedRows(file);
    exchange.republish(fileKey('BTCUSDT', DAY));
    const { ran } = await rig.build([], { refresh: true });
    expect(ran).toContain(`archive/BTCUSDT/${DAY}`);
    expect(firstDifference(await storedRows(file), before)).toBeUndefined();
  });
});

describe('a month whose monthly file is late', () => {
  it('is served by dailies as provisional, and becomes final when the file comes: that month alone', async () => {
    await exchange.close();
    exchange = await startEmulator({
      history: fewDays({ lateMonths: [{ month: '2024-01', symbols: ['ETHUSDT'] }] }),
    });
    const rig = marketRig(spec());
    const first = await rig.build();
    expect(first.failures).toEqual({});
    expect(first.ran).toEqual(
      expect.arrayContaining(['archive/ETHUSDT/2024-01-30', 'archive/ETHUSDT/2024-01-31']),
    );
    const folder = barsFolder({ symbol: 'ETHUSDT', month: '2024-01' });
    const daily = ['2024-01-30', '2024-01-31'].map((day) => served('ETHUSDT', day));
    const provisional = (await Promise.all(daily)).flatMap((csv) =>
      expectedRows(csv, { interval: MINUTE, source: 'daily', provisional: true }),
    );
    expect(
      firstDifference(await storedRows(rig.path(`${folder}/bars.parquet`)), provisional),
    ).toBeUndefined();
    expect(provisional.every(({ flags }) => (flags & 8) !== 0)).toBe(true);
    expect(rig.json(`${folder}/summary.json`)).toMatchObject({
      provisional: 2880,
      sources: { monthly: 0, daily: 2880, rest: 0 },
    });
    expect(coverageOf(rig, 'ETHUSDT', '2024-01')).toMatchObject({ source: 'daily', status: 'ok' });
    expect(coverageOf(rig, 'BTCUSDT', '2024-01')).toMatchObject({ source: 'monthly', status: 'ok' });

    exchange.publish(fileKey('ETHUSDT', '2024-01'));
    const { ran, outcomes } = await rig.build([], { refresh: true });
    expect(ran.filter((target) => outcomes[target] === 'executed')).toEqual([
      'archive/ETHUSDT/2024-01',
      'bars/ETHUSDT/2024-01',
      'fill/ETHUSDT/2024-01',
      'listing/ETHUSDT',
      'reports',
      'sources/ETHUSDT',
      'staged/ETHUSDT/2024-01',
    ]);
    const final = provisional.map((row) => ({ ...row, source: 'monthly', flags: row.flags & ~8 }));
    expect(firstDifference(await storedRows(rig.path(`${folder}/bars.parquet`)), final)).toBeUndefined();
    expect(coverageOf(rig, 'ETHUSDT', '2024-01')).toMatchObject({ source: 'monthly', status: 'ok' });
    const clean = marketRig(spec());
    await clean.build();
    expect(differences(published(rig.dir), published(clean.dir))).toEqual([]);
  });
});
