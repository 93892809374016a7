/**
 * Sets of bars as ranges of a grid: which bars two sets have in common, which are left of one, how many there are.
 * Whole numbers only: it knows neither files nor what a bar holds.
 */

/** Openings of the first and of the last bar, epoch milliseconds. A list of ranges ascends and does not overlap. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

export function countIn({ first, last }: Range, step: number): number {
  return (last - first) / step + 1;
}

export function countInAll(ranges: readonly Range[], step: number): number {
  return ranges.reduce((sum, range) => sum + countIn(range, step), 0);
}

/** The bars of both, as pieces of `ranges`: what else a range carries goes with its pieces. */
export function common<T extends Range>(ranges: readonly T[], others: readonly Range[]): readonly T[] {
  const pieces: T[] = [];
  let from = 0;
  for (const range of ranges) {
    while ((others[from]?.last ?? Number.POSITIVE_INFINITY) < range.first) from++;
    for (let at = from; ; at++) {
      const other = others[at];
      if (other === undefined || other.first > range.last) break;
      const first = Math.max(range.first, other.first);
      pieces.push({ ...range, first, last: Math.min(range.last, other.last) });
    }
  }
  return pieces;
}

/** What is left of `ranges` without the bars of `taken`. */
export function without<T extends Range>(
  ranges: readonly T[],
  taken: readonly Range[],
  step: number,
): readonly T[] {
  const left: T[] = [];
  let from = 0;
  for (const range of ranges) {
    while ((taken[from]?.last ?? Number.POSITIVE_INFINITY) < range.first) from++;
    let { first } = range;
    for (let at = from; ; at++) {
      const hole = taken[at];
      if (hole === undefined || hole.first > range.last) break;
      if (hole.first > first) left.push({ ...range, first, last: hole.first - step });
      first = hole.last + step;
    }
    if (first <= range.last) left.push({ ...range, first });
  }
  return left;
}

/** The same bars in as few ranges as there can be, whatever order they come in. */
export function joined(ranges: readonly Range[], step: number): readonly Range[] {
  const result: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = result.at(-1);
    if (previous === undefined || first > previous.last + step) result.push({ first, last });
    else previous.last = Math.max(previous.last, last);
  }
  return result;
}
