import { describe, expect, it } from 'vitest';
import { parseRestRows } from '../../../tasks/bars/rest-rows.ts';
import { bar, klinesOf, restRow } from './rows.ts';

const ROW = restRow(bar(1_704_067_200_000));

function refusal(text: string): string {
  const result = parseRestRows(text, 'fill.json');
  return result.ok ? 'accepted' : `${result.failure.code} ${result.failure.message}`;
}

const withRow = (row: readonly unknown[]): string => JSON.stringify({ version: 1, rows: [ROW, row] });

describe('rows from REST', () => {
  it('become the doubles that a file would give', () => {
    const result = parseRestRows(withRow(ROW), 'fill.json');
    if (!result.ok) expect.fail(result.failure.message);
    expect(result.klines).toEqual(klinesOf([bar(1_704_067_200_000), bar(1_704_067_200_000)]));
  });

  it('may be none', () => {
    const result = parseRestRows('{"version":1,"rows":[]}', 'fill.json');
    expect(result.ok && result.klines.rows).toBe(0);
  });

  it('are refused with the file, the place and the reason', () => {
    expect(refusal('{')).toMatch(/^fill-malformed fill\.json: it is no JSON: /);
    expect(refusal(withRow(ROW.with(4, '1 000')))).toBe(
      'fill-malformed fill.json: rows.1.4: expected a decimal number, got "1 000"',
    );
    expect(refusal(withRow(ROW.with(0, 1_704_067_200_000_000)))).toBe(
      'fill-malformed fill.json: rows.1.0: expected milliseconds',
    );
    for (const bad of [
      ROW.slice(0, 11),
      [...ROW, 'more'],
      ROW.with(8, '3'),
      ROW.with(1, 5),
      ROW.with(6, -1),
    ]) {
      expect(refusal(withRow(bad))).toMatch(/^fill-malformed fill\.json: rows\.1/);
    }
    expect(refusal('{"version":2,"rows":[]}')).toMatch(/^fill-malformed fill\.json: version: /);
  });
});
