/**
 * What each check gives for a month, a symbol and the dataset, from the figures that were reckoned. It knows no
 * thresholds.
 */
import type { Figures, MonthFigures, SymbolFigures } from '../reports/reckon.ts';
import { ALL_MONTHS } from '../reports/rows.ts';
import type { Tally } from '../reports/tally.ts';
import { adjustedOf, coveragesOf } from '../reports/tally.ts';
import type { Check, Scope } from './checks.ts';
import { isCountCheck } from './checks.ts';

export interface Measure {
  /** What is compared. */
  readonly value: number;
  /** What is told: the same, cut to 6 decimals. */
  readonly shown: number;
}

/** Something that gates of one scope are applied to. `all` where it is more than one symbol or month. */
export interface Measured {
  readonly symbol: string;
  readonly month: string;
  /** Null where the check says nothing of it. */
  measure(check: Check): Measure | null;
}

/** In the order of the reports. */
export function measuredIn(figures: Figures, scope: Scope): readonly Measured[] {
  const { symbols, step } = figures;
  switch (scope) {
    case 'month':
      return symbols.flatMap(({ symbol, months }) => months.map((month) => ofMonth(symbol, month, step)));
    case 'symbol':
      return symbols.map((each) => ofSymbol(each, step));
    case 'dataset':
      return [ofDataset(figures)];
  }
}

function ofMonth(symbol: string, { month: { month }, tally }: MonthFigures, step: number): Measured {
  return { symbol, month, measure: (check) => ofTally(check, tally, step) };
}

function ofSymbol(figures: SymbolFigures, step: number): Measured {
  const { symbol, all, lag } = figures;
  return {
    symbol,
    month: ALL_MONTHS,
    measure: (check) => {
      if (check === 'symbols') return figure(missingSymbol(figures));
      return check === 'lag' ? minutes(lag) : ofTally(check, all, step);
    },
  };
}

function ofDataset({ symbols, whole, step }: Figures): Measured {
  return {
    symbol: ALL_SYMBOLS,
    month: ALL_MONTHS,
    measure: (check) => {
      if (check === 'symbols') return figure(sumOf(symbols.map(missingSymbol)));
      if (check === 'lag') return minutes(mostOf(symbols.map(({ lag }) => lag)));
      return ofTally(check, whole, step);
    },
  };
}

const ALL_SYMBOLS = 'all';
const MINUTE = 60_000;

function ofTally(check: Check, tally: Tally, step: number): Measure | null {
  if (isCountCheck(check)) return figure(tally.counts[check]);
  switch (check) {
    case 'coverage': {
      const [value, shown] = [adjustedOf(tally), coveragesOf(tally).coverage_adjusted];
      return value === null || shown === null ? null : { value, shown };
    }
    case 'gap':
      return tally.expected === 0 ? null : minutes(tally.longestUnexcused * step);
    case 'symbols':
    case 'lag':
      return null;
  }
}

/** One that was not listed yet, or is traded no more, is missing for a reason. Null where nothing is expected of it. */
function missingSymbol({ all }: SymbolFigures): number | null {
  if (all.expected === all.excused) return null;
  return all.expected === all.missing ? 1 : 0;
}

function figure(value: number | null): Measure | null {
  return value === null ? null : { value, shown: value };
}

function minutes(ms: number | null): Measure | null {
  if (ms === null) return null;
  return { value: ms / MINUTE, shown: Math.floor((ms * 1_000) / 60) / 1_000_000 };
}

function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (value === null ? sum : (sum ?? 0) + value), null);
}

function mostOf(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? null : Math.max(...known);
}
