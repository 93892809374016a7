/**
 * All that needs some targets, as far as the graph is known: by what they read, and by whose keys they are there.
 * Of targets that are still to come as much as the rules tell. Knows no states; the caller says which take part.
 */
import type { Rule } from '../manifest/model.ts';
import { linkInputs } from './edges.ts';
import { dynamicDimension, giversOfTarget, holdsOf } from './givers.ts';
import type { DynamicDimension, Graph, KeyFilter, Keys, Target } from './graph.ts';
import type { PathEdges } from './path-edges.ts';
import type { RuleEdge } from './rule-edges.ts';
import { ruleEdges } from './rule-edges.ts';

export interface Start {
  readonly targets: readonly number[];
  readonly toCome: readonly ToCome[];
}

/** Targets of a rule that may come once a target gives keys, or other keys, of one of its dimensions. */
export interface ToCome {
  readonly giver: number;
  readonly dimension: string;
  readonly rule: Rule;
  /** Which of them. */
  readonly filter: KeyFilter;
}

/** The start itself, and what needs it, directly or not. */
export function dependentsOf(
  graph: Graph,
  paths: PathEdges,
  start: Start,
  takesPart: (index: number) => boolean,
): ReadonlySet<number> {
  const dependents = new Map<string, number[]>();
  const add = (need: string, dependent: number): void => {
    const known = dependents.get(need);
    if (known) known.push(dependent);
    else dependents.set(need, [dependent]);
  };
  for (const target of [...graph.targets]) {
    if (!takesPart(target.index)) continue;
    for (const need of needsOf(graph, paths, target)) add(need, target.index);
  }
  const reached = new Set(start.targets);
  for (const { giver, rule } of start.toCome)
    for (const index of dependents.get(hold(giver, rule.name)) ?? []) reached.add(index);
  for (const index of reached) for (const next of dependents.get(`${index}`) ?? []) reached.add(next);
  return reached;
}

function hold(giver: number, rule: string): string {
  return `${giver} ${rule}`;
}

function* needsOf(graph: Graph, paths: PathEdges, target: Target): Iterable<string> {
  for (const giver of giversOfTarget(graph, target)) yield `${giver}`;
  for (const { giver, rule } of holdsOf(graph, paths, target)) {
    yield `${giver}`;
    yield hold(giver, rule);
  }
  const link = linkInputs(graph, paths, target);
  if ('awaits' in link) {
    for (const giver of link.awaits) yield `${giver}`;
    return;
  }
  for (const { members } of link.linked) {
    for (const member of members) {
      if (member.kind === 'target') yield `${member.target}`;
      if (member.kind === 'unavailable') {
        yield `${member.target}`;
        yield hold(member.target, member.rule);
      }
    }
  }
}

/**
 * What needs targets that are to come, and comes by the same keys: with a month the year that is made of it. Where
 * the keys of a dimension agree, as narrowly as the start.
 */
export function followersOf(start: readonly ToCome[], graph: Graph, paths: PathEdges): readonly ToCome[] {
  const edges = ruleEdges(graph, paths);
  return start.flatMap((each) => followers(each, graph, edges));
}

function followers(start: ToCome, graph: Graph, edges: readonly RuleEdge[]): readonly ToCome[] {
  const found: ToCome[] = [];
  const seen = new Set<string>();
  const walked = [{ at: start.rule.name, kept: new Set(start.rule.for) }];
  // What is found joins the end of the list that is walked.
  for (const { at, kept } of walked) {
    for (const { producer, consumer, agree, offset } of edges) {
      const rule = graph.rule(consumer);
      if (producer !== at || !rule.for.includes(start.dimension)) continue;
      const still = new Set([...kept].filter((name) => agree.has(name) && !offset.has(name)));
      const id = [consumer, ...still].join('\n');
      if (seen.has(id)) continue;
      seen.add(id);
      walked.push({ at: consumer, kept: still });
      const filter: KeyFilter = (name, ...key) => !still.has(name) || start.filter(name, ...key);
      found.push({ ...start, rule, filter });
    }
  }
  return found;
}

/**
 * What a selection may yet take in. `mayGive`: whether a giver may give other keys than it has. Where keys that it
 * has are what the filter asks for, no others are looked for, unless the filter takes any.
 */
export function toComeOf(
  graph: Graph,
  rule: Rule,
  filter: KeyFilter,
  mayGive: (giver: number) => boolean,
): readonly ToCome[] {
  return rule.for.flatMap((dimension): readonly ToCome[] => {
    const given = dynamicDimension(graph, dimension);
    if (given === undefined) return [];
    const givers = graph.enumerate(graph.rule(given.rule), filter).targets.filter(mayGive);
    return givers.flatMap((giver) => {
      const known = keysBy(graph, giver, given);
      const asked = 'keys' in known && known.keys.some((key, at) => filter(dimension, key, known.whole[at]));
      return asked && !filter(dimension, UNHEARD_OF, undefined) ? [] : [{ giver, dimension, rule, filter }];
    });
  });
}

/** No key is this. */
const UNHEARD_OF = '\u0000';

/** Leaves out the targets that are there already: those of keys that the giver has given. */
export function onlyToCome(graph: Graph, { giver, dimension, filter }: ToCome): KeyFilter {
  const given = dynamicDimension(graph, dimension);
  if (given === undefined) return filter;
  const known = keysBy(graph, giver, given);
  const [ofKey] = graph.target(giver).keys;
  return (name, key, whole) =>
    filter(name, key, whole) &&
    (name !== given.of || key === ofKey) &&
    (name !== dimension || !('keys' in known && known.positions.has(key)));
}

function keysBy(graph: Graph, giver: number, { name, of }: DynamicDimension): Keys {
  const [ofKey = ''] = graph.target(giver).keys;
  return graph.keysOf(name, new Map(of === undefined ? [] : [[of, ofKey]]));
}
