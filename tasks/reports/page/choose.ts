/**
 * What a page can show of much: the worst symbols and the longest gaps. All of them stand in the CSV files. It draws
 * nothing.
 */
import type { SymbolSummary } from '../document.ts';
import { VERDICTS } from '../document.ts';
import { isExcused } from '../gaps.ts';
import type { GapRow } from '../rows.ts';
import { STATUSES } from '../rows.ts';

export const MAX_SYMBOLS = 200;
export const MAX_GAPS = 500;
export const MAX_MONTHS = 5_000;

export interface Chosen<T> {
  readonly shown: readonly T[];
  /** How many there are in all. */
  readonly of: number;
}

/** In the order of the reports. */
export function worstSymbols(
  { symbols }: { readonly symbols: readonly SymbolSummary[] },
  most = MAX_SYMBOLS,
): Chosen<SymbolSummary> {
  if (symbols.length <= most) return { shown: symbols, of: symbols.length };
  const worst = [...symbols]
    .sort((a, b) => badness(b) - badness(a) || coverage(a) - coverage(b))
    .slice(0, most);
  const taken = new Set(worst);
  return { shown: symbols.filter((each) => taken.has(each)), of: symbols.length };
}

/** What nothing excuses comes first: halts of many symbols would leave no room for it. */
export function longestGaps(gaps: readonly GapRow[], most = MAX_GAPS): Chosen<GapRow> {
  return { shown: [...gaps].sort(byWeight).slice(0, most), of: gaps.length };
}

function byWeight(a: GapRow, b: GapRow): number {
  return Number(isExcused(a)) - Number(isExcused(b)) || b.missing - a.missing;
}

/** By level, then by status: absent and failed months are worse than any figure. */
function badness({ level, status }: SymbolSummary): number {
  return VERDICTS.indexOf(level) * STATUSES.length + STATUSES.indexOf(status);
}

function coverage({ coverage_adjusted }: SymbolSummary): number {
  return coverage_adjusted ?? 1;
}
