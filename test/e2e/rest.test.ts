import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Emulator, HistorySpec } from '../../tasks/binance/emulator/emulator.ts';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import type { Built, Rig } from '../rig.ts';
import { scratch } from '../tasks/context.ts';
import { FROM, fewDays, fileKey, TO } from './history.ts';
import type { MarketSpec } from './market.ts';
import { barsFolder, coverageOf, differences, marketRig, published, report, tree } from './market.ts';
import type { BarRow } from './rows.ts';
import { column, storedRows } from './rows.ts';

const SYMBOL = 'BTCUSDT';
const FEBRUARY = { symbol: SYMBOL, month: '2024-02' };
const FILL = 'fill/BTCUSDT/2024-02';
const RAW = 'data/raw/binance-rest/spot/BTCUSDT/1m';
const DAY = 86_400_000;

/** The one that was started last. */
let exchange: Emulator;
const started: Emulator[] = [];

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', scratch());
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await Promise.all(started.splice(0).map((each) => each.close()));
});

/** Minutes of 2 February that the files lack and REST has. */
const HOLE = { first: '2024-02-02T10:00:00Z', last: '2024-02-02T11:59:00Z' };
const NO_ROW = 'BTCUSDT-1m-2024-02-02.zip has no row of it';
/** Minutes that nobody has. */
const HALT = { first: '2024-02-03T02:00:00Z', last: '2024-02-03T03:29:00Z' };

async function market(history: Partial<HistorySpec>, changes: Partial<MarketSpec> = {}): Promise<Rig> {
  const symbols = [{ name: SYMBOL, listed: FROM, ticks: 4_300_000 }];
  exchange = await startEmulator({ history: fewDays({ symbols, ...history }) });
  started.push(exchange);
  return marketRig({ exchange, symbols: [SYMBOL], from: FROM, to: TO, ...changes });
}

/** Paths of what REST was asked, without `/time`. */
const asked = (): readonly string[] =>
  exchange.requests.flatMap(({ path }) => (/\/[adf]\w*\/v\d\/klines$/.test(path) ? [path] : []));

const bars = (rig: Rig, place: Parameters<typeof barsFolder>[0] = FEBRUARY): Promise<readonly BarRow[]> =>
  storedRows(rig.path(`${barsFolder(place)}/bars.parquet`));

const from = (rows: readonly BarRow[], source: string): readonly string[] =>
  column(
    rows.filter((row) => row.source === source),
    'ts',
  ).map((ts) => new Date(ts).toISOString().replace('.000', ''));

function built({ failures, diagnostics }: Built): void {
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
}

const gapRows = (rig: Rig): readonly (readonly (string | undefined)[])[] =>
  report(rig, 'gap_report').map((row) =>
    ['first_missing', 'last_missing', 'cause', 'evidence'].map((name) => row[name]),
  );

