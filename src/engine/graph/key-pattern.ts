/** The keys of a selector: one key, `*` in place of any text, a range, or nothing for all. Knows no graph. */
import type { Dimension, Rule } from '../manifest/model.ts';
import type { Span } from '../task.ts';
import type { KeyFilter } from './graph.ts';
import type { KeyProblem } from './key-range.ts';
import { keyProblem, overlaps, rangeOf, timeOf } from './key-range.ts';
import { literally } from './template.ts';

type Dimensions = ReadonlyMap<string, Dimension>;

/** Why these patterns can select nothing; `message` goes on from the selector's name. */
export function patternProblem(
  rule: Rule,
  patterns: readonly string[],
  dimensions: Dimensions,
): { readonly message: string; readonly hint?: string } | undefined {
  if (patterns.length > rule.for.length) {
    const takes = rule.for.length === 0 ? 'no keys' : `the keys ${rule.for.join('/')}`;
    const keys = patterns.length === 1 ? '1 key' : `${patterns.length} keys`;
    return { message: ` has ${keys}, and rule "${rule.name}" takes ${takes}` };
  }
  for (const [at, pattern] of patterns.entries()) {
    const dimension = dimensions.get(rule.for[at] ?? '');
    if (dimension === undefined || isOpen(pattern)) continue;
    const problem: KeyProblem | undefined = keyProblem(dimension, pattern);
    if (problem !== undefined) return { message: `: ${problem.message}`, hint: problem.hint };
  }
  return undefined;
}

function isOpen(pattern: string): boolean {
  return pattern === '' || (pattern.includes('*') && !pattern.includes('..'));
}

export function keyFilter(rule: Rule, patterns: readonly string[], dimensions: Dimensions): KeyFilter {
  const tests = new Map(
    rule.for.map((name, at) => [name, keyTest(patterns[at] ?? '', dimensions.get(name))]),
  );
  return (dimension, key, whole) => tests.get(dimension)?.(key, whole) ?? true;
}

function keyTest(
  pattern: string,
  dimension: Dimension | undefined,
): (key: string, whole: Span | undefined) => boolean {
  if (pattern === '') return () => true;
  const range = rangeOf(pattern);
  if (range !== undefined) {
    const { from, to } = range;
    if (dimension?.kind === 'list') {
      const { keys } = dimension;
      const [first, last] = [
        from === '' ? 0 : keys.indexOf(from),
        to === '' ? keys.length : keys.indexOf(to),
      ];
      return (key) => keys.indexOf(key) >= first && keys.indexOf(key) <= last;
    }
    const time = timeOf(range);
    if (time !== undefined) return (_key, whole) => whole !== undefined && overlaps(whole, time);
    return (key) => (from === '' || key >= from) && (to === '' || key <= to);
  }
  if (!pattern.includes('*')) return (key) => key === pattern;
  const shape = new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`);
  return (key) => shape.test(key);
}
