import { describe, expect, it } from 'vitest';
import type { SymbolLag } from '../../src/ui/lag-table.ts';
import { formatLag } from '../../src/ui/lag-table.ts';

const PLAIN = { color: false, width: 80 };

function lag(symbol: string, lagSeconds: number | null): SymbolLag {
  return { symbol, newest: lagSeconds === null ? null : '2025-02-28T23:59:00Z', lagSeconds };
}

describe('the table of lag', () => {
  it('says how far behind each symbol is, in the order given', () => {
    expect(
      formatLag(
        [lag('BTCUSDT', 0), lag('ETHUSDT', null), lag('BNBUSDT', 187_200), lag('SOLUSDT', 180)],
        PLAIN,
      ),
    ).toBe(
      [
        'symbol      newest bar (UTC)      lag',
        'BTCUSDT  2025-02-28 23:59:00        0',
        'ETHUSDT                    —        —',
        'BNBUSDT  2025-02-28 23:59:00  2 d 4 h',
        'SOLUSDT  2025-02-28 23:59:00    3 min',
        '',
      ].join('\n'),
    );
  });

  it('shows the worst twenty of many, those without any bar first, and counts the rest', () => {
    const many = Array.from({ length: 1_024 }, (_, at) => lag(`S${at}`, at * 60));
    const lines = formatLag([...many, lag('NONE', null)], PLAIN).split('\n');
    expect(lines).toHaveLength(1 + 20 + 1 + 1);
    expect(lines[1]).toMatch(/^NONE .*—$/);
    expect(lines[2]).toMatch(/^S1023 .*17 h 3 min$/);
    expect(lines[20]).toMatch(/^S1005 /);
    expect(lines[21]).toBe('… and 1,005 more with no greater lag');
  });

  it('keeps the order of twenty, and says nothing of none', () => {
    const twenty = Array.from({ length: 20 }, (_, at) => lag(`S${at}`, at));
    const lines = formatLag(twenty, PLAIN).trimEnd().split('\n');
    expect(lines.slice(1).map((line) => line.split(' ')[0])).toEqual(twenty.map(({ symbol }) => symbol));
    expect(formatLag([], PLAIN)).toBe('');
  });
});
