/** The lag of symbols as a table: those that are furthest behind first when there are many. Knows not where it comes from. */
import { formatCount } from './amounts.ts';
import { formatSpan } from './duration.ts';
import type { Column, TableOptions } from './table.ts';
import { formatTable } from './table.ts';

export interface SymbolLag {
  readonly symbol: string;
  /** ISO, UTC; null where there is no bar at all, which is the greatest lag. */
  readonly newest: string | null;
  readonly lagSeconds: number | null;
}

const SHOWN = 20;
const NONE = '—';

// Right-aligned columns are never cropped: of an instant every digit counts.
const COLUMNS: readonly Column[] = [
  { title: 'symbol', align: 'left' },
  { title: 'newest bar (UTC)', align: 'right' },
  { title: 'lag', align: 'right' },
];

/** Lines that each end with a line end; empty without symbols. In the order given, or worst first when not all are shown. */
export function formatLag(lag: readonly SymbolLag[], options: TableOptions): string {
  if (lag.length === 0) return '';
  const shown =
    lag.length <= SHOWN ? lag : [...lag].sort((a, b) => secondsOf(b) - secondsOf(a)).slice(0, SHOWN);
  const rows = shown.map(({ symbol, newest, lagSeconds }) => [
    symbol,
    newest === null ? NONE : newest.slice(0, 19).replace('T', ' '),
    lagSeconds === null ? NONE : formatSpan(lagSeconds),
  ]);
  const left = lag.length - shown.length;
  const rest = left === 0 ? '' : `… and ${formatCount(left)} more with no greater lag\n`;
  return formatTable(COLUMNS, rows, options) + rest;
}

function secondsOf({ lagSeconds }: SymbolLag): number {
  return lagSeconds ?? Number.MAX_SAFE_INTEGER;
}
