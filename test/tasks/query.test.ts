import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, describe, expect, it } from 'vitest';
import type { QueryResult } from '../../tasks/query.ts';
import { runQuery } from '../../tasks/query.ts';
import { toCsv } from '../../tasks/reports/csv.ts';
import { COVERAGE_COLUMNS, GAP_COLUMNS, QUALITY_COLUMNS } from '../../tasks/reports/rows.ts';
import { scratch } from './context.ts';

/** A folder whose name would mislead globs, quotes and Hive columns. */
let root: string;
beforeEach(() => {
  root = join(scratch(), "it's [a]", 'who=me');
  mkdirSync(root, { recursive: true });
});

async function parquet(path: string, select: string): Promise<string> {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${file.replaceAll("'", "''")}'`);
  connection.closeSync();
  instance.closeSync();
  return file;
}

function file(name: string, text: string): string {
  writeFileSync(join(root, name), text);
  return join(root, name);
}

function bars(symbol: string, month: string): Promise<string> {
  const rows = `SELECT TIMESTAMP '${month}-01' + INTERVAL (range) MINUTE AS ts, range * 1.5::DOUBLE AS close, range AS trades`;
  return parquet(`symbol=${symbol}/month=${month}/bars.parquet`, `${rows} FROM range(3)`);
}

function ask(sql: string): Promise<QueryResult> {
  return runQuery({ tables: [], sql });
}

async function message(result: Promise<QueryResult>): Promise<string> {
  const given = await result;
  return given.ok ? `rows: ${JSON.stringify(given.rows)}` : given.message;
}

