/**
 * Everything that a target of the reference depends on, spelt out as one text where the engine has a fingerprint.
 * Reads nothing but what was gathered.
 */
import type { Gathered } from './gathering.ts';
import type { Target } from './law.ts';
import { recipeOf } from './manifest-text.ts';
import { libText, moduleText } from './module-text.ts';
import type { Json, World } from './world.ts';
import { fill, outputsOf, paramTemplate } from './world.ts';

/** The undeclared input of rules that learn. */
export const LEARNT = 'extra/e.txt';

/** Everything that decides which bytes come out, spelt out. */
export function basisOf(world: World, target: Target, { inputs, basis }: Gathered): string {
  const { rule, partition } = target;
  const { modules, lib } = world;
  const code = ((): Json => {
    if (rule.make === 'cat') return recipeOf(rule);
    const state = modules[rule.make];
    if (rule.make === 'fetch') return [rule.make, state.version];
    return [rule.make, moduleText(rule.make, state), libText(lib)];
  })();
  const where = ({ keys, spans }: { keys: object; spans: object }): Json =>
    JSON.stringify([Object.entries(keys), Object.entries(spans)]);
  const lists = inputs.filter(({ list }) => list && rule.make !== 'cat');
  return JSON.stringify([
    code,
    where(partition),
    paramsOf(world, target),
    lists.map(({ name, keyed, items, absent, failed }) => [
      keyed && items.length === 0 ? `values of ${name}` : name,
      [items, absent, failed].map((members) => members.map((member) => where(member.partition))),
    ]),
    outputsOf(rule).map(({ name, folder, template }) => [name, folder, fill(template, partition.keys)]),
    basis,
  ]);
}

export function paramsOf(world: World, { rule, partition }: Target): Readonly<Record<string, Json>> {
  const { config, asOf } = world;
  const template = paramTemplate(rule);
  const learns = rule.learns ? { learns: LEARNT } : {};
  if (template === undefined) return learns;
  // One reference and nothing else keeps the type of the value.
  if (rule.param === 'p' || rule.param === 'q') return { ...learns, p: config[rule.param] };
  return { ...learns, p: fill(template, { ...partition.keys, as_of: asOf }) };
}
