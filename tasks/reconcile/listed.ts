/** A list that is cut after so many rows, and says so: all are counted. It knows no columns. */

/** A month whose files differ in every row would make a file that nobody opens. */
const MOST_ROWS = 10_000;

export interface Listed<Row> {
  readonly rows: readonly Row[];
  /** How many stand in the file, and of how many. */
  readonly counts: { readonly listed: number; readonly of: number };
  add(row: Row): void;
}

export function listed<Row>(): Listed<Row> {
  const rows: Row[] = [];
  let all = 0;
  return {
    rows,
    get counts() {
      return { listed: rows.length, of: all };
    },
    add(row) {
      all++;
      if (rows.length < MOST_ROWS) rows.push(row);
    },
  };
}
