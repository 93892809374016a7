/**
 * What is odd in a month of bars without breaking a rule: closes that jump, and long stretches without a trade. Both
 * are counted and mended nowhere; a missing bar ends a stretch, and nothing is reckoned over it.
 */
import { isoSeconds } from './grid.ts';
import type { Bars } from './table.ts';
import { cell } from './table.ts';

export type Jumps = {
  readonly count: number;
  /** The farthest of them, the first of several: the opening of its bar, and how many standard deviations it is. */
  readonly largest: { readonly ts: string; readonly sigma: number } | null;
};

export type Flats = {
  readonly count: number;
  /** Bars of the longest of them; 0 without any. */
  readonly longest: number;
};

/** With fewer pairs than these a standard deviation says little. */
const LEAST_PAIRS = 100;

/**
 * Log returns from close to close of adjacent bars that are farther from the mean of all such returns of the month than
 * `sigmas` of their standard deviations. Of n returns none can be farther than the root of n, so that a price that goes
 * steadily up does not jump.
 */
export function jumpsIn(bars: Bars, interval: number, sigmas: number): Jumps {
  const returns = adjacentReturns(bars, interval);
  const none: Jumps = { count: 0, largest: null };
  if (returns.length < LEAST_PAIRS) return none;
  const mean = returns.reduce((sum, { value }) => sum + value, 0) / returns.length;
  const squares = returns.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (returns.length - 1));
  const distance = ({ value }: Return): number => Math.abs(value - mean);
  const far = returns.filter((each) => distance(each) > sigmas * deviation);
  const [first, ...others] = far;
  if (first === undefined) return none;
  const most = others.reduce((best, one) => (distance(one) > distance(best) ? one : best), first);
  const sigma = Number((distance(most) / deviation).toFixed(2));
  return { count: far.length, largest: { ts: isoSeconds(most.ts), sigma } };
}

interface Return {
  readonly ts: number;
  readonly value: number;
}

/** Of bars right after another one. A price that is none has no logarithm: its bar breaks a rule and is counted there. */
function adjacentReturns({ rows, ts, close }: Bars, interval: number): readonly Return[] {
  const returns: Return[] = [];
  for (let row = 1; row < rows; row++) {
    const opens = cell(ts, row);
    const before = cell(close, row - 1);
    const after = cell(close, row);
    if (opens - cell(ts, row - 1) !== interval || before <= 0 || after <= 0) continue;
    returns.push({ ts: opens, value: Math.log(after / before) });
  }
  return returns;
}

/** Runs of at least `least` adjacent bars without trades that close alike. */
export function flatsIn({ rows, ts, close, trades }: Bars, interval: number, least: number): Flats {
  let [count, longest, run] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const goesOn =
      run > 0 && cell(ts, row) - cell(ts, row - 1) === interval && cell(close, row) === cell(close, row - 1);
    if (cell(trades, row) !== 0) run = 0;
    else run = goesOn ? run + 1 : 1;
    if (run === least) count++;
    if (run >= least) longest = Math.max(longest, run);
  }
  return { count, longest };
}
