import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Json, Member, Span } from '../../../src/engine/task.ts';
import { sha256 } from '../../../src/engine/task.ts';
import merge from '../../../tasks/bars/merge.ts';
import normalize from '../../../tasks/bars/normalize.ts';
import type { MergeParams, Params } from '../../../tasks/bars/params.ts';
import { realFile } from '../../realdata.ts';
import { fakeContext, scratch } from '../context.ts';
import {
  asked,
  independentRows,
  member,
  monthOf,
  storedRows,
  textIn,
  zippedIn,
  zippedRealCsv,
} from './real.ts';
import type { RawRow } from './rows.ts';
import { bar, csvOf, restRow } from './rows.ts';

const HOUR = { start: Date.UTC(2020, 0, 1), end: Date.UTC(2020, 0, 1, 1) };
const PARAMS: MergeParams = {
  market: 'spot',
  symbol: 'BTCUSDT',
  interval: '1m',
  checks: { jump_sigma: 20, flat_bars: 240 },
};
const FINAL = { served: 'monthly', provisional: false };
const at = (minute: number, ms = 0): number => HOUR.start + minute * 60_000 + ms;

interface Given {
  readonly params?: Partial<MergeParams>;
  readonly span?: Span;
  readonly month?: string;
  readonly zips?: readonly Member[];
  readonly plan?: Json;
  readonly rest?: readonly RawRow[];
  /** What REST said of bars without rows. */
  readonly said?: Readonly<Record<string, Json>>;
  /** Instead of `rest` and `said`. */
  readonly fill?: string;
  /** Of a build before: the table in place. */
  readonly before?: string;
}

/** What `binance/fill` writes where there was nothing to ask. */
const NOTHING = { version: 2, empty: [], unknown_symbol: [], unanswered: [], rows: [] };

/** Openings as text, both included. */
function stretch(first: number, last: number) {
  const text = (minute: number): string => new Date(at(minute)).toISOString().replace('.000Z', 'Z');
  return { first: text(first), last: text(last) };
}

/** Stages the files, then merges: both tasks as the manifest chains them. */
async function run(given: Given) {
  const { span = HOUR, month = '2020-01', zips = [], plan = FINAL, rest = [] } = given;
  const { checks, ...params } = { ...PARAMS, ...given.params };
  const partition = { keys: { symbol: params.symbol, month }, spans: { month: span } };
  const out = { bars: `staged/${month}.parquet`, gaps: `staged/${month}.gaps.json` };
  const staging = fakeContext<Params>({ params, values: { plan }, members: { zips }, partition, out });
  expect(await normalize.run(staging)).toBeUndefined();

  const { workspace } = staging;
  const fill = join(workspace, `${month}.json`);
  writeFileSync(fill, given.fill ?? JSON.stringify({ ...NOTHING, ...given.said, rows: rest.map(restRow) }));
  const ctx = fakeContext<MergeParams>({
    target: `bars/${params.symbol}/${month}`,
    workspace,
    params: { ...params, checks },
    partition,
    inputs: { staged: staging.outputs['bars'], gaps: staging.outputs['gaps'], fill },
    out: { bars: 'bars.parquet', summary: 'summary.json' },
  });
  if (given.before !== undefined) copyFileSync(given.before, join(workspace, 'bars.parquet'));
  const result = await merge.run(ctx);
  return { result, bars: ctx.outputs['bars'] ?? '', summary: ctx.outputs['summary'] ?? '' };
}

async function built(given: Given) {
  const { result, bars, summary } = await run(given);
  expect(result).not.toHaveProperty('failed');
  expect(result).not.toHaveProperty('absent');
  return { bars, rows: await storedRows(bars), summary: JSON.parse(readFileSync(summary, 'utf8')) };
}

function zip(key: string, ...rows: readonly RawRow[]): Member {
  return member(zippedIn(scratch(), `BTCUSDT-1m-${key}`, csvOf(rows)));
}

async function metadataOf(parquet: string): Promise<Readonly<Record<string, string>>> {
  const rows = await asked('SELECT decode(key), decode(value) FROM parquet_kv_metadata($1)', parquet);
  return Object.fromEntries(rows.map(([key, value]) => [String(key), String(value)]));
}