describe('a query', () => {
  it('reads Parquet files as one table, with symbol and month from the path, as text', async () => {
    const files = [await bars('BTCUSDT', '2024-01'), await bars('BTCUSDT', '2024-02')];
    const tables = [{ name: 'bars', kind: 'parquet', files, hiveRoot: root } as const];
    expect(await runQuery({ tables, sql: 'FROM bars ORDER BY ts LIMIT 2' })).toEqual({
      ok: true,
      columns: ['ts', 'close', 'trades', 'month', 'symbol'],
      types: ['TIMESTAMP', 'DOUBLE', 'BIGINT', 'VARCHAR', 'VARCHAR'],
      rows: [
        ['2024-01-01T00:00:00Z', 0, 0, '2024-01', 'BTCUSDT'],
        ['2024-01-01T00:01:00Z', 1.5, 1, '2024-01', 'BTCUSDT'],
      ],
    });
    expect(
      await runQuery({
        tables,
        sql: `SELECT month, count(*) n FROM bars WHERE month > '2024-01' GROUP BY ALL`,
      }),
    ).toMatchObject({ rows: [['2024-02', 3]] });
  });

  it('takes no folder above the table for a column', async () => {
    const files = [await parquet('kind=b/x.parquet', 'SELECT 1 AS a')];
    const table = { name: 't', kind: 'parquet', files } as const;
    expect(await runQuery({ tables: [table], sql: 'FROM t' })).toMatchObject({
      columns: ['a', 'kind', 'who'],
    });
    expect(await runQuery({ tables: [{ ...table, hiveRoot: root }], sql: 'FROM t' })).toMatchObject({
      columns: ['a', 'kind'],
      rows: [[1, 'b']],
    });
  });

  it('refuses a table whose own folder one above it would hide', async () => {
    const files = [await parquet('who=you/x.parquet', 'SELECT 1 AS a')];
    const tables = [{ name: 't', kind: 'parquet', files, hiveRoot: root } as const];
    expect(await message(runQuery({ tables, sql: 'FROM t' }))).toBe(
      `table "t" cannot be read: the folder who=… in ${root} hides the table's own: move the workspace out of it`,
    );
  });

  it('reads reports with the types that their columns mean, even without a row', async () => {
    const text = `${toCsv(COVERAGE_COLUMNS, [])}BTCUSDT,2024-01,44640,44640,0,0,1.000000,,0,0,2024-01-01T00:00:00Z,,0,0,0,0,monthly,ok\n`;
    const tables = [
      { name: 'coverage', kind: 'csv', files: [file('coverage.csv', text)] },
      { name: 'gaps', kind: 'csv', files: [file('gaps.csv', toCsv(GAP_COLUMNS, []))] },
      { name: 'quality', kind: 'csv', files: [file('quality.csv', toCsv(QUALITY_COLUMNS, []))] },
    ] as const;
    expect(
      await runQuery({
        tables,
        sql: 'SELECT month, expected, coverage_raw, coverage_adjusted, first_ts, last_ts FROM coverage',
      }),
    ).toEqual({
      ok: true,
      columns: ['month', 'expected', 'coverage_raw', 'coverage_adjusted', 'first_ts', 'last_ts'],
      types: ['VARCHAR', 'BIGINT', 'DOUBLE', 'DOUBLE', 'TIMESTAMP', 'TIMESTAMP'],
      rows: [['2024-01', 44_640, 1, null, '2024-01-01T00:00:00Z', null]],
    });
    expect(await runQuery({ tables, sql: 'FROM gaps' })).toEqual({
      ok: true,
      columns: Object.keys(GAP_COLUMNS),
      types: ['VARCHAR', 'TIMESTAMP', 'TIMESTAMP', 'BIGINT', 'DOUBLE', 'VARCHAR', 'VARCHAR'],
      rows: [],
    });
    expect(await runQuery({ tables, sql: 'SELECT threshold, month, value FROM quality' })).toMatchObject({
      types: ['VARCHAR', 'VARCHAR', 'DOUBLE'],
    });
  });

  it('finds the types of other CSV files by their rows, a month excepted', async () => {
    const files = [file('other.csv', 'month,n,text\n2024,1,"a ""b"", c"\n2025,,\n')];
    expect(await runQuery({ tables: [{ name: 'other', kind: 'csv', files }], sql: 'FROM other' })).toEqual({
      ok: true,
      columns: ['month', 'n', 'text'],
      types: ['VARCHAR', 'BIGINT', 'VARCHAR'],
      rows: [
        ['2024', 1, 'a "b", c'],
        ['2025', null, null],
      ],
    });
  });

  it('takes a table of two thousand files', async () => {
    const one = await parquet('one.parquet', 'SELECT 1 AS a');
    const bytes = readFileSync(one);
    const files = Array.from({ length: 2_000 }, (_, index) => {
      const path = join(root, `part-${index}.parquet`);
      writeFileSync(path, bytes);
      return path;
    });
    const tables = [{ name: 'many', kind: 'parquet', files } as const];
    expect(await message(runQuery({ tables, sql: 'SELECT count(*), sum(a)::INT FROM many' }))).toBe(
      'rows: [[2000,2000]]',
    );
  });

  it('quotes the names of tables', async () => {
    const files = [await parquet('x.parquet', 'SELECT 1 AS a')];
    const tables = [{ name: 'my "odd" one', kind: 'parquet', files, hiveRoot: root } as const];
    expect(await message(runQuery({ tables, sql: 'FROM "my ""odd"" one"' }))).toBe('rows: [[1]]');
  });
});

