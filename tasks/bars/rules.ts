/**
 * What is worth a flag in a bar (docs/DATASET.md), judged from its own values: nothing is dropped or mended
 * here. It knows neither files nor neighbours.
 */
import type { Bars } from './table.ts';
import { cell } from './table.ts';

/** The bits of `flags`. */
export const FLAG = {
  offGrid: 1,
  shortClose: 2,
  noTrades: 4,
  provisional: 8,
  priceRule: 16,
  volumeRule: 32,
} as const;

/** Bits of what a bar can break: the first three set `priceRule`, the others `volumeRule`. */
const RULE = {
  high: 1,
  low: 2,
  price: 4,
  volume: 8,
  taker: 16,
  quote_volume: 32,
  zero_trades: 64,
} as const;

const PRICE_RULES = RULE.high | RULE.low | RULE.price;

/** How many bars break each rule. */
export type Breaks = Readonly<Record<keyof typeof RULE, number>>;

export type Market = 'spot' | 'um' | 'cm';

export interface RuleContext {
  readonly market: Market;
  /** Milliseconds. */
  readonly interval: number;
  readonly provisional: boolean;
}

export type FlagCounts = {
  readonly off_grid: number;
  readonly short_close: number;
  readonly zero_trade: number;
  readonly provisional: number;
  readonly price_rule: number;
  readonly volume_rule: number;
};

/** Adds every flag but `offGrid`, which only the reader of the raw time can know. */
export function applyRules(bars: Bars, { market, interval, provisional }: RuleContext): void {
  const always = provisional ? FLAG.provisional : 0;
  for (let row = 0; row < bars.rows; row++) {
    let flags = cell(bars.flags, row) | always;
    // Against the floored opening: a close before the opening is short, too (docs/DOMAIN.md §2).
    if (cell(bars.close_time, row) < cell(bars.ts, row) + interval - 1) flags |= FLAG.shortClose;
    if (cell(bars.trades, row) === 0) flags |= FLAG.noTrades;
    const broken = brokenRules(bars, row, market);
    if ((broken & PRICE_RULES) !== 0) flags |= FLAG.priceRule;
    if ((broken & ~PRICE_RULES) !== 0) flags |= FLAG.volumeRule;
    bars.flags[row] = flags;
  }
}

export function countFlags({ flags }: Bars): FlagCounts {
  const counts = {
    off_grid: 0,
    short_close: 0,
    zero_trade: 0,
    provisional: 0,
    price_rule: 0,
    volume_rule: 0,
  };
  for (const flag of flags) {
    if ((flag & FLAG.offGrid) !== 0) counts.off_grid++;
    if ((flag & FLAG.shortClose) !== 0) counts.short_close++;
    if ((flag & FLAG.noTrades) !== 0) counts.zero_trade++;
    if ((flag & FLAG.provisional) !== 0) counts.provisional++;
    if ((flag & FLAG.priceRule) !== 0) counts.price_rule++;
    if ((flag & FLAG.volumeRule) !== 0) counts.volume_rule++;
  }
  return counts;
}

export function countBreaks(bars: Bars, market: Market): Breaks {
  const counts = { high: 0, low: 0, price: 0, volume: 0, taker: 0, quote_volume: 0, zero_trades: 0 };
  for (let row = 0; row < bars.rows; row++) {
    const broken = brokenRules(bars, row, market);
    if (broken === 0) continue;
    if ((broken & RULE.high) !== 0) counts.high++;
    if ((broken & RULE.low) !== 0) counts.low++;
    if ((broken & RULE.price) !== 0) counts.price++;
    if ((broken & RULE.volume) !== 0) counts.volume++;
    if ((broken & RULE.taker) !== 0) counts.taker++;
    if ((broken & RULE.quote_volume) !== 0) counts.quote_volume++;
    if ((broken & RULE.zero_trades) !== 0) counts.zero_trades++;
  }
  return counts;
}

function brokenRules(bars: Bars, row: number, market: Market): number {
  const open = cell(bars.open, row);
  const high = cell(bars.high, row);
  const low = cell(bars.low, row);
  const close = cell(bars.close, row);
  let broken = 0;
  if (high < open || high < close || high < low) broken |= RULE.high;
  if (low > open || low > close || low > high) broken |= RULE.low;
  if (open <= 0 || high <= 0 || low <= 0 || close <= 0) broken |= RULE.price;
  const volume = cell(bars.volume, row);
  const quote = cell(bars.quote_volume, row);
  const trades = cell(bars.trades, row);
  const takerBase = cell(bars.taker_buy_base, row);
  const takerQuote = cell(bars.taker_buy_quote, row);
  if (volume < 0 || quote < 0 || takerBase < 0 || takerQuote < 0) broken |= RULE.volume;
  if ((trades === 0) !== (volume === 0)) broken |= RULE.zero_trades;
  if (!atMost(takerBase, volume, trades) || !atMost(takerQuote, quote, trades)) broken |= RULE.taker;
  // COIN-M counts `volume` in contracts and `quote_volume` in the base asset: prices do not bound their ratio there.
  if (market === 'cm') return broken;
  if (!atMost(low * volume, quote, trades) || !atMost(quote, high * volume, trades))
    broken |= RULE.quote_volume;
  return broken;
}

/** Files give 8 decimals: each trade's amount may be off by one of the last place … */
const LAST_PLACE = 1e-8;
/** … and sums beyond 2^53 last places lose digits in a double (docs/DOMAIN.md §2), as products of two do. */
const RELATIVE = 1e-9;

function atMost(less: number, more: number, trades: number): boolean {
  return less <= more + (trades + 1) * LAST_PLACE + Math.abs(more) * RELATIVE;
}
