/**
 * The pure reckoning behind all reports: facts in, figures out, symbols in the order they come, months ascending. It
 * opens no file, spells no row, and knows no thresholds.
 */
import { floorTo } from '../bars/grid.ts';
import type { HaltedBars } from '../quality/halts.ts';
import { gapsOfMonth, joinGaps } from './gaps.ts';
import { isConfirmedGone, listedSince, listedUntil, withoutRefuted } from './listing.ts';
import type { MonthFacts, SymbolFacts } from './months.ts';
import type { Tally } from './tally.ts';
import { sumMonths, sumSymbols, tallyOf } from './tally.ts';

export interface MonthFigures {
  readonly month: MonthFacts;
  readonly tally: Tally;
}

export interface SymbolFigures {
  readonly symbol: string;
  readonly months: readonly MonthFigures[];
  readonly all: Tally;
  /**
   * Milliseconds; null where there is no bar, and where the symbol is traded no more. That no file has come for long is
   * no proof of that where none has come of any symbol: then the listing is as old, or the archive stands still.
   */
  readonly lag: number | null;
}

export interface Figures {
  /** Milliseconds from bar to bar. */
  readonly step: number;
  readonly symbols: readonly SymbolFigures[];
  readonly whole: Tally;
}

export interface Given {
  readonly step: number;
  /** The end of the last minute that counts, epoch milliseconds. */
  readonly watermark: number;
  /** The bars of known halts, ascending. */
  readonly halted?: readonly HaltedBars[];
}

export function reckon(symbols: readonly SymbolFacts[], { step, watermark, halted = [] }: Given): Figures {
  const figures = symbols.map((given): SymbolFigures & { readonly known: boolean } => {
    const facts = { ...given, months: withoutRefuted(given.months, step) };
    const listing = { since: listedSince(facts), until: listedUntil(facts), firstFile: facts.firstFile };
    const months = facts.months.map((month): MonthFigures => {
      return { month, tally: tallyOf(month, gapsOfMonth(month, listing, halted, step), step) };
    });
    const tallies = months.map(({ tally }) => tally);
    const gaps = joinGaps(
      tallies.flatMap((tally) => tally.gaps),
      step,
    );
    const all = sumMonths(tallies, gaps, step);
    const lag = lagOf(all, step, watermark);
    return { symbol: facts.symbol, months, all, lag, known: isConfirmedGone(facts.months, step) };
  });
  const someLives = figures.some(({ all }) => all.last !== null && !isDelisted(all));
  return {
    step,
    symbols: figures.map(({ known, ...each }) => {
      return isDelisted(each.all) && (known || someLives) ? { ...each, lag: null } : each;
    }),
    whole: sumSymbols(figures.map(({ all }) => all)),
  };
}

function isDelisted({ gaps }: Tally): boolean {
  return gaps.at(-1)?.cause === 'delisted';
}

/** A bar that is longer than a minute can be there only once it has ended. */
function lagOf({ last }: Tally, step: number, watermark: number): number | null {
  if (last === null) return null;
  return Math.max(0, floorTo(step, watermark) - step - last);
}
