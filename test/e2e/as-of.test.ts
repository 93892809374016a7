import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Rig } from '../rig.ts';
import { FROM, fewDays, SYMBOLS } from './history.ts';
import type { MarketSpec } from './market.ts';
import { barsFolder, coverageOf, differences, marketRig, published } from './market.ts';
import { column, storedRows } from './rows.ts';

let exchange: Emulator;

beforeAll(async () => {
  exchange = await startEmulator({ history: fewDays({ intervals: ['1m', '1h'] }) });
});

afterAll(() => exchange.close());

function workspace(changes: Partial<MarketSpec> = {}): Rig {
  return marketRig({ exchange, symbols: SYMBOLS, from: FROM, to: null, ...changes });
}

const lastTs = async (rig: Rig, month: string, interval = '1m'): Promise<string> => {
  const folder = barsFolder({ symbol: 'BTCUSDT', month, interval });
  const ts = column(await storedRows(rig.path(`${folder}/bars.parquet`)), 'ts').at(-1) ?? 0;
  return new Date(ts).toISOString();
};

describe('an as-of within a month', () => {
  it('cuts a monthly file that reaches beyond it, and counts what was cut', async () => {
    const rig = workspace();
    const { failures, outcomes } = await rig.build([], { asOf: '2024-01-30T11:59:00Z' });
    expect(failures).toEqual({});
    expect(Object.keys(outcomes).filter((target) => target.startsWith('bars/BTCUSDT'))).toEqual([
      'bars/BTCUSDT/2024-01',
    ]);
    expect(rig.json(`${barsFolder({ symbol: 'BTCUSDT', month: '2024-01' })}/summary.json`)).toMatchObject({
      start: FROM,
      end: '2024-01-30T12:00:00Z',
      expected: 720,
      rows: 720,
      outside: 2 * 1440 - 720,
      provisional: 0,
    });
    expect(await lastTs(rig, '2024-01')).toBe('2024-01-30T11:59:00.000Z');
    expect(coverageOf(rig, 'BTCUSDT', '2024-01')).toMatchObject({
      expected: '720',
      present: '720',
      last_ts: '2024-01-30T11:59:00Z',
    });
  });

  it('cuts the daily file of its day, and asks for none after it', async () => {
    const rig = workspace();
    const { failures, ran } = await rig.build([], { asOf: '2024-02-02T05:29:00Z' });
    expect(failures).toEqual({});
    expect(ran.filter((target) => target.startsWith('archive/BTCUSDT'))).toEqual(
      ['2024-01', '2024-02-01', '2024-02-02'].map((file) => `archive/BTCUSDT/${file}`),
    );
    expect(rig.json(`${barsFolder({ symbol: 'BTCUSDT', month: '2024-02' })}/summary.json`)).toMatchObject({
      end: '2024-02-02T05:30:00Z',
      expected: 1440 + 330,
      rows: 1440 + 330,
      outside: 1440 - 330,
    });
    expect(await lastTs(rig, '2024-02')).toBe('2024-02-02T05:29:00.000Z');
  });

  it('counts a longer bar only once it has closed', async () => {
    const rig = workspace({ interval: '1h' });
    expect((await rig.build([], { asOf: '2024-02-02T05:29:00Z' })).failures).toEqual({});
    expect(await lastTs(rig, '2024-02', '1h')).toBe('2024-02-02T04:00:00.000Z');
    expect((await rig.build([], { asOf: '2024-02-02T05:59:00Z' })).failures).toEqual({});
    expect(await lastTs(rig, '2024-02', '1h')).toBe('2024-02-02T05:00:00.000Z');
    expect(coverageOf(rig, 'BTCUSDT', '2024-02')).toMatchObject({ expected: '30', present: '30' });
  });

  it('a start within a month cuts what comes before it', async () => {
    const rig = workspace({ from: '2024-01-31T12:00:00Z' });
    expect((await rig.build([], { asOf: '2024-02-01T23:59:00Z' })).failures).toEqual({});
    expect(rig.json(`${barsFolder({ symbol: 'BTCUSDT', month: '2024-01' })}/summary.json`)).toMatchObject({
      start: '2024-01-31T12:00:00Z',
      expected: 720,
      rows: 720,
      outside: 2 * 1440 - 720,
      first_ts: '2024-01-31T12:00:00Z',
    });
  });
});

describe('a later as-of', () => {
  const EARLY = { asOf: '2024-02-02T05:29:00Z' };
  const LATE = { asOf: '2024-02-03T12:00:00Z' };

  it('makes only the open month and what hangs on it stale', async () => {
    const rig = workspace();
    await rig.build([], EARLY);
    const states = await rig.states([], LATE);
    const those = (state: string): readonly string[] =>
      Object.keys(states).filter((target) => states[target] === state);
    expect([...those('stale')].sort()).toEqual(
      [
        'reports',
        ...SYMBOLS.flatMap((symbol) => [
          `sources/${symbol}`,
          ...['staged', 'fill', 'bars'].map((rule) => `${rule}/${symbol}/2024-02`),
        ]),
      ].sort(),
    );
    expect(those('fresh')).toEqual(SYMBOLS.map((symbol) => `listing/${symbol}`));
    // Whether the choice of files changes is known only once it is made anew: nothing else is in doubt.
    expect(those('stale').length + those('pending').length + 2).toBe(Object.keys(states).length);
  });

  it('rebuilds those alone, asks for the new days alone, and ends equal to a clean build', async () => {
    const rig = workspace();
    await rig.build([], EARLY);
    exchange.clearRequests();
    const { ran } = await rig.build([], LATE);
    expect(ran).toEqual(
      [
        'reports',
        ...SYMBOLS.flatMap((symbol) => [
          `archive/${symbol}/2024-02-03`,
          `sources/${symbol}`,
          ...['staged', 'fill', 'bars'].map((rule) => `${rule}/${symbol}/2024-02`),
        ]),
      ].sort(),
    );
    const zips = exchange.requests.flatMap(({ path }) => (path.endsWith('.zip') ? [path.slice(-14)] : []));
    expect(zips).toEqual(['2024-02-03.zip', '2024-02-03.zip']);
    const clean = workspace();
    await clean.build([], LATE);
    expect(differences(published(rig.dir), published(clean.dir))).toEqual([]);
    expect((await rig.build([], LATE)).ran).toEqual([]);
  });

  it('an earlier one again gives the earlier reports', async () => {
    const rig = workspace();
    await rig.build([], EARLY);
    const before = published(rig.dir);
    await rig.build([], LATE);
    await rig.build([], EARLY);
    expect(differences(published(rig.dir), before)).toEqual([]);
  });
});

describe('a stretch of time', () => {
  const AS_OF = { asOf: '2024-02-03T23:59:00Z' };

  it('narrows a build to the partitions that overlap', async () => {
    const rig = workspace();
    const { ran } = await rig.build('bars', {
      ...AS_OF,
      between: { start: Date.parse('2024-02-01'), end: Infinity },
    });
    expect(ran.filter((target) => target.startsWith('bars/'))).toEqual([
      'bars/BTCUSDT/2024-02',
      'bars/ETHUSDT/2024-02',
    ]);
    expect(ran.filter((target) => target.endsWith('2024-01'))).toEqual([]);
    const rest = await rig.build('bars', { ...AS_OF, between: { start: 0, end: Date.parse('2024-01-31') } });
    expect(rest.ran).toEqual(
      SYMBOLS.flatMap((symbol) =>
        ['archive', 'staged', 'fill', 'bars'].map((rule) => `${rule}/${symbol}/2024-01`),
      ).sort(),
    );
  });
});