describe('a hole in the files', () => {
  it('is filled with the rows that the archive would have had, and they say where they come from', async () => {
    const rig = await market({ archiveGaps: [HOLE] });
    built(await rig.build());
    const rows = await bars(rig);
    expect(rows).toHaveLength(3 * 1_440);
    const rest = from(rows, 'rest');
    expect([rest.length, rest[0], rest.at(-1)]).toEqual([120, HOLE.first, HOLE.last]);
    expect(rows.every(({ flags }) => (flags & 8) !== 0)).toBe(true);
    expect(asked()).toEqual(['/api/v3/klines']);
    expect(coverageOf(rig, SYMBOL, '2024-02')).toMatchObject({ missing: '0', source: 'mixed', status: 'ok' });
    const answers = rig.files(RAW);
    expect(answers).toEqual([`${RAW}/2024-02-02T100000Z_2024-02-02T115900Z.json`]);

    const whole = await market({}).then(async (other) => {
      built(await other.build());
      return bars(other);
    });
    expect(rows.map(({ values }) => values)).toEqual(whole.map(({ values }) => values));
  });

  it('within a stretch off the grid is filled bar by bar as well, its ends included', async () => {
    const offGrid = [{ first: '2024-02-02T10:30:00Z', last: '2024-02-02T11:29:00Z', shiftMs: 14_789 }];
    const values = async (archiveGaps: HistorySpec['archiveGaps']) => {
      const rig = await market({ offGrid, ...(archiveGaps && { archiveGaps }) });
      built(await rig.build());
      const rows = await bars(rig);
      return { rows, summary: rig.json(`${barsFolder(FEBRUARY)}/summary.json`) };
    };
    const whole = await values(undefined);
    // Its own ends within it, it within the hole, one of them over an end of the other.
    for (const [first, last] of [
      ['10:45', '11:10'],
      ['10:00', '11:59'],
      ['10:00', '10:30'],
      ['11:29', '12:10'],
    ]) {
      const hole = { first: `2024-02-02T${first}:00Z`, last: `2024-02-02T${last}:00Z` };
      const { rows, summary } = await values([hole]);
      expect(rows.map((row) => row.values)).toEqual(whole.rows.map((row) => row.values));
      expect(rows.map((row) => row.flags)).toEqual(whole.rows.map((row) => row.flags));
      expect(summary).toMatchObject({ off_grid: 60, duplicates: 0, outside: 0, empty_at_source: [] });
    }
  });

  it('stays one with fill: none, and nobody is asked', async () => {
    const rig = await market({ archiveGaps: [HOLE] });
    built(await rig.build([], { set: ['binance.fill=none'] }));
    expect(await bars(rig)).toHaveLength(3 * 1_440 - 120);
    expect(exchange.requests.filter(({ path }) => path.startsWith('/api/'))).toEqual([]);
    expect(gapRows(rig)).toEqual([[HOLE.first, HOLE.last, 'unknown', `${NO_ROW}; REST not asked`]]);
  });

  it('is made whole from the stored answer when all else is gone, and asked for when the answer is', async () => {
    const rig = await market({ archiveGaps: [HOLE] });
    built(await rig.build());
    const before = published(rig.dir);
    exchange.clearRequests();
    rig.remove('data/cache');
    rig.remove('data/processed');
    built(await rig.build());
    expect(exchange.requests).toEqual([]);
    expect(differences(published(rig.dir), before)).toEqual([]);

    rig.remove(RAW);
    const { ran } = await rig.build();
    expect(ran).toContain(FILL);
    expect(asked()).toHaveLength(1);
    expect(differences(published(rig.dir), before)).toEqual([]);
    expect((await rig.build()).ran).toEqual([]);
  });

  it.each([
    ['um', 'BTCUSDT', '/fapi/v1/klines'],
    ['cm', 'BTCUSD_PERP', '/dapi/v1/klines'],
  ] as const)('of %s futures is filled from their own interface', async (name, symbol, path) => {
    const symbols = [
      { name: symbol, listed: FROM, ticks: 430_000, ...(name === 'cm' ? { contractSize: 100 } : {}) },
    ];
    const rig = await market(
      { market: name, symbols, archiveGaps: [HOLE] },
      { market: name, symbols: [symbol] },
    );
    built(await rig.build());
    expect(from(await bars(rig, { symbol, month: '2024-02', market: name }), 'rest')).toHaveLength(120);
    expect(asked()).toEqual([path]);
    expect(rig.files(`data/raw/binance-rest/${name}/${symbol}/1m`)).toHaveLength(1);
  });
});

