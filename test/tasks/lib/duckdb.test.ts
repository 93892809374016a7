import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { discard } from '../../../tasks/lib/discard.ts';
import { withDuckDB } from '../../../tasks/lib/duckdb.ts';
import type { Columns, DoubleColumns } from '../../../tasks/lib/duckdb-columns.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { scratch } from '../context.ts';

const never = new AbortController().signal;

/** Long enough to be interrupted, and never finished by itself. */
const ENDLESS = 'SELECT count(*) FROM range(1000000000000) WHERE range % 7 = 3';

describe('DuckDB', () => {
  it('answers queries with parameters', async () => {
    const rows = await withDuckDB(never, (session) =>
      session.rows('SELECT $1::INT + 1, $2, NULL', [41, "it's"]),
    );
    expect(rows).toEqual([[42, "it's", null]]);
  });

  it('runs on one thread and fetches nothing', async () => {
    const rows = await withDuckDB(never, (session) =>
      session.rows(
        `SELECT current_setting('threads'), current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')`,
      ),
    );
    expect(rows).toEqual([[1n, false, false]]);
  });

  it('gives errors of SQL as they are, and goes on afterwards', async () => {
    await expect(withDuckDB(never, (session) => session.run('SELECT nonsense'))).rejects.toThrow(/nonsense/);
    expect(await withDuckDB(never, (session) => session.rows('SELECT 1'))).toEqual([[1]]);
  });

  it('tells trouble with a file by its code, as the file system does', async ({ skip }) => {
    const disk = smallDisk(40);
    if (disk === undefined) return skip(NO_SMALL_DISK);
    const write = (name: string): Promise<void> =>
      withDuckDB(never, (session) =>
        session.run('COPY (SELECT range, random() FROM range(100000)) TO $1 (FORMAT parquet)', [
          join(disk.path, name),
        ]),
      );
    await expect(write('a.parquet')).rejects.toMatchObject({
      code: 'ENOSPC',
      message: `ENOSPC: no space left on device, '${join(disk.path, 'a.parquet')}'`,
    });
    disk.readOnly();
    await expect(write('b.parquet')).rejects.toMatchObject({
      code: 'EROFS',
      message: `EROFS: read-only file system, '${join(disk.path, 'b.parquet')}'`,
    });
  });

  it('starts nothing for a signal that has fired already', async () => {
    const given = AbortSignal.abort(new Error('not today'));
    await expect(withDuckDB(given, (session) => session.rows('SELECT 1'))).rejects.toThrow('not today');
  });

  it('stops a running query when the signal fires, and is usable at once', async () => {
    const stop = new AbortController();
    const running = withDuckDB(stop.signal, (session) => session.rows(ENDLESS));
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(running).rejects.toThrow('enough');
    expect(await withDuckDB(never, (session) => session.rows('SELECT 2'))).toEqual([[2]]);
  });

  it('stops queries that wait for their turn, too', async () => {
    const stop = new AbortController();
    const all = Array.from({ length: 5 }, () => withDuckDB(stop.signal, (session) => session.rows(ENDLESS)));
    setTimeout(() => stop.abort(new Error('enough')), 50);
    const ends = await Promise.allSettled(all);
    expect(ends.map((end) => end.status === 'rejected' && String(end.reason))).toEqual(
      Array(5).fill('Error: enough'),
    );
  });

  it('leaves threads for files while many queries wait', async () => {
    const stop = new AbortController();
    const all = Array.from({ length: 6 }, () => withDuckDB(stop.signal, (session) => session.rows(ENDLESS)));
    // Reading through libuv's pool would wait for ever if all of its threads were held.
    const { readFile } = await import('node:fs/promises');
    expect((await readFile(new URL(import.meta.url), 'utf8')).length).toBeGreaterThan(0);
    stop.abort(new Error('enough'));
    await Promise.allSettled(all);
  });
});

