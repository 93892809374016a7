import { describe, expect, it } from 'vitest';
import type { QualityLine } from '../../src/ui/quality-table.ts';
import { formatQuality } from '../../src/ui/quality-table.ts';

const COVERAGE = {
  check: 'coverage',
  level: 'critical',
  scope: 'month',
  threshold: '0.95',
  unit: 'fraction',
} as const;
const GAP = { check: 'gap', level: 'warning', scope: 'symbol', threshold: '24h', unit: 'minutes' } as const;
const QUOTE = {
  check: 'quote-volume',
  level: 'warning',
  scope: 'month',
  threshold: '0',
  unit: 'bars',
} as const;
const LAG = { check: 'lag', level: 'info', scope: 'dataset', threshold: '48h', unit: 'minutes' } as const;
const ALL = { symbol: 'all', month: 'all' } as const;

const ROWS: readonly QualityLine[] = [
  { ...COVERAGE, ...ALL, value: 0.912345, result: 'broken' },
  { ...COVERAGE, symbol: '1000SHIBUSDT', month: '2024-01', value: 0.912345, result: 'broken' },
  { ...COVERAGE, symbol: 'ETHUSDT', month: '2024-02', value: 0.949999, result: 'broken' },
  { ...COVERAGE, symbol: 'BTCUSDT', month: '2018-02', value: 0.9, result: 'excepted' },
  { ...GAP, ...ALL, value: 2010, result: 'broken' },
  { ...GAP, symbol: 'BTCUSDT', month: 'all', value: 2010, result: 'broken' },
  { ...QUOTE, ...ALL, value: null, result: 'pass' },
  { ...LAG, ...ALL, value: 4000, result: 'broken' },
];

describe('gates as a table', () => {
  it('have a line each, with how many units are broken and the first of them, in 80 columns', () => {
    const text = formatQuality(ROWS, { color: false, width: 80, units: false });
    expect(text).toMatchInlineSnapshot(`
      "check         level     scope    limit     worst  unit     broken
      coverage      critical  month     0.95  0.912345           2: 1000SHIBUSDT/2024…
      gap           warning   symbol     24h      2010  minutes  BTCUSDT
      quote-volume  warning   month        0            bars
      lag           info      dataset    48h      4000  minutes  all
      "
    `);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('have a line for each unit beyond the threshold where that is asked for', () => {
    const broken = ROWS.filter(({ result }) => result === 'broken');
    expect(formatQuality(broken, { color: false, width: 80, units: true })).toMatchInlineSnapshot(`
      "check     level     limit     value  unit     where
      coverage  critical   0.95  0.912345           1000SHIBUSDT/2024-01
      coverage  critical   0.95  0.949999           ETHUSDT/2024-02
      gap       warning     24h      2010  minutes  BTCUSDT
      lag       info        48h      4000  minutes  all
      "
    `);
  });

  it('are red where they are critical, yellow where they warn, and plain where they hold', () => {
    const colors = formatQuality(ROWS, { color: true, width: 80, units: false }).split('\n').slice(1, -1);
    expect(
      colors.map((line) =>
        line.includes('\u001b[31m') ? 'red' : line.includes('\u001b[33m') ? 'yellow' : '',
      ),
    ).toEqual(['red', 'yellow', '', '']);
  });
});