describe('days that no file has yet', () => {
  it('come from REST, and leave again when the files come: bar by bar the same', async () => {
    const rig = await market({ missingDays: [{ day: '2024-02-03' }] });
    const first = await rig.build();
    built(first);
    expect(from(await bars(rig), 'rest')).toHaveLength(1_440);
    expect(coverageOf(rig, SYMBOL, '2024-02')).toMatchObject({ missing: '0', source: 'mixed' });
    const rows = await bars(rig);

    exchange.publish(fileKey(SYMBOL, '2024-02-03'));
    built(await rig.build([], { refresh: true }));
    const daily = await bars(rig);
    expect(from(daily, 'rest')).toEqual([]);
    expect(daily.map(({ values }) => values)).toEqual(rows.map(({ values }) => values));
  });

  it('are final once the month has its own file, and the build counts them', async () => {
    const rig = await market({ missingDays: [{ day: '2024-01-31' }], lateMonths: [{ month: '2024-01' }] });
    built(await rig.build());
    const january = { symbol: SYMBOL, month: '2024-01' };
    expect(from(await bars(rig, january), 'rest')).toHaveLength(1_440);
    expect(rig.json(`${barsFolder(january)}/summary.json`)).toMatchObject({ provisional: 2 * 1_440 });

    exchange.publish(fileKey(SYMBOL, '2024-01'));
    exchange.clearRequests();
    const later = await rig.build([], { refresh: true });
    built(later);
    expect(later.ran.filter((target) => target.startsWith('bars/'))).toEqual(['bars/BTCUSDT/2024-01']);
    expect(from(await bars(rig, january), 'monthly')).toHaveLength(2 * 1_440);
    expect(asked()).toEqual([]);
    const finished = later.events.find(
      (event) => event.type === 'target-finished' && event.target === 'bars/BTCUSDT/2024-01',
    );
    expect(finished && 'changes' in finished && finished.changes).toEqual({ rows_made_final: 2 * 1_440 });
  });

  it('are brought up to the last closed bar: the open one is left out until it has closed', async () => {
    const rig = await market({ now: '2024-02-04T12:00:30Z' }, { to: null });
    const asOf = '2024-02-04T12:00:00Z';
    built(await rig.build([], { asOf }));
    const last = async (): Promise<string | undefined> => from(await bars(rig), 'rest').at(-1);
    expect(await last()).toBe('2024-02-04T11:59:00Z');
    expect(rig.json(`${barsFolder(FEBRUARY)}/summary.json`)).toMatchObject({
      unanswered: [{ first: asOf, last: asOf, missing: 1, code: 'too-recent' }],
    });
    expect(gapRows(rig)).toEqual([[asOf, asOf, 'not-published', 'no listed daily file']]);

    exchange.clock.advance(60_000);
    exchange.clearRequests();
    const later = await rig.build([], { asOf, now: new Date(Date.now() + 60_000).toISOString() });
    built(later);
    expect(await last()).toBe(asOf);
    expect(asked()).toHaveLength(1);
    expect(rig.files(RAW)).toEqual([`${RAW}/2024-02-04T000000Z_2024-02-04T120000Z.json`]);
  });

  it('grow with the as-of, by the new bars alone', async () => {
    const rig = await market({ now: '2024-02-04T12:20:30Z' }, { to: null });
    built(await rig.build([], { asOf: '2024-02-04T12:00:00Z' }));
    exchange.clearRequests();
    built(await rig.build([], { asOf: '2024-02-04T12:10:00Z' }));
    const [only, ...more] = exchange.requests.filter(({ path }) => path.endsWith('/klines'));
    expect(more).toEqual([]);
    const query = new URLSearchParams(only?.query);
    expect([query.get('startTime'), query.get('endTime')]).toEqual([
      String(Date.parse('2024-02-04T12:01:00Z')),
      String(Date.parse('2024-02-04T12:11:00Z') - 1),
    ]);
    expect(rig.files(RAW)).toEqual([`${RAW}/2024-02-04T000000Z_2024-02-04T121000Z.json`]);
  });
});

describe('a halt', () => {
  const EVIDENCE = [
    [HALT.first, HALT.last, 'confirmed-empty', `REST asked for ${HALT.first} to ${HALT.last}: no bar`],
  ];

  it('is confirmed by REST once, and asked for again after 30 days', async () => {
    const rig = await market({ halts: [HALT] });
    built(await rig.build());
    expect(gapRows(rig)).toEqual(EVIDENCE);
    expect(asked()).toHaveLength(1);
    exchange.clearRequests();

    const start = Date.now();
    const inDays = (days: number): Promise<Built> => {
      vi.useFakeTimers({ toFake: ['Date'], now: start + days * DAY });
      return rig.build([], { now: new Date().toISOString() });
    };
    expect((await inDays(29)).ran.filter((target) => target.startsWith('fill'))).toEqual([]);
    expect(asked()).toEqual([]);
    const due = await inDays(31);
    built(due);
    expect(due.ran).toContain(FILL);
    expect(asked()).toHaveLength(1);
    expect(due.outcomes['bars/BTCUSDT/2024-02']).toBe('fresh');
    expect((await inDays(60)).ran.filter((target) => target.startsWith('fill'))).toEqual([]);
    expect(gapRows(rig)).toEqual(EVIDENCE);
  });

  it('does not hide what REST has beside it', async () => {
    const rig = await market({ halts: [HALT], missingDays: [{ day: '2024-02-03' }] });
    built(await rig.build());
    expect(from(await bars(rig), 'rest')).toHaveLength(1_440 - 90);
    expect(rig.json(`${barsFolder(FEBRUARY)}/summary.json`)).toMatchObject({
      empty_at_source: [{ ...HALT, missing: 90 }],
    });
  });
});