describe('values', () => {
  it.each([
    ['true', true],
    ['NULL', null],
    ['7::UTINYINT', 7],
    ['1.25::FLOAT', 1.25],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    ['1::HUGEINT', '1'],
    ['sum(5)', '5'],
    ['count(*)', 1],
    ['1.50::DECIMAL(9,2)', '1.50'],
    [`'nan'::DOUBLE`, 'NaN'],
    [`'-infinity'::DOUBLE`, '-Infinity'],
    [`DATE '2024-02-29'`, '2024-02-29'],
    [`TIMESTAMP '2024-02-29 01:02:03'`, '2024-02-29T01:02:03Z'],
    [`TIMESTAMP '2024-02-29 01:02:03.5'`, '2024-02-29T01:02:03.500000Z'],
    [`TIMESTAMP '1969-12-31 23:59:59.999999'`, '1969-12-31T23:59:59.999999Z'],
    [`TIMESTAMP 'infinity'`, 'infinity'],
    [`TIMESTAMP_S '2024-02-29 01:02:03'`, '2024-02-29T01:02:03Z'],
    [`TIMESTAMP_MS '2024-02-29 01:02:03.004'`, '2024-02-29T01:02:03.004000Z'],
    [`TIMESTAMP_NS '2024-02-29 01:02:03.000000004'`, '2024-02-29T01:02:03.000000004Z'],
    [`TIMESTAMPTZ '2024-02-29 01:02:03+02'`, '2024-02-28T23:02:03Z'],
    [`(TIMESTAMPTZ '2024-02-29 01:02:03+02')::VARCHAR`, '2024-02-28 23:02:03+00'],
    [`TIME '01:02:03'`, '01:02:03'],
    ['INTERVAL 90 MINUTE', '01:30:00'],
    [`'a'::ENUM('a', 'b')`, 'a'],
    [`'\\xAA'::BLOB`, '\\xAA'],
    ['[1, NULL, 3]::HUGEINT[]', ['1', null, '3']],
    ['[1, 2]::INT[2]', [1, 2]],
    [`{'at': [TIMESTAMP '2024-01-01'], 'n': {'m': 1}}`, { at: ['2024-01-01T00:00:00Z'], n: { m: 1 } }],
    [`MAP {'k': 1::DECIMAL(3,1)}`, [{ key: 'k', value: '1.0' }]],
    ['union_value(num := 2)', 2],
  ])('%s is JSON', async (sql, json) => {
    const result = await ask(`SELECT ${sql}`);
    expect(result).toMatchObject({ ok: true, rows: [[json]] });
  });

  it('keep apart columns of one name', async () => {
    expect(await ask('SELECT 1 AS a, 2 AS a')).toMatchObject({ columns: ['a', 'a:1'], rows: [[1, 2]] });
  });
});

describe('a mistake', () => {
  it('is shown with its position', async () => {
    expect(await message(ask('SELECT 1 FORM x'))).toBe(
      'Parser Error: syntax error at or near "x"\n\nLINE 1: SELECT 1 FORM x\n                      ^',
    );
    expect(await message(ask('SELECT nope'))).toBe(
      'Binder Error: Referenced column "nope" was not found because the FROM clause is missing\n\nLINE 1: SELECT nope\n               ^',
    );
    expect(await message(ask(`SELECT 'x'::INT`))).toMatch(
      /^Conversion Error: Could not convert string 'x' to INT32/,
    );
    expect(await message(ask(' -- nothing\n'))).toBe('the query is empty');
  });

  it('in the name of a table comes with the names there are', async () => {
    const tables = [{ name: 'bars', kind: 'parquet', files: [await bars('BTCUSDT', '2024-01')] } as const];
    expect(await message(runQuery({ tables, sql: 'FROM bras' }))).toMatch(
      /^Catalog Error: Table with name bras does not exist![\s\S]+\nTables: bars$/,
    );
    expect(await message(ask('FROM bras'))).toMatch(/\nTables: none$/);
  });

  it('of asking a table that is not built yet says what to build', async () => {
    const tables = [{ name: 'features', kind: 'parquet', files: [] } as const];
    const text = 'table "features" exists but has no files yet: run `pipeline build features`';
    expect(await message(runQuery({ tables, sql: 'SELECT * FROM Features' }))).toBe(text);
    expect(await message(runQuery({ tables, sql: 'WITH features AS (SELECT 1) FROM features' }))).toBe(
      'rows: [[1]]',
    );
  });

  it('in a file harms only the queries of its table', async () => {
    const tables = [
      { name: 'broken', kind: 'parquet', files: [file('broken.parquet', 'no parquet at all')] },
      { name: 'gone', kind: 'csv', files: [join(root, 'gone.csv')] },
    ] as const;
    expect(await message(runQuery({ tables, sql: 'SELECT 1' }))).toBe('rows: [[1]]');
    expect(await message(runQuery({ tables, sql: 'FROM broken' }))).toMatch(
      /^table "broken" cannot be read: .*broken\.parquet.*$/,
    );
    expect(await message(runQuery({ tables, sql: 'FROM gone' }))).toMatch(
      /^table "gone" cannot be read: ENOENT.*gone\.csv.*$/,
    );
  });
});

