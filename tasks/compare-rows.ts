/** How two files differ, as values: what a comparison of any kind comes to. */

export interface FileDifference {
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** Whether both hold the same values, however they are written; left out where that is not known. */
  readonly sameValues?: boolean;
  /** The first that differ, in the order of the file. */
  readonly rows: readonly DifferingRow[];
}

export interface DifferingRow {
  /** From 1, the header not counted: 0 is the header. */
  readonly row: number;
  /** Only those that differ. Null: no value, or no such row. */
  readonly cells: readonly {
    readonly column: string;
    readonly inPlace: string | null;
    readonly rebuilt: string | null;
  }[];
}

/** What the two are called in sentences. */
export interface Sides {
  readonly old: string;
  readonly made: string;
}

/** Of what was made again to be held against what is there. */
export const IN_PLACE: Sides = { old: 'in place', made: 'made again' };

/** So many rows are shown: they are to give an idea, not a diff. */
export const MOST_ROWS = 3;

export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n', 1)[0] ?? '';
}