describe('an exchange that defends itself', () => {
  it('with 429 is asked again after the time it names', async () => {
    const rig = await market({ archiveGaps: [HOLE] });
    exchange.faults.add({
      match: '/api/v3/klines',
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '1' },
      body: '{"code":-1003,"msg":"Too much request weight used."}',
      times: 1,
    });
    const result = await rig.build();
    built(result);
    expect(result.events.filter(({ type }) => type === 'target-retry')).toHaveLength(1);
    expect(from(await bars(rig), 'rest')).toHaveLength(120);
    expect(asked()).toHaveLength(2);
  });

  it('with 418 is left alone until the ban ends, while everything else is built', async () => {
    const rig = await market({ archiveGaps: [HOLE] });
    const set = ['network.deadline=1s'];
    exchange.ban('spot', 600);
    const banned = await rig.build([], { set });
    expect(Object.keys(banned.failures)).toEqual([FILL]);
    expect(banned.failures[FILL]).toMatchObject({
      code: 'rest-banned',
      message: expect.stringMatching(
        /^127\.0\.0\.1:\d+ has banned this address until \S+Z, and nothing is sent there before: it answered 418 /,
      ),
    });
    expect(await bars(rig)).toHaveLength(3 * 1_440 - 120);
    expect(gapRows(rig)).toEqual([
      [HOLE.first, HOLE.last, 'unknown', `${NO_ROW}; REST not asked: rest-banned`],
    ]);
    expect(exchange.requests.filter(({ path }) => path.startsWith('/api/'))).toHaveLength(1);

    exchange.clearRequests();
    const still = await rig.build([], { set });
    expect(still.failures[FILL]).toMatchObject({ code: 'rest-banned' });
    // Another workspace, as another process would be: it reads the same file.
    const other = marketRig({ exchange, symbols: [SYMBOL], from: FROM, to: TO });
    expect((await other.build([], { set })).failures[FILL]).toMatchObject({ code: 'rest-banned' });
    expect(exchange.requests.filter(({ path }) => path.startsWith('/api/'))).toEqual([]);
    expect(exchange.weight.unheeded).toBe(0);

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
    exchange.clock.advance(601_000);
    built(await rig.build([], { set }));
    expect(from(await bars(rig), 'rest')).toHaveLength(120);
    const clean = await other.build([], { set });
    built(clean);
    expect(differences(published(rig.dir), published(other.dir))).toEqual([]);
  });

  it('with a page of a firewall is asked again, and nothing but whole answers is kept', async () => {
    const rig = await market({ archiveGaps: [HOLE] });
    exchange.faults.add({
      match: '/api/v3/klines',
      kind: 'status',
      status: 403,
      headers: { 'content-type': 'text/html' },
      body: '<html><title>Forbidden</title></html>',
      times: 1,
    });
    exchange.faults.add({ match: '/api/v3/klines', kind: 'truncate', skip: 1, times: 1 });
    built(await rig.build());
    expect(from(await bars(rig), 'rest')).toHaveLength(120);
    expect(asked()).toHaveLength(3);
    expect([...tree(rig.path(RAW)).keys()]).toEqual(['2024-02-02T100000Z_2024-02-02T115900Z.json']);
  });
});

describe('offline', () => {
  it('stored answers serve, and what they lack leaves the month incomplete', async () => {
    const rig = await market({ archiveGaps: [HOLE] });
    built(await rig.build([], { set: ['binance.fill=none'] }));
    const lacking = await rig.build([], { offline: true });
    expect(lacking.failures[FILL]).toMatchObject({ code: 'offline' });
    expect(gapRows(rig)).toEqual([[HOLE.first, HOLE.last, 'unknown', `${NO_ROW}; REST not asked: offline`]]);
    built(await rig.build());
    exchange.clearRequests();
    rig.remove('data/cache');
    rig.remove('data/processed');
    built(await rig.build([], { offline: true }));
    expect(from(await bars(rig), 'rest')).toHaveLength(120);
    expect(exchange.requests).toEqual([]);
  });
});