describe('a real month', () => {
  it('keeps every digit and the outage', async () => {
    const path = zippedRealCsv(scratch(), 'ETHUSDT-1h-2021-02');
    const { rows, summary, bars } = await built({
      params: { symbol: 'ETHUSDT', interval: '1h' },
      span: monthOf('2021-02'),
      month: '2021-02',
      zips: [member(path)],
    });
    const expected = independentRows(textIn(path));
    expect(rows.map(({ values }) => values)).toEqual(expected);
    const file = { name: 'ETHUSDT-1h-2021-02.zip', sha256: sha256(readFileSync(path)) };
    expect(summary).toEqual({
      version: 2,
      symbol: 'ETHUSDT',
      market: 'spot',
      interval: '1h',
      month: '2021-02',
      start: '2021-02-01T00:00:00Z',
      end: '2021-03-01T00:00:00Z',
      expected: 672,
      rows: 671,
      first_ts: '2021-02-01T00:00:00Z',
      last_ts: '2021-02-28T23:00:00Z',
      min_low: Math.min(...expected.map((row) => row[3] ?? Number.NaN)),
      max_high: Math.max(...expected.map((row) => row[2] ?? Number.NaN)),
      gaps: [{ first: '2021-02-11T04:00:00Z', last: '2021-02-11T04:00:00Z', missing: 1 }],
      empty_at_source: [],
      unknown_symbol: [],
      unanswered: [],
      duplicates: 0,
      conflicts: 0,
      off_grid: 0,
      short_close: 1,
      zero_trade: 1,
      provisional: 0,
      price_rule: 0,
      volume_rule: 0,
      outside: 0,
      out_of_order: 0,
      breaks: { high: 0, low: 0, price: 0, volume: 0, taker: 0, quote_volume: 0, zero_trades: 0 },
      jumps: { count: 0, largest: null },
      flats: { count: 0, longest: 0 },
      days: expect.any(Array),
      sources: { monthly: 671, daily: 0, rest: 0 },
      files: [{ ...file, kind: 'monthly', rows: 671, expected: null }],
    });
    expect(summary.days).toHaveLength(28);
    const last = expected.slice(-24);
    expect(summary.days.at(-1)).toEqual([
      '2021-02-28',
      last.at(-1)?.[4],
      expect.closeTo(
        last.reduce((sum, row) => sum + (row[7] ?? Number.NaN), 0),
        2,
      ),
    ]);
    expect(await metadataOf(bars)).toEqual({
      schema_version: '1',
      symbol: 'ETHUSDT',
      month: '2021-02',
      interval: '1h',
      market: 'spot',
      sources: JSON.stringify([file]),
    });
  });

  it('has the same bytes on every run, in any folder', async () => {
    const given = {
      zips: ['01', '02', '03'].map((day) => member(realFile(`spot/daily/BTCUSDT-1m-2020-01-${day}.zip`))),
      span: monthOf('2020-01'),
      rest: [bar(Date.UTC(2020, 0, 20)), bar(Date.UTC(2020, 0, 10))],
    };
    const once = await run(given);
    const again = await run(given);
    expect(again.bars).not.toBe(once.bars);
    expect(readFileSync(again.bars).equals(readFileSync(once.bars))).toBe(true);
    expect(readFileSync(again.summary, 'utf8')).toBe(readFileSync(once.summary, 'utf8'));
  });
});

