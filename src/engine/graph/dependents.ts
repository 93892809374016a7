/**
 * All that needs some targets, as far as the graph is known: by what they read, and by whose keys they are there.
 * Knows no states; the caller says which targets take part.
 */
import { linkInputs } from './edges.ts';
import type { DynamicDimension, Graph, Target } from './graph.ts';
import type { PathEdges } from './path-edges.ts';

export interface Start {
  readonly targets: readonly number[];
  /** Targets of this rule that are still to come, by the target that gives their keys. */
  readonly toCome: readonly { readonly giver: number; readonly rule: string }[];
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
    for (const index of dependents.get(toCome(giver, rule)) ?? []) reached.add(index);
  for (const index of reached) for (const next of dependents.get(`${index}`) ?? []) reached.add(next);
  return reached;
}

function toCome(giver: number, rule: string): string {
  return `${giver} ${rule}`;
}

function* needsOf(graph: Graph, paths: PathEdges, target: Target): Iterable<string> {
  for (const giver of giversOf(graph, target)) yield `${giver}`;
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
        yield toCome(member.target, member.rule);
      }
    }
  }
}

/** Who gives the keys by which this target is there, and those by which its fan-ins have their members. */
function giversOf(graph: Graph, target: Target): readonly number[] {
  const producers = target.rule.inputs.flatMap((input) =>
    input.kind === 'rule' ? [graph.rule(input.rule)] : [],
  );
  const dimensions = new Set([target.rule, ...producers].flatMap(({ for: names }) => names));
  return [...dimensions].flatMap((name) => {
    const dimension = graph.dimension(name);
    return dimension.kind === 'dynamic' ? giversBeside(graph, dimension, target) : [];
  });
}

function giversBeside(graph: Graph, { of, rule }: DynamicDimension, target: Target): readonly number[] {
  const giver = graph.rule(rule);
  const at = of === undefined ? -1 : target.rule.for.indexOf(of);
  const { targets } = graph.enumerate(giver, (name, key) => at < 0 || name !== of || key === target.keys[at]);
  return targets;
}
