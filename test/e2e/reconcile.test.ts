import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEMO_AS_OF, demoHistory } from '../../tasks/binance/emulator/demo-history.ts';
import type { Emulator, HistorySpec } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { cli } from '../cli/cli.ts';
import type { Built } from '../rig.ts';
import { Rig } from '../rig.ts';
import { scratch } from '../tasks/context.ts';
import { FROM, fewDays, fileKey, TO } from './history.ts';
import type { Cells, MarketSpec } from './market.ts';
import { differences, marketRig, tree } from './market.ts';

const SYMBOL = 'BTCUSDT';
const JANUARY = 'reconcile/BTCUSDT/2024-01';
const REPORT = 'reports/reconcile/spot/1m/BTCUSDT/2024-01';
const OTHERS = ['others/BTCUSDT/2024-01-30', 'others/BTCUSDT/2024-01-31'];

let exchange: Emulator;

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', scratch());
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await exchange.close();
});

async function market(history: Partial<HistorySpec> = {}, changes: Partial<MarketSpec> = {}): Promise<Rig> {
  const symbols = [{ name: SYMBOL, listed: FROM, ticks: 4_300_000 }];
  exchange = await startEmulator({
    history: fewDays({ symbols, intervals: ['1m', '1h', '1d'], ...history }),
  });
  return marketRig({ exchange, symbols: [SYMBOL], from: FROM, to: TO, features: true, ...changes });
}

function built({ failures, diagnostics }: Built): void {
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
}

const rows = (rig: Rig, folder = REPORT): readonly Cells[] =>
  parse(rig.read(`${folder}/differences.csv`), { columns: true });

const opens = (iso: string): string => String(Date.parse(iso));
/** New content of a file, in which the rows of these minutes are changed, or left out. */
function change(
  period: string,
  minutes: readonly string[],
  by: (row: readonly string[]) => readonly string[] | undefined,
) {
  const times = new Set(minutes.map(opens));
  exchange.republish(fileKey(SYMBOL, period), (all) =>
    all.flatMap((row) => {
      const changed = times.has(row[0] ?? '') ? by(row) : row;
      return changed === undefined ? [] : [changed];
    }),
  );
}
const withColumn = (column: number, value: string) => (row: readonly string[]) => row.with(column, value);

describe('what is built on request', () => {
  it('is neither built nor shown by default, and asks for nothing', async () => {
    const rig = await market();
    const all = await rig.build();
    built(all);
    const named = [...Object.keys(all.outcomes), ...Object.keys(await rig.states())].map(
      (target) => target.split('/')[0],
    );
    expect([...new Set(named)].sort()).toEqual([
      'archive',
      'bars',
      'features',
      'fill',
      'listing',
      'reports',
      'sources',
      'staged',
      'tails',
    ]);
    expect(exchange.requests.filter(({ path }) => /\/1[hd]\/|2024-01-3\d\.zip|\/klines$/.test(path))).toEqual(
      [],
    );
  });

  it('is fresh once it is built, and stays so without its intermediates', async () => {
    const rig = await market();
    built(await rig.build([JANUARY, 'crosscheck']));
    expect(rig.has(`${REPORT}/reconcile.json`)).toBe(true);
    const again = await rig.build([JANUARY, 'crosscheck']);
    expect(again.ran).toEqual([]);
    rig.remove('data/cache/rest-month');
    rig.remove('data/cache/others');
    rig.remove('data/cache/crosscheck/staged');
    expect((await rig.build([JANUARY, 'crosscheck'])).ran).toEqual([]);
  });

  it('asks REST once: what it has answered is kept', async () => {
    const rig = await market();
    built(await rig.build(JANUARY));
    const path = 'data/cache/rest-month/spot/1m/BTCUSDT/2024-01.json';
    const before = rig.read(path);
    exchange.clearRequests();
    rig.remove(path);
    expect((await rig.build('rest_month/BTCUSDT/2024-01', { force: true })).ran).toEqual([
      'rest_month/BTCUSDT/2024-01',
    ]);
    expect(rig.read(path)).toBe(before);
    expect(exchange.requests).toEqual([]);
    // Where answers for gaps are: a comparison leaves nothing there.
    expect(rig.files('data/raw/binance-rest')).toEqual([]);
  });

  it('comes out of its lockfile byte for byte', async () => {
    const rig = await market();
    built(await rig.build([JANUARY, 'crosscheck']));
    const before = tree(rig.path('reports'));
    for (const folder of ['data', 'reports', '.pipeline']) rig.remove(folder);
    const locked = await rig.build([JANUARY, 'crosscheck'], { locked: true });
    built(locked);
    expect(locked.differing).toEqual([]);
    expect(differences(tree(rig.path('reports')), before)).toEqual([]);
  });

  it('comes out of a backup with all that it was made of, which may be gone from the workspace by the next one', async () => {
    const rig = await market();
    built(await rig.build());
    built(await rig.build(JANUARY));
    const place = new Rig();
    const backup = () => cli(['-C', rig.dir, 'backup', place.path('b')]);
    expect(await backup()).toMatchObject({ code: 0, err: '' });
    const into = new Rig();
    expect((await cli(['-C', into.dir, 'restore', place.path('b')])).code).toBe(0);
    const { code, out } = await cli(['-C', into.dir, 'verify']);
    expect([code, out]).toEqual([0, expect.stringContaining('all as pipeline.lock says')]);
    rig.remove('data/cache');
    expect(await backup()).toMatchObject({ code: 0, err: '' });
  });
});

