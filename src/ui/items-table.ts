/**
 * A table whose last column lists counts: of what does not fit whole items are left out, since a cropped number is a
 * wrong one. Knows nothing of what is counted.
 */
import { printable } from './printable.ts';
import { styleFor } from './style.ts';
import type { Column, TableOptions } from './table.ts';
import { formatTable } from './table.ts';
import { crop, padEnd, textWidth } from './width.ts';

const GAP = 2;

export interface ItemsRow {
  readonly cells: readonly string[];
  readonly items: readonly string[];
}

/** Lines without line ends, the titles first. Columns in which every cell is empty are left out. */
export function itemsTable(
  columns: readonly Column[],
  title: string,
  rows: readonly ItemsRow[],
  options: TableOptions,
): readonly string[] {
  const filled = columns.map((_, at) => rows.some(({ cells }) => cells[at] !== ''));
  const kept = <T>(list: readonly T[]): readonly T[] => list.filter((_, at) => filled[at]);
  const withItems = rows.some(({ items }) => items.length > 0);
  // Room for the last title at least; with less than that the other columns are all there is.
  const least = withItems ? GAP + textWidth(title) : 0;
  const table = formatTable(
    kept(columns),
    rows.map(({ cells }) => kept(cells)),
    { color: false, width: Math.max(1, options.width - least) },
  );
  const lines = table.trimEnd().split('\n');
  const width = Math.max(...lines.map(textWidth));
  const room = options.width - width - GAP;
  return lines.map((line, at) => {
    const last = at === 0 ? (withItems ? title : '') : fitItems(rows[at - 1]?.items ?? [], room);
    const whole = last === '' ? line : `${padEnd(line, width)}${' '.repeat(GAP)}${last}`;
    const fitting = crop(whole, options.width);
    return at === 0 ? styleFor(options.color).bold(fitting) : fitting;
  });
}

/** As many as fit, then `…`; of a single one its beginning, if its first word fits. */
function fitItems(items: readonly string[], room: number): string {
  if (items.length === 0 || room < 1) return '';
  const printed = items.map(printable);
  for (let count = printed.length; count > 0; count--) {
    const text = printed.slice(0, count).join(', ');
    const shown = count === printed.length ? text : `${text}, …`;
    if (textWidth(shown) <= room) return shown;
  }
  const [first = ''] = printed;
  const word = first.split(' ', 1)[0] ?? '';
  return textWidth(word) < room ? crop(first, room) : '…';
}
