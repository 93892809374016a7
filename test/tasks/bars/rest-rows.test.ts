import { describe, expect, it } from 'vitest';
import { fillText, parseRestRows, restRowSchema } from '../../../tasks/bars/rest-rows.ts';
import { bar, klinesOf, restRow } from './rows.ts';

const ROW = restRow(bar(1_704_067_200_000));
const EMPTY = { version: 2, empty: [], unknown_symbol: [], unanswered: [] };

function refusal(text: string): string {
  const result = parseRestRows(text, 'fill.json');
  return result.ok ? 'accepted' : `${result.failure.code} ${result.failure.message}`;
}

const withRow = (row: unknown): string => JSON.stringify({ ...EMPTY, rows: [ROW, row] });

describe('rows from REST', () => {
  it('become the doubles that a file would give', () => {
    const result = parseRestRows(withRow(ROW), 'fill.json');
    if (!result.ok) expect.fail(result.failure.message);
    expect(result.klines).toEqual(klinesOf([bar(1_704_067_200_000), bar(1_704_067_200_000)]));
  });

  it('may be none', () => {
    const result = parseRestRows(JSON.stringify({ ...EMPTY, rows: [] }), 'fill.json');
    expect(result.ok && result.klines.rows).toBe(0);
  });

  it('are read back as they were written, with what has no rows beside them', () => {
    const document = {
      rows: [restRowSchema.parse(ROW)],
      empty: [{ first: Date.UTC(2024, 0, 2), last: Date.UTC(2024, 0, 2, 1) }],
      unknownSymbol: [{ first: Date.UTC(2024, 0, 3), last: Date.UTC(2024, 0, 3) }],
      unanswered: [{ first: Date.UTC(2024, 0, 4), last: Date.UTC(2024, 0, 5), code: 'offline' }],
    };
    expect(fillText(document)).toBe(
      `{"version":2,"empty":[{"first":"2024-01-02T00:00:00Z","last":"2024-01-02T01:00:00Z"}],"unknown_symbol":[{"first":"2024-01-03T00:00:00Z","last":"2024-01-03T00:00:00Z"}],"unanswered":[{"first":"2024-01-04T00:00:00Z","last":"2024-01-05T00:00:00Z","code":"offline"}],"rows":[\n${JSON.stringify(ROW)}\n]}\n`,
    );
    expect(parseRestRows(fillText(document), 'fill.json')).toEqual({
      ok: true,
      klines: klinesOf([bar(1_704_067_200_000)]),
      document,
    });
  });

  it('are refused with the file, the row, the column, what was found and what was expected', () => {
    expect(refusal('{')).toMatch(/^fill-malformed fill\.json: it is no JSON: /);
    const cases: readonly (readonly [row: unknown, problem: string])[] = [
      [ROW.with(4, '1 000'), 'column 5 (close): found "1 000", expected a decimal number as a string'],
      [ROW.with(1, 5), 'column 2 (open): found 5, expected a decimal number as a string'],
      [
        ROW.with(0, 1_704_067_200_000_000),
        'column 1 (open_time): found 1704067200000000, expected a time in milliseconds as a number',
      ],
      [ROW.with(6, -1), 'column 7 (close_time): found -1, expected a time in milliseconds as a number'],
      [ROW.with(8, '3'), 'column 9 (count): found "3", expected a count as a number'],
      [
        ROW.slice(0, 11),
        'column 12 (ignore): found the end of the row, expected a decimal number as a string',
      ],
      [[...ROW, 'more'], 'column 13: found "more", expected the end of the row'],
      ['a'.repeat(50), `found "${'a'.repeat(39)}…, expected a list of 12 columns`],
    ];
    for (const [row, problem] of cases) {
      expect(refusal(withRow(row))).toBe(`fill-malformed fill.json: rows.1: ${problem}`);
    }
  });

  it('of a file of another version are refused', () => {
    expect(refusal('{"version":1,"rows":[]}')).toMatch(/^fill-malformed fill\.json: version: /);
    const range = { first: '2024-01-01T00:00:00Z', last: 'later' };
    expect(refusal(JSON.stringify({ ...EMPTY, empty: [range], rows: [] }))).toBe(
      'fill-malformed fill.json: empty.0.last: found "later", expected an instant in UTC such as 2025-08-22T23:59:00Z',
    );
  });
});