describe('the sandbox', () => {
  const readOnly =
    'only SELECT runs here (WITH, FROM, DESCRIBE, SUMMARIZE and SHOW count as such): the tables are read-only';

  it.each([
    `SELECT * FROM read_csv('/etc/passwd')`,
    `SELECT * FROM read_text('/etc/passwd')`,
    `SELECT * FROM read_blob('/etc/passwd')`,
    `SELECT * FROM glob('/etc/*')`,
    `SELECT * FROM query('FROM read_text(''/etc/passwd'')')`,
  ])('reads no file but those of the tables: %s', async (sql) => {
    expect(await message(ask(sql))).toMatch(/^Permission Error: Cannot access file "\/etc\//);
  });

  it('takes a path for the name of a table', async () => {
    expect(await message(ask(`FROM '/etc/passwd'`))).toMatch(/^Catalog Error: Table with name \/etc\/passwd/);
  });

  it('writes nothing, not even over the files that it may read', async () => {
    const files = [file('gaps.csv', 'symbol,n\nBTCUSDT,1\n')];
    const tables = [{ name: 'gaps', kind: 'csv', files } as const];
    const own = `'${files[0]?.replaceAll("'", "''")}'`;
    const other = `'${join(root, 'other.csv').replaceAll("'", "''")}'`;
    const tries = [
      [`COPY (SELECT 7) TO ${own} (USE_TMP_FILE false)`, readOnly],
      [`EXPLAIN ANALYZE COPY (SELECT 7) TO ${own} (USE_TMP_FILE false)`, readOnly],
      [
        `EXPLAIN (ANALYZE) COPY (SELECT 7) TO ${own} (USE_TMP_FILE false)`,
        'write EXPLAIN, or EXPLAIN ANALYZE, and then a SELECT',
      ],
      [
        `/**/ EXPLAIN ANALYZE COPY (SELECT 7) TO ${own} (USE_TMP_FILE false)`,
        'write EXPLAIN, or EXPLAIN ANALYZE, and then a SELECT',
      ],
      ['CREATE TABLE t (a INT)', readOnly],
      ['SET threads = 1', readOnly],
      [`ATTACH ':memory:' AS other`, readOnly],
      ['INSTALL httpfs', readOnly],
    ] as const;
    for (const [sql, expected] of tries) expect(await message(runQuery({ tables, sql }))).toBe(expected);
    expect(await message(runQuery({ tables, sql: `COPY (SELECT 7) TO ${other}` }))).toMatch(
      /^Permission Error/,
    );
    expect(
      await message(runQuery({ tables, sql: `SELECT 1; COPY (SELECT 7) TO ${own} (USE_TMP_FILE false)` })),
    ).toBe(
      'one SELECT at a time, got 2 statements (a PIVOT counts as two unless it names its values: ON … IN (…))',
    );
    expect(readdirSync(root)).toEqual(['gaps.csv']);
    expect(readFileSync(join(root, 'gaps.csv'), 'utf8')).toBe('symbol,n\nBTCUSDT,1\n');
    // No folder for what does not fit into memory: by default DuckDB makes one where it is started.
    expect(await message(ask(`SELECT current_setting('temp_directory')`))).toBe('rows: [[""]]');
  });

  it('lets plans, descriptions and summaries pass', async () => {
    const tables = [{ name: 'bars', kind: 'parquet', files: [await bars('BTCUSDT', '2024-01')] } as const];
    for (const sql of [
      'EXPLAIN FROM bars',
      'explain analyze SELECT 1',
      'DESCRIBE bars',
      'SUMMARIZE bars',
      'SHOW TABLES',
      'PRAGMA table_info(bars)',
      `PIVOT bars ON symbol IN ('BTCUSDT') USING sum(trades)`,
      'SELECT 1;',
    ]) {
      expect(await runQuery({ tables, sql }), sql).toMatchObject({ ok: true });
    }
  });
});

describe('an interrupt', () => {
  const endless = 'SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3';

  it('ends a query that runs', async () => {
    const abort = new AbortController();
    const result = runQuery({ tables: [], sql: endless, signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    expect(await message(result)).toBe('the query was interrupted');
  });

  it('ends a query that has not begun', async () => {
    expect(await message(runQuery({ tables: [], sql: endless, signal: AbortSignal.abort() }))).toBe(
      'the query was interrupted',
    );
  });
});
