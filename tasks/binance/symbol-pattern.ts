/**
 * Patterns for symbols, `*USDT`: `*` stands for any characters, `?` for one, and all of the symbol must match. Which
 * symbols come nearest to a pattern that none matches is told, too. Pure text.
 */
import { byCodeUnit } from '../../src/engine/task.ts';

/** Whether a text is a pattern at all. */
export const PATTERN_FORM = /^[A-Z0-9_*?]+$/;

/** Throws where the text is no pattern: the config has been checked. */
export function matcherOf(pattern: string): (symbol: string) => boolean {
  if (!PATTERN_FORM.test(pattern)) throw new RangeError(`"${pattern}" is no pattern of symbols`);
  const [first = '', ...others] = pattern.split(/\*+/);
  const last = others.pop();
  if (last === undefined) return (symbol) => symbol.length === first.length && fits(first, symbol, 0);
  // Each part as early as it fits, in one pass: a regular expression would try all ways to spread many stars.
  return (symbol) => {
    const end = symbol.length - last.length;
    if (first.length > end || !fits(first, symbol, 0) || !fits(last, symbol, end)) return false;
    let at = first.length;
    for (const part of others) {
      while (at + part.length <= end && !fits(part, symbol, at)) at += 1;
      at += part.length;
    }
    return at <= end;
  };
}

/** Whether the part, in which there is no star, stands in the symbol at that place. */
function fits(part: string, symbol: string, at: number): boolean {
  for (let each = 0; each < part.length; each += 1) {
    if (part[each] !== '?' && part[each] !== symbol[at + each]) return false;
  }
  return true;
}

/** Up to `count` symbols in which something like the pattern's own letters stands, the likest first. */
export function nearestSymbols(
  pattern: string,
  symbols: readonly string[],
  count: number,
): readonly string[] {
  const letters = pattern.replaceAll(/[*?]/g, '');
  return symbols
    .map((symbol) => ({ symbol, distance: distanceWithin(letters, symbol) }))
    .sort((a, b) => a.distance - b.distance || byCodeUnit(a.symbol, b.symbol))
    .slice(0, count)
    .map(({ symbol }) => symbol);
}

/** The fewest letters to change, add or drop until `letters` stands somewhere within `text` (Sellers' algorithm). */
function distanceWithin(letters: string, text: string): number {
  let row: readonly number[] = Array.from({ length: text.length + 1 }, () => 0);
  for (const [index, letter] of [...letters].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= text.length; at += 1) {
      const [above = 0, diagonal = 0, left = 0] = [row[at], row[at - 1], next[at - 1]];
      next.push(Math.min(above + 1, left + 1, diagonal + (text[at - 1] === letter ? 0 : 1)));
    }
    row = next;
  }
  return Math.min(...row);
}