describe('columns of doubles', () => {
  const columns = (rows: number): DoubleColumns => [
    ['n', Float64Array.from({ length: rows }, (_, row) => row)],
    ['x', Float64Array.from({ length: rows }, (_, row) => (row - 3) / 7)],
  ];

  it.each([0, 1, 2047, 2048, 2049, 10_000])('go in and come out the same: %i rows', async (rows) => {
    const lent = columns(rows);
    const back = await withDuckDB(never, (session) =>
      session.lend(lent, (from) => session.doubles(`SELECT n, x FROM ${from}`)),
    );
    expect(back).toEqual(lent.map(([, values]) => values));
  });

  it('keep every bit: the least, the largest, minus zero', async () => {
    const values = Float64Array.of(-0, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 0.1, 2 ** 53 - 1);
    const [back] = await withDuckDB(never, (session) =>
      session.lend([['x', values]], (from) => session.doubles(`SELECT x FROM ${from}`)),
    );
    expect(Buffer.from(back?.buffer ?? new ArrayBuffer(0)).equals(Buffer.from(values.buffer))).toBe(true);
  });

  it('may be parts of larger arrays', async () => {
    const part = Float64Array.from({ length: 5000 }, (_, row) => row).subarray(7, 4107);
    const [back] = await withDuckDB(never, (session) =>
      session.lend([['x', part]], (from) => session.doubles(`SELECT x FROM ${from}`)),
    );
    expect(back).toEqual(part);
  });

  it('can be read twice in one query, and by two queries at once', async () => {
    const lent = columns(5000);
    const count = 'SELECT count(*)::DOUBLE FROM';
    const [[joined], [one], [two]] = await withDuckDB(never, (session) =>
      session.lend(lent, async (from) => [
        await session.doubles(`${count} ${from} a JOIN ${from} b USING (n)`),
        ...(await Promise.all(
          [0, 1].map(() => withDuckDB(never, (other) => other.doubles(`${count} ${from}`))),
        )),
      ]),
    ).then((all) => [all[0] ?? [], all[1] ?? [], all[2] ?? []] as const);
    expect([joined, one, two]).toEqual([Float64Array.of(5000), Float64Array.of(5000), Float64Array.of(5000)]);
  });

  it('are gone when the work is done', async () => {
    const from = await withDuckDB(never, (session) => session.lend(columns(3), async (name) => name));
    await expect(withDuckDB(never, (session) => session.rows(`SELECT * FROM ${from}`))).rejects.toThrow(
      /nothing is lent under that number/,
    );
  });

  it('must be of one length', async () => {
    const uneven: DoubleColumns = [
      ['a', new Float64Array(3)],
      ['b', new Float64Array(2)],
    ];
    await expect(withDuckDB(never, (session) => session.lend(uneven, session.rows))).rejects.toThrow(
      'column "b" has 2 rows, expected 3 as in the first one',
    );
  });

  it('come as their own types, without a cast, over several vectors', async () => {
    const rows = 5000;
    const lent: Columns = [
      ['whole', Int32Array.from({ length: rows }, (_, row) => row - 2500)],
      ['large', BigInt64Array.from({ length: rows }, (_, row) => BigInt(row) - (1n << 62n))],
      ['time', { micros: BigInt64Array.from({ length: rows }, (_, row) => BigInt(row) * 1_000_000n) }],
      ['name', { names: ['even', 'odd'], codes: Uint8Array.from({ length: rows }, (_, row) => row % 2) }],
    ];
    const [types, wrong] = await withDuckDB(never, (session) =>
      session.lend(lent, async (from) => [
        await session.rows(`SELECT column_type FROM (DESCRIBE FROM ${from})`),
        await session.rows(
          `SELECT count(*) FILTER (whole <> n - 2500 OR large + (1::BIGINT << 62) <> n OR epoch_us(time) <> n * 1000000
             OR name::VARCHAR <> CASE n % 2 WHEN 0 THEN 'even' ELSE 'odd' END), count(*)
           FROM (SELECT *, row_number() OVER () - 1 AS n FROM ${from})`,
        ),
      ]),
    );
    expect(types).toEqual([['INTEGER'], ['BIGINT'], ['TIMESTAMP'], ["ENUM('even', 'odd')"]]);
    expect(wrong).toEqual([[0n, 5000n]]);
  });

  it('must have a name for each code', async () => {
    const lent: Columns = [['name', { names: ['one'], codes: Uint8Array.of(0, 0, 1) }]];
    await expect(withDuckDB(never, (session) => session.lend(lent, session.rows))).rejects.toThrow(
      'column "name" has no name for 1 in row 2',
    );
  });

  it('must not be given away meanwhile: that is an error, not a read of foreign memory', async () => {
    const given = new Float64Array(10_000);
    await expect(
      withDuckDB(never, (session) =>
        session.lend([['x', given]], (from) => {
          discard(given);
          return session.rows(`SELECT sum(x) FROM ${from}`);
        }),
      ),
    ).rejects.toThrow('column "x" was given away while it was lent');
  });

  it('are refused where they are null or no doubles', async () => {
    await expect(
      withDuckDB(never, (session) =>
        session.doubles('SELECT CASE WHEN range = 2500 THEN NULL ELSE 1::DOUBLE END AS x FROM range(3000)'),
      ),
    ).rejects.toThrow('column "x" is null in row 2500: SELECT CASE');
    await expect(withDuckDB(never, (session) => session.doubles('SELECT 1 AS one'))).rejects.toThrow(
      'column "one" is INTEGER, expected DOUBLE: SELECT 1 AS one',
    );
  });

  it('can be written to a file', async () => {
    const path = join(scratch(), 'x.parquet');
    await withDuckDB(never, (session) =>
      session.lend(columns(3), (from) => session.run(`COPY (FROM ${from}) TO $1 (FORMAT parquet)`, [path])),
    );
    expect(existsSync(path)).toBe(true);
    expect(
      await withDuckDB(never, (session) => session.rows('SELECT n FROM read_parquet($1)', [path])),
    ).toEqual([[0], [1], [2]]);
  });
});