describe('rows from REST', () => {
  it('fill what the files lack, in their places, and say where they come from', async () => {
    const { rows, summary, bars } = await built({
      zips: [zip('2020-01-01', bar(at(1)), bar(at(3)))],
      plan: { served: 'daily', provisional: true },
      rest: [
        bar(at(2)),
        bar(at(0)),
        bar(at(4), { trades: 0, volume: 0, quote: 0, takerBase: 0, takerQuote: 0 }),
      ],
    });
    expect(rows.map(({ values, source, flags }) => [values[0], source, flags])).toEqual([
      [at(0), 'rest', 8],
      [at(1), 'daily', 8],
      [at(2), 'rest', 8],
      [at(3), 'daily', 8],
      [at(4), 'rest', 8 | 4],
    ]);
    expect(summary).toMatchObject({
      rows: 5,
      sources: { monthly: 0, daily: 2, rest: 3 },
      gaps: [{ first: '2020-01-01T00:05:00Z', last: '2020-01-01T00:59:00Z', missing: 55 }],
    });
    const sources = JSON.parse((await metadataOf(bars))['sources'] ?? '');
    expect(summary.files).toEqual([
      {
        name: 'BTCUSDT-1m-2020-01-01.zip',
        sha256: sources[0].sha256,
        kind: 'daily',
        rows: 2,
        expected: null,
      },
      {
        name: 'BTCUSDT-1m-2020-01.rest.json',
        sha256: sources[1].sha256,
        kind: 'rest',
        rows: 3,
        expected: null,
      },
    ]);
    expect(sources.map((source: object) => Object.keys(source))).toEqual(Array(2).fill(['name', 'sha256']));
    expect(summary.out_of_order).toBe(1);
  });

  it('never replace a row of a file, not even a floored one, and are counted where they would', async () => {
    const { rows, summary } = await built({
      zips: [zip('2020-01', bar(at(0)), bar(at(1, 500)))],
      rest: [bar(at(0)), bar(at(1), { open: 99 })],
    });
    expect(rows.map(({ values, source, flags }) => [values[0], values[1], source, flags])).toEqual([
      [at(0), 100, 'monthly', 0],
      [at(1), 100, 'monthly', 1],
    ]);
    expect(summary).toMatchObject({
      duplicates: 2,
      conflicts: 1,
      sources: { monthly: 2, daily: 0, rest: 0 },
    });
    expect(summary.files).toHaveLength(1);
  });

  it('are floored, deduplicated and cut like all others', async () => {
    const { rows, summary } = await built({
      zips: [zip('2020-01', bar(at(0)))],
      rest: [bar(at(60)), bar(at(1, 7)), bar(at(2)), bar(at(2), { close: 106 })],
    });
    expect(rows.map(({ values, flags }) => [values[0], values[4], flags])).toEqual([
      [at(0), 105, 0],
      [at(1), 105, 1],
      [at(2), 105, 0],
    ]);
    expect(summary).toMatchObject({ outside: 1, duplicates: 1, conflicts: 1, off_grid: 1 });
  });

  it('make a month that the archive does not have', async () => {
    const { rows, summary } = await built({
      plan: { served: 'none', provisional: true, reason: 'not-published' },
      rest: [bar(at(5))],
    });
    expect(rows.map(({ source, flags }) => [source, flags])).toEqual([['rest', 8]]);
    expect(summary.sources).toEqual({ monthly: 0, daily: 0, rest: 1 });
  });

  it('fail the month when they are malformed', async () => {
    const { result } = await run({ fill: JSON.stringify({ ...NOTHING, rows: [[1]] }) });
    expect(result).toMatchObject({
      failed: {
        code: 'fill-malformed',
        message:
          '2020-01.json: rows.0: column 2 (open): found the end of the row, expected a decimal number as a string',
      },
    });
  });

  it('are named in the metadata by their own content, whatever was said of other bars', async () => {
    const rest = [bar(at(5))];
    const once = await built({ rest });
    const said = { unanswered: [{ ...stretch(6, 59), code: 'http-timeout' }] };
    const again = await built({ rest, said });
    expect(again.summary.files).toEqual(once.summary.files);
    expect(readFileSync(again.bars).equals(readFileSync(once.bars))).toBe(true);
    expect(again.summary.unanswered).toHaveLength(1);
  });
});

describe('what REST says of the gaps', () => {
  it('is told of those that remain, each with its bars', async () => {
    const { summary } = await built({
      zips: [zip('2020-01', bar(at(0)), bar(at(30)), bar(at(40)))],
      said: {
        empty: [stretch(1, 9), stretch(25, 35)],
        unknown_symbol: [stretch(41, 41)],
        unanswered: [
          { ...stretch(42, 50), code: 'rest-banned' },
          { ...stretch(51, 59), code: 'too-recent' },
        ],
      },
    });
    expect(summary).toMatchObject({
      empty_at_source: [
        { ...stretch(1, 9), missing: 9 },
        { ...stretch(25, 29), missing: 5 },
        { ...stretch(31, 35), missing: 5 },
      ],
      unknown_symbol: [{ ...stretch(41, 41), missing: 1 }],
      unanswered: [
        { ...stretch(42, 50), missing: 9, code: 'rest-banned' },
        { ...stretch(51, 59), missing: 9, code: 'too-recent' },
      ],
    });
  });
});

describe('the table in place', () => {
  const daily = (): Given => ({
    zips: [zip('2020-01-01', bar(at(0)), bar(at(1)), bar(at(2)))],
    plan: { served: 'daily', provisional: true },
  });

  it('tells how many bars were added, have other values, are gone, and are final now', async () => {
    const before = (await built(daily())).bars;
    const { result } = await run({
      zips: [zip('2020-01', bar(at(0)), bar(at(2), { close: 106 }), bar(at(3)), bar(at(4)))],
      before,
    });
    expect(result).toEqual({
      changes: { rows_added: 2, rows_changed: 1, rows_removed: 1, rows_made_final: 2 },
    });
  });

  it('is missing at first: every bar is added', async () => {
    const { result } = await run(daily());
    expect(result).toMatchObject({ changes: { rows_added: 3, rows_removed: 0 } });
  });

  it('is not spoken of where every bar is as it was', async () => {
    const before = (await built(daily())).bars;
    expect((await run({ ...daily(), before })).result).toBeUndefined();
  });

  it('may be damaged, or something else: nothing is compared then', async () => {
    const before = join(scratch(), 'bars.parquet');
    writeFileSync(before, 'PAR1 and no more');
    expect((await run({ ...daily(), before })).result).toBeUndefined();
    await asked('COPY (SELECT 1 AS ts) TO $1 (FORMAT parquet)', before);
    expect((await run({ ...daily(), before })).result).toBeUndefined();
  });
});

