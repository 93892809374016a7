/**
 * Keys as people name them, in `where` and in selectors: one key, or a range `A..B` of which an end may be open.
 * Between time keys a range means all that overlaps it, between other keys those from A to B as they are ordered.
 */
import type { Dimension, Every } from '../manifest/model.ts';
import { nearest } from '../manifest/nearest.ts';
import type { Span } from '../task.ts';
import { everyOf, timeKey, timeKeyAt } from './calendar.ts';
import type { KeySet } from './key-set.ts';
import { firstReaching } from './key-set.ts';

export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

export function rangeOf(text: string): KeyRange | undefined {
  const at = text.indexOf('..');
  return at < 0 ? undefined : { from: text.slice(0, at), to: text.slice(at + 2) };
}

/** The time between the two ends; undefined if one of them names no time, or if both are open. */
export function timeOf({ from, to }: KeyRange): Span | undefined {
  const [first, last] = [timeKey(from), timeKey(to)];
  if ((from !== '' && first === undefined) || (to !== '' && last === undefined)) return undefined;
  if (first === undefined && last === undefined) return undefined;
  return { start: first?.start ?? Number.NEGATIVE_INFINITY, end: last?.end ?? Number.POSITIVE_INFINITY };
}

export function overlaps(a: Span, b: Span): boolean {
  return a.start < b.end && a.end > b.start;
}

/** Positions of the keys in a range, ascending. */
export function positionsWithin(known: KeySet, range: KeyRange): readonly number[] {
  const time = timeOf(range);
  if (time === undefined || known.reach.length === 0) return between(known, range);
  const positions: number[] = [];
  for (let at = firstReaching(known, time.start); at < known.reach.length; at++) {
    const whole = known.whole[at];
    if (whole === undefined || whole.start >= time.end) break;
    if (overlaps(whole, time)) positions.push(at);
  }
  return positions;
}

function between(known: KeySet, { from, to }: KeyRange): readonly number[] {
  const first = from === '' ? 0 : known.positions.get(from);
  const last = to === '' ? known.keys.length - 1 : known.positions.get(to);
  if (first === undefined || last === undefined) return [];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => first + step);
}

export interface KeyProblem {
  readonly message: string;
  readonly hint: string;
}

/** Why a key or range can be none of this dimension's, whatever its edges; dynamic dimensions may have any. */
export function keyProblem(dimension: Dimension, text: string): KeyProblem | undefined {
  const range = rangeOf(text);
  const ends = range === undefined ? [text] : [range.from, range.to].filter((end) => end !== '');
  switch (dimension.kind) {
    case 'dynamic':
      return undefined;
    case 'list': {
      const unknown = ends.find((end) => !dimension.keys.includes(end));
      if (unknown !== undefined) return unknownKey(dimension.name, unknown, dimension.keys);
      const [first, last] = ends.map((end) => dimension.keys.indexOf(end));
      return first !== undefined && last !== undefined && first > last
        ? backwards(text, ends, `"${dimension.name}" lists them the other way round`)
        : undefined;
    }
    case 'calendar': {
      const { name, every } = dimension;
      const strange = ends.find((end) => timeKey(end) === undefined);
      if (strange !== undefined) return strangeTime(name, every, strange);
      if (range === undefined) return everyOf(text) === every ? undefined : strangeTime(name, every, text);
      const time = timeOf(range);
      return time !== undefined && time.start >= time.end
        ? backwards(text, ends, 'time runs the other way')
        : undefined;
    }
  }
}

function unknownKey(dimension: string, key: string, keys: readonly string[]): KeyProblem {
  const near = nearest(key, keys);
  const few = keys.slice(0, 12).join(', ');
  return {
    message: `"${key}" is no key of dimension "${dimension}"`,
    hint: near === undefined ? `its keys: ${few}${keys.length > 12 ? ', …' : ''}` : `did you mean "${near}"?`,
  };
}

function strangeTime(dimension: string, every: Every, key: string): KeyProblem {
  const like = timeKeyAt(every, Date.UTC(2024, 0, 5, 7)).key;
  return {
    message: `"${key}" is no key of dimension "${dimension}", whose keys look like ${like}`,
    hint:
      timeKey(key) === undefined
        ? `name a ${every}, or a range such as ${like}..${like}`
        : `"${key}..${key}" is the range of all that overlaps it`,
  };
}

function backwards(text: string, [from, to]: readonly string[], why: string): KeyProblem {
  return { message: `the range "${text}" is empty: ${why}`, hint: `write "${to}..${from}"` };
}