describe('a month that all three sources have', () => {
  it('has no difference where they agree: the days that do not serve and REST are fetched for it', async () => {
    const rig = await market();
    const first = await rig.build(JANUARY);
    built(first);
    expect(first.ran).toEqual([
      'archive/BTCUSDT/2024-01',
      'listing/BTCUSDT',
      ...OTHERS,
      JANUARY,
      'rest_month/BTCUSDT/2024-01',
      'sources/BTCUSDT',
    ]);
    expect(rig.read(`${REPORT}/differences.csv`)).toBe('ts,column,monthly,daily,rest\n');
    const side = { rows: 2_880, bars: 2_880, covered: 2_880, outside: 0, off_grid: 0 };
    expect(rig.json(`${REPORT}/reconcile.json`)).toMatchObject({
      month: '2024-01',
      start: FROM,
      end: '2024-02-01T00:00:00Z',
      sources: { monthly: side, daily: side, rest: side },
      bars: { expected: 2_880, compared: 2_880, agreeing: 2_880, missing_in_all: 0 },
      refused: [],
      differences: { listed: 0, of: 0 },
    });
  });

  it('says which source is alone, as the monthly file of 2020-12 was', async () => {
    const rig = await market();
    change('2024-01', ['2024-01-30T13:00:00Z', '2024-01-30T13:01:00Z'], withColumn(4, '1.5'));
    change('2024-01-30', ['2024-01-30T14:00:00Z'], withColumn(8, '77'));
    change('2024-01-31', ['2024-01-31T02:00:00Z'], () => undefined);
    change('2024-01', ['2024-01-31T03:00:00Z'], withColumn(6, opens('2024-01-31T03:00:30Z')));
    built(await rig.build(JANUARY));
    expect(rows(rig).map(({ ts, column, monthly, daily }) => [ts, column, monthly, daily])).toEqual([
      ['2024-01-30T13:00:00Z', 'close', '1.5', expect.stringMatching(/^4\d+\.?\d*$/)],
      ['2024-01-30T13:01:00Z', 'close', '1.5', expect.stringMatching(/^4\d+\.?\d*$/)],
      ['2024-01-30T14:00:00Z', 'trades', expect.stringMatching(/^\d+$/), '77'],
      ['2024-01-31T02:00:00Z', 'bar', 'present', 'missing'],
      ['2024-01-31T03:00:00Z', 'close_time', '2024-01-31T03:00:30.000Z', '2024-01-31T03:00:59.999Z'],
    ]);
    expect(rig.json(`${REPORT}/reconcile.json`)).toMatchObject({
      bars: { compared: 2_880, agreeing: 2_875 },
      missing: { monthly: 0, daily: 1, rest: 0 },
      values: {
        bars: 3,
        alone: { monthly: 2, daily: 1, rest: 0 },
        none_agree: 0,
        of_two: 0,
        columns: { close: 2, trades: 1, volume: 0 },
      },
      close_time_only: { bars: 1, alone: { monthly: 1, daily: 0, rest: 0 } },
      differences: { listed: 5, of: 5 },
    });
  });

  it('is compared without the files that are refused, which are named', async () => {
    const rig = await market();
    exchange.damage(fileKey(SYMBOL, '2024-01-30'), 'bad-crc');
    exchange.republish(fileKey(SYMBOL, '2024-01-31'), (all) =>
      all.map((row, index) => (index === 5 ? row.with(1, 'x') : row)),
    );
    const first = await rig.build(JANUARY);
    expect(Object.keys(first.failures)).toEqual(['others/BTCUSDT/2024-01-30']);
    expect(first.outcomes[JANUARY]).toBe('executed');
    expect(rig.json(`${REPORT}/reconcile.json`)).toMatchObject({
      sources: { monthly: { bars: 2_880 }, rest: { bars: 2_880 } },
      refused: [
        {
          name: 'BTCUSDT-1m-2024-01-30.zip',
          source: 'daily',
          code: 'archive-corrupt',
          message: 'others/BTCUSDT/2024-01-30 failed',
        },
        {
          name: 'BTCUSDT-1m-2024-01-31.zip',
          source: 'daily',
          code: 'csv-malformed',
          message: expect.stringMatching(
            /^BTCUSDT-1m-2024-01-31\.zip: line 6, column 2 \(open\), byte \d+: found "x", expected a decimal number$/,
          ),
        },
      ],
    });
    expect(rig.json(`${REPORT}/reconcile.json`)).not.toHaveProperty('sources.daily');
  });

  it('is compared as far as REST could be asked, and again once it can be', async () => {
    const rig = await market();
    const fault = exchange.faults.add({ match: '/api/v3/klines', kind: 'status', status: 500 });
    const first = await rig.build(JANUARY);
    expect(Object.keys(first.failures)).toEqual(['rest_month/BTCUSDT/2024-01']);
    expect(rig.json(`${REPORT}/reconcile.json`)).toMatchObject({
      bars: { compared: 2_880, agreeing: 2_880 },
      rest: { unanswered: 2_880, unknown_symbol: 0 },
    });
    fault.remove();
    built(await rig.build(JANUARY));
    expect(rig.json(`${REPORT}/reconcile.json`)).toMatchObject({
      rest: { unanswered: 0 },
      sources: { rest: { bars: 2_880 } },
    });
  });
});