describe('a month without rows', () => {
  it.each([
    [{ served: 'none', provisional: true, reason: 'pre-listing' }, 'pre-listing'],
    [{ served: 'none', provisional: true, reason: 'not-published' }, 'not-published'],
    [null, 'not-published'],
  ])('is absent for the reason of its plan', async (plan, reason) => {
    const { result } = await run({ plan });
    expect(result).toEqual({ absent: reason });
  });

  it('although it has files says which, not that there are none', async () => {
    const plan = { served: 'monthly', provisional: false };
    const one = await run({ plan, zips: [zip('2020-01')] });
    expect(one.result).toEqual({ absent: 'no bar of 2020-01 in BTCUSDT-1m-2020-01.zip, which is empty' });
    const two = await run({ plan, zips: [zip('2020-01-01'), zip('2020-01-02')] });
    expect(two.result).toEqual({ absent: 'no bar of 2020-01 in 2 files, 2 of them empty' });
    const later = await run({ plan, zips: [zip('2020-01', bar(at(60)))] });
    expect(later.result).toEqual({ absent: 'no bar of 2020-01 in BTCUSDT-1m-2020-01.zip' });
  });
});

it('counts of both tasks add up in the summary', async () => {
  const { summary } = await built({
    zips: [zip('2020-01', bar(at(0)), bar(at(0)), bar(at(-1)), bar(at(2), { high: 1 }))],
    rest: [bar(at(0)), bar(at(61)), bar(at(1), { low: 1000 })],
  });
  expect(summary).toMatchObject({ rows: 3, duplicates: 2, conflicts: 0, outside: 2, price_rule: 2 });
});

it('a staged table that is out of order is never published', async () => {
  const folder = scratch();
  const staged = join(folder, 's.parquet');
  await asked(
    `COPY (SELECT make_timestamp_ms(ts) AS ts, 1.0::DOUBLE AS open, 1.0::DOUBLE AS high, 1.0::DOUBLE AS low,
       1.0::DOUBLE AS close, 1.0::DOUBLE AS volume, make_timestamp_ms(ts) AS close_time, 1.0::DOUBLE AS quote_volume,
       1::BIGINT AS trades, 1.0::DOUBLE AS taker_buy_base, 1.0::DOUBLE AS taker_buy_quote, 'monthly' AS source,
       0 AS flags FROM (VALUES (${at(1)}), (${at(0)})) AS t(ts)) TO $1 (FORMAT parquet)`,
    staged,
  );
  const { workspace, gaps, fill } = await stagedNothing();
  const ctx = fakeContext<MergeParams>({
    target: 'bars/BTCUSDT/2020-01',
    workspace,
    params: PARAMS,
    partition: { keys: { symbol: 'BTCUSDT', month: '2020-01' }, spans: { month: HOUR } },
    inputs: { staged, gaps, fill },
    out: { bars: 'bars.parquet', summary: 'summary.json' },
  });
  expect(await merge.run(ctx)).toMatchObject({
    failed: {
      code: 'gate-order',
      message:
        'bars of bars/BTCUSDT/2020-01: row 1 opens at 2020-01-01T00:00:00Z, expected one after 2020-01-01T00:01:00Z',
    },
  });
});

/** The gaps of a month without files, and no rows for them. */
async function stagedNothing() {
  const ctx = fakeContext<Params>({
    params: { market: 'spot', symbol: 'BTCUSDT', interval: '1m' },
    values: { plan: FINAL },
    members: { zips: [] },
    partition: { keys: { symbol: 'BTCUSDT', month: '2020-01' }, spans: { month: HOUR } },
    out: { bars: 'staged.parquet', gaps: 'gaps.json' },
  });
  await normalize.run(ctx);
  const fill = join(ctx.workspace, 'fill.json');
  writeFileSync(fill, JSON.stringify(NOTHING));
  return { workspace: ctx.workspace, gaps: ctx.outputs['gaps'], fill };
}
