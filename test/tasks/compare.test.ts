/** How two files differ: the first rows of tables, values apart from how they are written, bytes of anything else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compareFiles } from '../../tasks/compare.ts';
import { withDuckDB } from '../../tasks/lib/duckdb.ts';

const { signal } = new AbortController();

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'compare-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function compared(
  name: string,
  inPlace: string | Uint8Array,
  rebuilt: string | Uint8Array,
): ReturnType<typeof compareFiles> {
  const [left, right] = [join(folder(), name), join(folder(), name)];
  writeFileSync(left, inPlace);
  writeFileSync(right, rebuilt);
  return compareFiles(left, right, signal);
}

describe('CSV', () => {
  it('tells the row and the column of a cell that differs', async () => {
    expect(await compared('t.csv', 'a,b\n1,2\n3,4\n', 'a,b\n1,2\n3,5\n')).toEqual({
      summary: '1 row differs',
      sameValues: false,
      rows: [{ row: 2, cells: [{ column: 'b', inPlace: '4', rebuilt: '5' }] }],
    });
  });

  it('tells of rows that only one of them has, and of other headers', async () => {
    expect(await compared('t.csv', 'a\n1\n', 'a\n1\n2\n')).toEqual({
      summary: '1 row differs',
      sameValues: false,
      rows: [{ row: 2, cells: [{ column: 'a', inPlace: null, rebuilt: '2' }] }],
    });
    expect((await compared('t.csv', 'a,b\n', 'a,c\n'))?.rows).toEqual([
      { row: 0, cells: [{ column: 'b', inPlace: 'b', rebuilt: 'c' }] },
    ]);
  });

  it('reads no further than the third row that differs', async () => {
    const text = (cell: string): string => `a\n${`${cell}\n`.repeat(100)}`;
    const found = await compared('t.csv', text('1'), text('2'));
    expect(found?.summary).toBe('at least 3 rows differ');
    expect(found?.rows.map(({ row }) => row)).toEqual([1, 2, 3]);
  });

  it('says when only quotes and line ends differ', async () => {
    expect(await compared('t.csv', 'a,b\n1,"2"\n', 'a,b\r\n1,2\r\n')).toEqual({
      summary: 'the cells are the same: only how they are written differs',
      sameValues: true,
      rows: [],
    });
  });

  it('says which of them is no CSV', async () => {
    const found = await compared('t.csv', 'a,b\n1,"2\n', 'a,b\n1,2\n');
    expect(found?.summary).toMatch(/^the file in place is no CSV: Quote Not Closed/);
    expect((await compared('t.csv', 'a\n', 'a\n"x'))?.summary).toMatch(/^the file made again is no CSV: /);
  });

  it('finds the first cell that was changed, whichever it is', async () => {
    const table = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(table, fc.nat(), fc.nat(1), async (rows, at, column) => {
        const row = at % rows.length;
        const text = (cells: readonly (readonly number[])[]): string =>
          `a,b\n${cells.map((each) => `${each.join(',')}\n`).join('')}`;
        const changed = rows.map((cells, index) =>
          index === row ? cells.map((cell, of) => (of === column ? cell + 10 : cell)) : cells,
        );
        const found = await compared('t.csv', text(rows), text(changed));
        expect(found?.rows).toEqual([
          {
            row: row + 1,
            cells: [
              {
                column: 'ab'[column],
                inPlace: String(rows[row]?.[column]),
                rebuilt: String(changed[row]?.[column]),
              },
            ],
          },
        ]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('Parquet', () => {
  async function parquet(sql: string, options = ''): Promise<string> {
    const path = join(folder(), 'symbol=A', 't.parquet');
    mkdirSync(dirname(path));
    await withDuckDB(signal, ({ run }) => run(`COPY (${sql}) TO '${path}' (FORMAT parquet${options})`));
    return path;
  }

  const rows = (change = '0'): string =>
    `SELECT i AS ts, (i * 1.5 + ${change})::DOUBLE AS close, 'x' || i AS "a name" FROM range(1000) t(i)`;

  it('knows values that are the same, however they are packed', async () => {
    const found = await compareFiles(
      await parquet(rows()),
      await parquet(rows(), ', COMPRESSION zstd'),
      signal,
    );
    expect(found).toEqual({
      summary: 'the values are the same: only how they are written differs',
      sameValues: true,
      rows: [],
    });
  });

  it('tells the first rows that differ, how many do, and in which columns', async () => {
    const one = await parquet(rows());
    const other = await parquet(rows('CASE WHEN i % 100 = 7 THEN 0.25 ELSE 0 END'));
    expect(await compareFiles(one, other, signal)).toEqual({
      summary: '10 rows differ',
      sameValues: false,
      rows: [8, 108, 208].map((row) => ({
        row,
        cells: [
          {
            column: 'close',
            inPlace: expect.stringMatching(/^\d+\.\d+$/),
            rebuilt: expect.stringMatching(/^\d+\.\d+$/),
          },
        ],
      })),
    });
  });

  it('tells of rows that only one of them has', async () => {
    const found = await compareFiles(
      await parquet('SELECT 1 AS a UNION ALL SELECT 2'),
      await parquet('SELECT 1 AS a'),
      signal,
    );
    expect(found).toEqual({
      summary: '1 row differs',
      sameValues: false,
      rows: [{ row: 2, cells: [{ column: 'a', inPlace: '2', rebuilt: null }] }],
    });
  });

  it('tells of columns that differ', async () => {
    const found = await compareFiles(
      await parquet('SELECT 1 AS a, 2 AS b'),
      await parquet(`SELECT 'x' AS a, 3 AS c`),
      signal,
    );
    expect(found?.summary).toBe(
      'the columns differ (only in place: b; only made again: c; a is INTEGER in place and VARCHAR made again)',
    );
  });

  it('says which of them cannot be read', async () => {
    const whole = await parquet(rows());
    const broken = join(folder(), 't.parquet');
    writeFileSync(broken, 'PAR1 and no more');
    expect((await compareFiles(broken, whole, signal))?.summary).toMatch(
      /^the file in place is no Parquet file: /,
    );
    expect((await compareFiles(whole, broken, signal))?.summary).toMatch(
      /^the file made again is no Parquet file: /,
    );
  });
});

describe('anything else', () => {
  it('tells the line and the byte of a text, and the byte of anything else', async () => {
    expect(await compared('t.json', '{\n  "a": 1\n}\n', '{\n  "a": 2\n}\n')).toEqual({
      summary: 'they differ from line 2 (byte 10) on',
      rows: [],
    });
    expect(await compared('t.zip', new Uint8Array([1, 0, 10, 4]), new Uint8Array([1, 0, 10, 5]))).toEqual({
      summary: 'they differ from byte 4 on',
      rows: [],
    });
    expect((await compared('t.txt', 'a', 'ab'))?.summary).toBe('they differ from line 1 (byte 2) on');
    expect((await compared('t.txt', 'ab', 'a'))?.summary).toBe('they differ from line 1 (byte 2) on');
  });

  it('has nothing to say of files that are the same, however large', async () => {
    const bytes = new Uint8Array(600_000).fill(65);
    expect(await compared('t.txt', bytes, bytes)).toBeUndefined();
    const other = bytes.slice();
    other[524_288] = 66;
    expect((await compared('t.txt', bytes, other))?.summary).toBe('they differ from line 1 (byte 524289) on');
  });

  it('compares folders file by file', async () => {
    const [left, right] = [folder(), folder()];
    for (const [name, one, other] of [
      ['a.csv', 'x\n1\n', 'x\n2\n'],
      ['b.txt', 'b', 'b'],
      ['deep/c.txt', 'c', undefined],
      ['d.txt', undefined, 'd'],
    ] as const) {
      for (const [base, text] of [
        [left, one],
        [right, other],
      ] as const) {
        if (text === undefined) continue;
        mkdirSync(dirname(join(base, name)), { recursive: true });
        writeFileSync(join(base, name), text);
      }
    }
    expect(await compareFiles(left, right, signal)).toEqual({
      summary: 'differing: a.csv, only in place: deep/c.txt, only made again: d.txt; in a.csv: 1 row differs',
      rows: [{ row: 1, cells: [{ column: 'x', inPlace: '1', rebuilt: '2' }] }],
    });
    expect(await compareFiles(left, left, signal)).toBeUndefined();
  });
});
