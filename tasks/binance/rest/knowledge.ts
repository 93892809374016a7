/**
 * What a set of stored answers tells: which bars have been asked for, which row each has, and which have none. It
 * depends on what was answered, not on how that was cut into files. Pure: it opens no file and asks nobody.
 */
import type { RestRow } from '../../bars/rest-rows.ts';
import type { Range } from '../../lib/ranges.ts';
import { common, joined, without } from '../../lib/ranges.ts';
import type { Answer } from './answer-file.ts';
import { inOrder, rowsByBar } from './rank.ts';

/** Bars that were asked for together. */
interface Asked extends Range {
  readonly askedAt: number;
  /** The exchange did not know the symbol. */
  readonly unknownSymbol: boolean;
}

export interface Knowledge {
  /** By opening of the bar. Once there was a row, a later answer without it does not undo it. */
  readonly rows: ReadonlyMap<number, readonly RestRow[]>;
  /** Each bar once, as it was asked for last. */
  readonly asked: readonly Asked[];
}

export function knowledgeOf(answers: readonly Answer[], step: number): Knowledge {
  return { rows: rowsByBar(answers, step), asked: lastWords(inOrder(answers), step) };
}

/**
 * Each bar once, as the last of the answers has it that speak of it. The answers' bounds cut the time into pieces, and
 * each piece goes to the first answer that wants it, from the last one backwards: a folder may hold thousands.
 */
function lastWords(answers: readonly Answer[], step: number): readonly Asked[] {
  const bounds = new Set(answers.flatMap(({ first, last }) => [first, last + step]));
  const cuts = [...bounds].sort((a, b) => a - b);
  const places = new Map(cuts.map((cut, place) => [cut, place]));
  /** The next piece from here on that nobody has taken, as far as is known: it may have been taken since. */
  const onward = cuts.map((_, place) => place);
  const freeFrom = (place: number): number => {
    let free = place;
    for (let next = onward[free]; next !== undefined && next !== free; next = onward[free]) free = next;
    for (let at = place; at < free; ) {
      const next = onward[at] ?? free;
      onward[at] = free;
      at = next;
    }
    return free;
  };
  const takers = new Map<number, Answer>();
  for (const answer of [...answers].reverse()) {
    const end = places.get(answer.last + step) ?? 0;
    for (let at = freeFrom(places.get(answer.first) ?? end); at < end; at = freeFrom(at)) {
      takers.set(at, answer);
      onward[at] = at + 1;
    }
  }
  const asked: Asked[] = [];
  let before: Answer | undefined;
  for (const [place, first] of cuts.entries()) {
    const taker = takers.get(place);
    const last = (cuts[place + 1] ?? first) - step;
    const previous = asked.at(-1);
    if (taker !== undefined && taker === before && previous !== undefined) {
      asked[asked.length - 1] = { ...previous, last };
    } else if (taker !== undefined) {
      const { askedAt, error } = taker;
      asked.push({ first, last, askedAt, unknownSymbol: error !== undefined });
    }
    before = taker;
  }
  return asked;
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
      found.push(...(rows.get(bar) ?? []));
    }
  }
  return found;
}

function bare(ranges: readonly Range[]): readonly Range[] {
  return ranges.map(({ first, last }) => ({ first, last }));
}
