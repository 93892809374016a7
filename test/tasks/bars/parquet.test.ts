import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBars, writeBars } from '../../../tasks/bars/parquet.ts';
import type { Bars } from '../../../tasks/bars/table.ts';
import { barsOf, COLUMNS, columnsOf } from '../../../tasks/bars/table.ts';
import { withDuckDB } from '../../../tasks/lib/duckdb.ts';
import { scratch } from '../context.ts';

const never = new AbortController().signal;

/** What a column may hold: times and counts are whole, all else is any double that a decimal can stand for. */
function valuesOf(name: (typeof COLUMNS)[number]): fc.Arbitrary<number> {
  const price = fc.double({ noNaN: true, noDefaultInfinity: true });
  switch (name) {
    case 'ts':
    case 'close_time':
      return fc.oneof(fc.integer({ min: 0, max: 1e14 }), fc.constantFrom(0, 1e14, 9_007_199_254_740));
    case 'trades':
      return fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 32));
    case 'source':
      return fc.integer({ min: 0, max: 2 });
    case 'flags':
      return fc.integer({ min: 0, max: 63 });
    default:
      return price;
  }
}

const row = fc.tuple(...COLUMNS.map(valuesOf));

function tableOf(rows: readonly (readonly number[])[]): Bars {
  return barsOf(COLUMNS.map((_, index) => Float64Array.from(rows, (values) => values[index] ?? Number.NaN)));
}

function bits(bars: Bars): readonly Buffer[] {
  return columnsOf(bars).map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength));
}

const pathHere = (): string => join(scratch(), "month's.parquet");

describe('bars in Parquet', () => {
  it('come back bit for bit, whatever they are, and the same rows give the same bytes', async () => {
    const path = pathHere();
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
        const bars = tableOf(rows);
        const back = await withDuckDB(never, async (session) => {
          await writeBars(session, path, bars);
          return readBars(session, path);
        });
        expect(bits(back)).toEqual(bits(bars));
        const first = readFileSync(path);
        await withDuckDB(never, (session) => writeBars(session, path, tableOf(rows)));
        expect(readFileSync(path).equals(first)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('have the types that readers expect, also where there is no row', async () => {
    const path = pathHere();
    const types = await withDuckDB(never, async (session) => {
      await writeBars(session, path, tableOf([]));
      return session.rows('SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet($1))', [path]);
    });
    expect(types.map((each) => each.join(' '))).toEqual([
      'ts TIMESTAMP',
      'open DOUBLE',
      'high DOUBLE',
      'low DOUBLE',
      'close DOUBLE',
      'volume DOUBLE',
      'close_time TIMESTAMP',
      'quote_volume DOUBLE',
      'trades BIGINT',
      'taker_buy_base DOUBLE',
      'taker_buy_quote DOUBLE',
      'source VARCHAR',
      'flags INTEGER',
    ]);
  });

  it.each([
    [
      [0, 0],
      ['monthly', 'monthly'],
    ],
    [
      [2, 1],
      ['daily', 'rest'],
    ],
    [
      [0, 2],
      ['monthly', 'rest'],
    ],
  ])('say of sources %j that they are %j', async (sources, expected) => {
    const path = pathHere();
    const rows = sources.map((source, at) => COLUMNS.map((name) => (name === 'source' ? source : at)));
    const [bounds] = await withDuckDB(never, async (session) => {
      await writeBars(session, path, tableOf(rows));
      return session.rows(
        `SELECT stats_min_value, stats_max_value FROM parquet_metadata($1) WHERE path_in_schema = 'source'`,
        [path],
      );
    });
    expect(bounds).toEqual(expected);
  });
});
