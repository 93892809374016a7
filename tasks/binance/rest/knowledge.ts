/**
 * What a set of stored answers tells: which bars have been asked for, which row each has, and which have none. It
 * depends on what was answered, not on how that was cut into files. Pure: it opens no file and asks nobody.
 */
import type { RestRow } from '../../bars/rest-rows.ts';
import type { Range } from '../../lib/ranges.ts';
import { common, joined, without } from '../../lib/ranges.ts';
import type { Answer } from './answer-file.ts';
import { barOf } from './answer-file.ts';
import { inOrder } from './answers.ts';

/** Bars that were asked for together. */
interface Asked extends Range {
  readonly askedAt: number;
  /** The exchange did not know the symbol. */
  readonly unknownSymbol: boolean;
}

export interface Knowledge {
  /** By opening of the bar. Once there was a row, a later answer without it does not undo it. */
  readonly rows: ReadonlyMap<number, RestRow>;
  /** Each bar once, as it was asked for last. */
  readonly asked: readonly Asked[];
}

export function knowledgeOf(answers: readonly Answer[], step: number): Knowledge {
  const rows = new Map<number, RestRow>();
  let asked: readonly Asked[] = [];
  for (const answer of inOrder(answers)) {
    const { first, last, askedAt, error } = answer;
    for (const row of answer.rows) rows.set(barOf(row, step), row);
    const before = without(asked, [{ first, last }], step);
    asked = [...before, { first, last, askedAt, unknownSymbol: error !== undefined }].sort(
      (a, b) => a.first - b.first,
    );
  }
  return { rows, asked };
}

/** The bars of the gaps that nobody has asked for. */
export function unasked(gaps: readonly Range[], { asked }: Knowledge, step: number): readonly Range[] {
  return without(bare(gaps), asked, step);
}

/** The bars of the gaps that have no row, as they were asked for last. */
export function empties(gaps: readonly Range[], { asked, rows }: Knowledge, step: number): readonly Asked[] {
  const found: Asked[] = [];
  for (const piece of common(asked, gaps)) {
    const present: Range[] = [];
    for (let bar = piece.first; bar <= piece.last; bar += step) {
      if (rows.has(bar)) present.push({ first: bar, last: bar });
    }
    found.push(...without([piece], joined(present, step), step));
  }
  return found;
}

/** The rows of the gaps, ascending. */
export function rowsIn(gaps: readonly Range[], { rows }: Knowledge, step: number): readonly RestRow[] {
  const found: RestRow[] = [];
  for (const { first, last } of gaps) {
    for (let bar = first; bar <= last; bar += step) {
      const row = rows.get(bar);
      if (row !== undefined) found.push(row);
    }
  }
  return found;
}

function bare(ranges: readonly Range[]): readonly Range[] {
  return ranges.map(({ first, last }) => ({ first, last }));
}
