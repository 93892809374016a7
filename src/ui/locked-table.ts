/** What a locked build came to otherwise than the lockfile says, as a table. Knows how it looks, not how it came to be. */
import type { LockDifference } from '../engine/events.ts';
import { differingRows } from './differing-rows.ts';
import { printable } from './printable.ts';
import { styleFor } from './style.ts';
import type { TableOptions } from './table.ts';
import { formatTable } from './table.ts';

const MOST = 50;
/** Enough to tell two contents apart, and to find the line. */
const DIGITS = 12;
const COLUMNS = [{ title: 'target' }, { title: 'path' }, { title: 'locked' }, { title: 'is' }];

/** Lines that each end with a line end. Empty when nothing differs. */
export function formatLocked(differing: readonly LockDifference[], options: TableOptions): string {
  if (differing.length === 0) return '';
  const rows = differing
    .slice(0, MOST)
    .map(({ target, path, locked, is }) => [
      target,
      path,
      locked === null ? 'no line' : locked.slice(0, DIGITS),
      is === null ? 'nothing' : is.slice(0, DIGITS),
    ]);
  const files = differing.length === 1 ? '1 file differs' : `${differing.length} files differ`;
  const more = differing.length > MOST ? `and ${differing.length - MOST} more\n` : '';
  const how = differing.flatMap((each) => detailsOf(each, options));
  const details = how.length === 0 ? '' : `\n${how.map((line) => `${line}\n`).join('')}`;
  return `${files} from pipeline.lock\n${formatTable(COLUMNS, rows, options)}${more}${details}`;
}

function detailsOf({ path, difference }: LockDifference, { color }: TableOptions): readonly string[] {
  if (difference === undefined) return [];
  const rows = difference.rows.map(({ row, cells }) => ({
    row,
    cells: cells.map(({ column, locked, is }) => ({ column, values: [locked, is] as const })),
  }));
  const name = styleFor(color).bold(printable(path));
  return [`${name}: ${printable(difference.summary)}`, ...differingRows(rows, ['as locked', 'as built'])];
}
