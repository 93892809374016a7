/** The publisher's own minutes and hours as longer bars. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { collect } from '../../../tasks/bars/collect.ts';
import { parseKlines } from '../../../tasks/bars/kline-csv.ts';
import { applyRules } from '../../../tasks/bars/rules.ts';
import { featuresOf } from '../../../tasks/features/reckon.ts';
import { NO_CLOSES } from '../../../tasks/features/window.ts';
import { realFile } from '../../realdata.ts';
import { monthOf, textIn } from '../bars/real.ts';

function longer(csv: string, month: string, interval: number, length: number) {
  const span = monthOf(month);
  const parsed = parseKlines(Buffer.from(csv), 'a real file');
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const { bars } = collect([{ source: 'daily', klines: parsed.klines }], span, interval);
  applyRules(bars, { market: 'spot', interval, provisional: false });
  const { rows, ...columns } = featuresOf(bars, NO_CLOSES, { span, interval }, length);
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[row]])),
  );
}

const DAY = 86_400_000;

describe('real bars', () => {
  it('of a day make the day that the publisher gives, digit for digit', () => {
    const csv = textIn(realFile('spot/daily/BTCUSDT-1m-2020-01-01.zip'));
    expect(longer(csv, '2020-01', 60_000, DAY)).toMatchObject([
      {
        open: 7195.24,
        high: 7255,
        low: 7175.15,
        close: 7200.85,
        volume: 16792.388165,
        quote_volume: 121214452.11606228,
        trades: 194010,
        taker_buy_base: 8946.955535,
        taker_buy_quote: 64597785.21233434,
        bars: 1440,
        expected: 1440,
        flags: 0,
        vol_bars: 1439,
      },
    ]);
  });

  it('around the outage of 2021-02-11 say that an hour is missing, and that one closed early (docs/DOMAIN.md §2)', () => {
    const csv = readFileSync(realFile('spot/csv/BTCUSDT-1h-2021-02.csv'), 'utf8');
    const days = longer(csv, '2021-02', 3_600_000, DAY);
    expect(days).toHaveLength(28);
    expect(days.filter(({ bars, expected }) => bars !== expected)).toMatchObject([
      { ts: Date.UTC(2021, 1, 11), bars: 23, expected: 24, flags: 2 | 4, vol_bars: 22 },
    ]);
    expect(days.slice(1).every(({ log_return }) => Number.isFinite(log_return))).toBe(true);
  });
});
