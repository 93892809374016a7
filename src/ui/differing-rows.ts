/** How two contents of a file differ, as indented lines: the first rows, of each the cells. It knows no targets. */
import { formatCount } from './amounts.ts';
import { printable } from './printable.ts';

export interface DifferingRow {
  readonly row: number;
  /** The two values in the order of the words; null: none there. */
  readonly cells: readonly {
    readonly column: string;
    readonly values: readonly [string | null, string | null];
  }[];
}

const MOST_CELLS = 4;

/** `words`: what follows each of the two values, as `in place`. */
export function differingRows(
  rows: readonly DifferingRow[],
  [first, second]: readonly [string, string],
): readonly string[] {
  return rows.flatMap(({ row, cells }) => {
    const rest = cells.length > MOST_CELLS ? [`      and ${cells.length - MOST_CELLS} more columns`] : [];
    const each = cells
      .slice(0, MOST_CELLS)
      .map(
        ({ column, values: [was, is] }) =>
          `      ${printable(column)}: ${value(was)} ${first}, ${value(is)} ${second}`,
      );
    return [`    ${row === 0 ? 'header' : `row ${formatCount(row)}`}`, ...each, ...rest];
  });
}

function value(text: string | null): string {
  return text === null ? 'nothing' : printable(text === '' ? '""' : text);
}
