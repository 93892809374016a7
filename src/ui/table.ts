/**
 * Rows and columns of text that fit a width: the widest texts are cropped first; a number is shown whole or not
 * at all, for a cropped number is a wrong one. Knows nothing of what the columns mean.
 */
import { printable } from './printable.ts';
import { styleFor } from './style.ts';
import { crop, padEnd, padStart, textWidth } from './width.ts';

export interface Column {
  readonly title: string;
  /** Right-aligned columns hold numbers. Left out: right if every cell is a number. */
  readonly align?: 'left' | 'right';
}

export interface TableOptions {
  /** Infinity crops nothing. */
  readonly width: number;
  readonly color: boolean;
}

/** A column as it is laid out. */
interface Laid {
  readonly title: string;
  readonly cells: readonly string[];
  readonly right: boolean;
  /** Below this only its title and its texts go: the widest number, or enough to recognise a text. */
  readonly floor: number;
  readonly natural: number;
}

const GAP = 2;
const LEAST_TEXT = 8;
const NUMBER = /^[-+]?\d[\d.,_]*(e[-+]?\d+)?%?$/i;
const REST: Column = { title: '…' };

/** Lines that each end with a line end: the titles, then the rows. Empty without columns. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  if (columns.length === 0) return '';
  const { laid, widths } = fitWidth(
    columns.map((column, index) => layOut(column, rows, index)),
    rows.length,
    options.width,
  );
  const style = styleFor(options.color);
  const line = (cellOf: (column: Laid) => string): string =>
    laid
      .map((column, index) => place(cellOf(column), column.right, widths[index] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd();
  const lines = [style.bold(line((column) => column.title))];
  for (let row = 0; row < rows.length; row++) lines.push(line((column) => column.cells[row] ?? ''));
  return `${lines.join('\n')}\n`;
}

function layOut(column: Column, rows: readonly (readonly string[])[], index: number): Laid {
  const title = printable(column.title);
  const cells = rows.map((row) => printable(row[index] ?? ''));
  const filled = cells.filter((cell) => cell !== '');
  const numeric = filled.length > 0 && filled.every((cell) => NUMBER.test(cell));
  const right = column.align === undefined ? numeric : column.align === 'right';
  const cellWidth = widest(cells);
  const natural = Math.max(1, cellWidth, textWidth(title));
  return {
    title,
    cells,
    right,
    natural,
    floor: right ? Math.max(1, cellWidth) : Math.min(natural, LEAST_TEXT),
  };
}

function widest(texts: readonly string[]): number {
  let most = 0;
  for (const text of texts) most = Math.max(most, textWidth(text));
  return most;
}

/** Crops texts to 8 columns at least, then titles of numbers, then texts to 1; then leaves out columns from the right. */
function fitWidth(
  laid: readonly Laid[],
  rowCount: number,
  width: number,
): { laid: readonly Laid[]; widths: number[] } {
  const widths = laid.map((column) => column.natural);
  let excess = total(widths) - width;
  const stages: ((column: Laid) => number)[] = [
    (column) => (column.right ? column.natural : column.floor),
    (column) => column.floor,
    (column) => (column.right ? column.floor : 1),
  ];
  for (const floorOf of stages) excess = shrink(widths, laid.map(floorOf), excess);
  if (excess <= 0) return { laid, widths };
  const kept = laid.filter((column) => column.title !== REST.title || column.natural > 1).slice(0, -1);
  if (kept.length === 0) return { laid: laid.slice(0, 1), widths: [Math.max(1, width)] };
  const rest = layOut(
    REST,
    Array.from({ length: rowCount }, () => ['…']),
    0,
  );
  return fitWidth([...kept, rest], rowCount, width);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
}

/** Lowers the widest columns first, never below their floors. Returns how much is still too wide. */
function shrink(widths: number[], floors: readonly number[], excess: number): number {
  let left = excess;
  while (left > 0) {
    let most = -1;
    let next = 0;
    for (const [index, width] of widths.entries()) {
      if (width <= (floors[index] ?? 0)) continue;
      if (most < 0 || width > (widths[most] ?? 0)) {
        next = most < 0 ? 0 : (widths[most] ?? 0);
        most = index;
      } else next = Math.max(next, width);
    }
    if (most < 0) return left;
    const width = widths[most] ?? 0;
    // Down to the next widest at once; columns of one width take turns.
    const lowered = Math.max(floors[most] ?? 0, Math.min(next, width - 1), width - left);
    widths[most] = lowered;
    left -= width - lowered;
  }
  return left;
}

function place(cell: string, right: boolean, width: number): string {
  const shown = textWidth(cell) > width && NUMBER.test(cell) ? '…' : crop(cell, width);
  return right ? padStart(shown, width) : padEnd(shown, width);
}
