/**
 * CSV as RFC 4180 has it, but with LF: a header row, quotes only where a cell needs them, a line end after the
 * last row. It knows the kinds of columns and nothing of what they mean.
 */
import type { ColumnKind, Columns } from './rows.ts';

export function toCsv<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
  const names = namesOf(columns);
  let text = `${names.map(quoted).join(',')}\n`;
  for (const row of rows) {
    text += `${names.map((name) => quoted(cell(columns[name], row[name], String(name)))).join(',')}\n`;
  }
  return text;
}

/** Column names in file order: that of the object's keys, none of which looks like an array index. */
export function namesOf<Row>(columns: Columns<Row>): readonly (keyof Row & string)[] {
  const names: (keyof Row & string)[] = [];
  for (const name in columns) names.push(name);
  return names;
}

function cell(kind: ColumnKind, value: unknown, column: string): string {
  if (value === null && (kind === 'fraction' || kind === 'figure' || kind === 'instant')) return '';
  if (typeof value === 'string' && (kind === 'text' || kind === 'instant')) return value;
  if (typeof value === 'number' && Number.isFinite(value)) {
    // A fraction is a whole number of millionths divided by a million: six decimals are all it has.
    if (kind === 'fraction') return value.toFixed(6);
    if (kind === 'minutes' || kind === 'figure' || (kind === 'count' && Number.isSafeInteger(value)))
      return String(value);
  }
  throw new Error(`column ${column} of kind ${kind} cannot hold ${String(value)}`);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
