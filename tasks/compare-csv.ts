/** Where two CSV files begin to differ, cell by cell: read side by side, and no further than it takes. */
import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import type { DifferingRow, FileDifference, Sides } from './compare-rows.ts';
import { MOST_ROWS, messageOf } from './compare-rows.ts';

type Cells = readonly string[];

/** The caller knows that their bytes differ. */
export async function compareCsv(inPlace: string, rebuilt: string, sides: Sides): Promise<FileDifference> {
  const rows: DifferingRow[] = [];
  const [old, made] = [recordsOf(inPlace, sides.old), recordsOf(rebuilt, sides.made)];
  try {
    let header: Cells = [];
    for (let row = 0; rows.length < MOST_ROWS; row++) {
      const [left, right] = [await next(old), await next(made)];
      if (left === undefined && right === undefined) return ended(rows);
      header = header.length > 0 ? header : (left ?? right ?? []);
      const cells = differing(header, left, right);
      if (cells.length > 0) rows.push({ row, cells });
    }
    return { summary: `at least ${MOST_ROWS} rows differ`, sameValues: false, rows };
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    return { summary: thrown.message, rows };
  } finally {
    await Promise.all([old.return(undefined), made.return(undefined)]);
  }
}

class Unreadable extends Error {}

async function* recordsOf(path: string, side: string): AsyncGenerator<Cells, undefined> {
  const file = createReadStream(path);
  const parser = file.pipe(parse({ bom: true, relax_column_count: true }));
  file.on('error', (thrown) => parser.destroy(thrown));
  try {
    for await (const record of parser) yield record as Cells;
  } catch (thrown) {
    throw new Unreadable(`the file ${side} is no CSV: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    file.destroy();
  }
}

async function next(records: AsyncGenerator<Cells, undefined>): Promise<Cells | undefined> {
  const { value, done } = await records.next();
  return done ? undefined : value;
}

function ended(rows: readonly DifferingRow[]): FileDifference {
  if (rows.length === 0)
    return { summary: 'the cells are the same: only how they are written differs', sameValues: true, rows };
  return {
    summary: rows.length === 1 ? '1 row differs' : `${rows.length} rows differ`,
    sameValues: false,
    rows,
  };
}

function differing(header: Cells, left: Cells | undefined, right: Cells | undefined): DifferingRow['cells'] {
  const width = Math.max(left?.length ?? 0, right?.length ?? 0);
  return Array.from({ length: width }, (_, at) => ({
    column: header[at] ?? `column ${at + 1}`,
    inPlace: left?.[at] ?? null,
    rebuilt: right?.[at] ?? null,
  })).filter((cell) => cell.inPlace !== cell.rebuilt);
}
