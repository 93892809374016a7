/** What a drawn selection means in a world: which rule and keys, and which targets there could be at all. */
import type { Roots } from './ask.ts';
import type { BuildStep } from './steps.ts';
import type { Dim, Rule, World } from './world.ts';
import { FIXED, LANES, ruleAt, SYMBOLS } from './world.ts';

export function rootsOf(world: World, { selection }: BuildStep): Roots | undefined {
  if (selection.kind === 'default') return { kind: 'default' };
  if (selection.kind !== 'rule') return undefined;
  const rule = ruleBy(world, selection.rule);
  return { kind: 'rule', rule: world.rules.indexOf(rule), keys: wantedKeys(rule, selection.keys) };
}

export function ruleBy(world: World, which: number): Rule {
  return ruleAt(world, which % world.rules.length);
}

export function wantedKeys(rule: Rule, keys: number): readonly (string | undefined)[] {
  const [first, second] = rule.for;
  if (keys === 0 && first !== undefined) return [FIXED[first]];
  if (keys === 1 && second !== undefined) return [undefined, FIXED[second]];
  return [];
}

const POSSIBLE: Readonly<Record<Dim, readonly string[]>> = {
  sym: SYMBOLS,
  lane: LANES,
  month: ['2023-12', '2024-01', '2024-02'],
  day: ['2024-01-30', '2024-01-31', '2024-02-01', '2024-02-02'],
  file: ['2023-12', '2024-01', '2024-01-31', '2024-02-01', 'b'],
};

export function possibleIds(rule: Rule): readonly string[] {
  return rule.for.reduce<readonly string[]>(
    (ids, dim) => ids.flatMap((id) => POSSIBLE[dim].map((key) => `${id}/${key}`)),
    [rule.name],
  );
}