describe('a symbol that REST does not know any more', () => {
  it('has its files compared with each other', async () => {
    const symbols = [
      { name: SYMBOL, listed: FROM, delisted: '2024-02-02T11:59:00Z', gone: true, ticks: 4_300_000 },
    ];
    const rig = await market({ symbols });
    change('2024-01-30', ['2024-01-30T14:00:00Z'], withColumn(8, '77'));
    built(await rig.build(JANUARY));
    expect(rows(rig).map(({ column, daily, rest }) => [column, daily, rest])).toEqual([['trades', '77', '']]);
    const document = rig.json(`${REPORT}/reconcile.json`);
    expect(document).toMatchObject({
      rest: { unanswered: 0, unknown_symbol: 2_880 },
      values: { bars: 1, of_two: 1 },
    });
    expect(document).not.toHaveProperty('sources.rest');
  });
});

describe('a month that one source has', () => {
  it('is absent, with the reason', async () => {
    const rig = await market({}, { fill: 'none' });
    built(await rig.build('reconcile/BTCUSDT/2024-02'));
    const [reconciled] = await rig.status('reconcile/BTCUSDT/2024-02');
    expect(reconciled).toMatchObject({
      state: 'absent',
      absent: { reason: 'of 2024-02 there are only daily files: nothing to compare with' },
    });
    const [asked] = await rig.status('rest_month/BTCUSDT/2024-02');
    expect(asked).toMatchObject({ absent: { reason: 'REST is not asked: binance.fill is none' } });
  });

  it('is absent because of what is refused, which is named', async () => {
    const rig = await market({}, { fill: 'none' });
    for (const day of ['2024-01-30', '2024-01-31']) exchange.damage(fileKey(SYMBOL, day), 'bad-crc');
    await rig.build(JANUARY);
    const [reconciled] = await rig.status(JANUARY);
    expect(reconciled).toMatchObject({
      absent: {
        reason:
          'of 2024-01 there is only the monthly file: nothing to compare with; refused: BTCUSDT-1m-2024-01-30.zip (archive-corrupt), BTCUSDT-1m-2024-01-31.zip (archive-corrupt)',
      },
    });
  });

  it('is compared with REST where days alone serve it', async () => {
    const rig = await market();
    change('2024-02-02', ['2024-02-02T00:07:00Z'], withColumn(5, '0.5'));
    built(await rig.build('reconcile/BTCUSDT/2024-02'));
    expect(rig.json('reports/reconcile/spot/1m/BTCUSDT/2024-02/reconcile.json')).toMatchObject({
      bars: { expected: 4_320, compared: 4_320, agreeing: 4_319 },
      values: { bars: 1, of_two: 1, alone: { monthly: 0, daily: 0, rest: 0 }, columns: { volume: 1 } },
    });
  });
});

describe('the cross-check with longer bars', () => {
  const folder = (month: string, against = '1h') => `reports/crosscheck/spot/1m/${against}/BTCUSDT/${month}`;

  it('finds none but what is wrong in either', async () => {
    const rig = await market(
      { halts: [{ first: '2024-02-03T02:10:00Z', last: '2024-02-03T03:29:00Z' }] },
      { more: { crosscheck: { interval: '1h' } }, fill: 'none' },
    );
    change('2024-02-01', ['2024-02-01T05:30:00Z'], () => undefined);
    change('2024-02-01', ['2024-02-01T07:30:00Z'], withColumn(2, '99999999'));
    exchange.republish(fileKey(SYMBOL, '2024-02-02', 'spot', '1h'), (all) =>
      all
        .filter(([time]) => time !== opens('2024-02-02T09:00:00Z'))
        .map((row) => (row[0] === opens('2024-02-02T10:00:00Z') ? row.with(5, '1') : row)),
    );
    built(await rig.build('crosscheck'));
    expect(rows(rig, folder('2024-01'))).toEqual([]);
    const found = rows(rig, folder('2024-02'));
    expect(found.map(({ ts, class: of, column, bars }) => `${ts} ${of} ${column} ${bars}`)).toEqual([
      ...['volume', 'quote_volume', 'trades', 'taker_buy_base', 'taker_buy_quote'].map(
        (column) => `2024-02-01T05:00:00Z missing-bars ${column} 59`,
      ),
      '2024-02-01T07:00:00Z prices high 60',
      '2024-02-02T09:00:00Z publisher-missing bar 60',
      '2024-02-02T10:00:00Z sums volume 60',
    ]);
    expect(rig.json(`${folder('2024-02')}/crosscheck.json`)).toMatchObject({
      against: '1h',
      bars: { expected: 72, compared: 72, agreeing: 68, missing_in_both: 0 },
      classes: { 'missing-bars': 1, prices: 1, 'publisher-missing': 1, sums: 1, 'ours-missing': 0 },
    });
  });

  it('is absent where the archive has no such files', async () => {
    const rig = await market({ intervals: ['1m'] }, { more: { crosscheck: { interval: '1h' } } });
    built(await rig.build('crosscheck'));
    const reason = 'no klines of BTCUSDT at 1h in the archive';
    expect(await rig.status('crosscheck')).toMatchObject([{ absent: { reason } }, { absent: { reason } }]);
  });
});

describe('the market of the demo', () => {
  it('agrees with itself: in three sources across its halt, and in days', async () => {
    exchange = await startEmulator({ history: demoHistory(7) });
    const rig = marketRig({
      exchange,
      symbols: ['BTCUSDT', 'ETHUSDT'],
      from: '2024-12-01T00:00:00Z',
      to: DEMO_AS_OF,
    });
    built(await rig.build(['reconcile/BTCUSDT/2025-01', 'crosscheck/BTCUSDT/2025-01']));
    expect(rows(rig, 'reports/reconcile/spot/1m/BTCUSDT/2025-01')).toEqual([]);
    expect(rig.json('reports/reconcile/spot/1m/BTCUSDT/2025-01/reconcile.json')).toMatchObject({
      bars: { expected: 44_640, compared: 44_560, agreeing: 44_560, missing_in_all: 80 },
    });
    expect(rows(rig, 'reports/crosscheck/spot/1m/1d/BTCUSDT/2025-01')).toEqual([]);
  });
});
