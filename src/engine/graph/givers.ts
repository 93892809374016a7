/**
 * Whose keys a target hangs on: those by which it is there itself, and those by which its inputs have the members
 * that they have. Where a giver gives other keys, there are other targets and other members. Knows no states.
 */
import type { InputSpec, Rule } from '../manifest/model.ts';
import type { DynamicDimension, Graph, Target } from './graph.ts';
import type { Output } from './outputs.ts';
import type { PathEdges } from './path-edges.ts';
import { oneSpelling } from './path-edges.ts';
import { relationsOf } from './relation.ts';
import { markedPath, mayRead } from './rule-edges.ts';
import { mayMatch, shapeAt } from './shape.ts';
import type { Reading } from './template.ts';
import { render, renderGlob } from './template.ts';

/** Targets of `rule` are members of an input, or are not, by the keys that `giver` gives. */
export interface Hold {
  readonly giver: number;
  readonly rule: string;
}

/** Who gives the keys by which the target is there. */
export function giversOfTarget(graph: Graph, { rule, keys }: Target): readonly number[] {
  return rule.for.flatMap((name) => {
    const dimension = dynamicDimension(graph, name);
    return dimension ? giversAt(graph, dimension, keys[rule.for.indexOf(dimension.of ?? '')]) : [];
  });
}

/** Who gives the keys by which inputs have their members, but for keys that the target itself has. */
export function holdsOf(graph: Graph, paths: PathEdges, target: Target): readonly Hold[] {
  const open = openInputs(graph, paths, target.rule);
  if (open.length === 0) return [];
  return open.flatMap((input) => {
    const givers = new Set(giversOf(graph, input, target));
    return [...givers].map((giver) => ({ giver, rule: input.producer.name }));
  });
}

/** What of an input hangs on keys that the reader does not share. */
type OpenInput = { readonly producer: Rule } & (
  | { readonly by: 'rule'; readonly dimension: DynamicDimension; readonly ownParent: boolean }
  | {
      readonly by: 'path';
      readonly dimensions: readonly DynamicDimension[];
      readonly input: PathInput;
      readonly output: Output;
    }
);

type PathInput = Extract<InputSpec, { kind: 'path' }>;

/** By rule, and by the paths of its graph: it is asked for every target of it. */
const known = new WeakMap<PathEdges, Map<Rule, readonly OpenInput[]>>();

function openInputs(graph: Graph, paths: PathEdges, rule: Rule): readonly OpenInput[] {
  const byRule = known.get(paths) ?? new Map<Rule, readonly OpenInput[]>();
  known.set(paths, byRule);
  const before = byRule.get(rule);
  if (before !== undefined) return before;
  const found = rule.inputs.flatMap((input): readonly OpenInput[] => {
    if (input.kind === 'rule') return openRelations(graph, rule, input);
    return paths.outputs.flatMap((output): readonly OpenInput[] => {
      const dimensions = openDimensions(graph, rule, input, output);
      if (dimensions.length === 0 || !mayRead(rule, input, output)) return [];
      return [{ by: 'path', producer: output.rule, dimensions, input, output }];
    });
  });
  byRule.set(rule, found);
  return found;
}

function openRelations(
  graph: Graph,
  rule: Rule,
  input: Extract<InputSpec, { kind: 'rule' }>,
): readonly OpenInput[] {
  const producer = graph.rule(input.rule);
  const relations = relationsOf(graph.manifest.dimensions, rule, producer, input);
  const agrees = new Set(
    relations.flatMap(({ kind, dimension: { name } }) => (kind === 'agrees' ? [name] : [])),
  );
  return producer.for.flatMap((name): readonly OpenInput[] => {
    const dimension = dynamicDimension(graph, name);
    if (dimension === undefined) return [];
    const ownParent = dimension.of !== undefined && agrees.has(dimension.of);
    if (agrees.has(name) && (ownParent || dimension.of === undefined)) return [];
    return [{ by: 'rule', producer, dimension, ownParent }];
  });
}

/** Without those in which a glob matches the reader's own key alone. */
function openDimensions(
  graph: Graph,
  rule: Rule,
  input: PathInput,
  { rule: maker, spec }: Output,
): readonly DynamicDimension[] {
  const marked = input.glob ? markedPath(rule, input) : undefined;
  const own = (name: string): boolean =>
    marked !== undefined &&
    input.template.parts.some(
      (part) => typeof part !== 'string' && part.kind === 'dimension' && part.name === name,
    ) &&
    !mayMatch(marked, shapeAt(spec.template, new Map([[name, ANOTHER]])), false);
  return maker.for.flatMap((name) => {
    const dimension = dynamicDimension(graph, name);
    return dimension === undefined || (dimension.of === undefined && own(name)) ? [] : [dimension];
  });
}

/** A key that is not the reader's. */
const ANOTHER = '\u0002';

function giversOf(graph: Graph, open: OpenInput, target: Target): readonly number[] {
  if (open.by === 'path') return giversOfPath(graph, open, target);
  const { dimension, ownParent } = open;
  return giversAt(
    graph,
    dimension,
    ownParent ? target.keys[target.rule.for.indexOf(dimension.of ?? '')] : undefined,
  );
}

function giversOfPath(
  graph: Graph,
  { dimensions, input, output }: Extract<OpenInput, { by: 'path' }>,
  target: Target,
): readonly number[] {
  const partition = graph.partition(target);
  if (input.glob) {
    const glob = renderGlob(input.template, partition);
    const all = dimensions.flatMap((dimension) => giversAt(graph, dimension, undefined));
    return all.filter((giver) => mayMatch(glob, output.shapeBeside(giver), false));
  }
  const path = oneSpelling(render(input.template, partition));
  const fits = (reading: Reading): boolean => output.rule.for.every((name) => mayBeKey(graph, name, reading));
  return output
    .readingsOf(path)
    .filter(fits)
    .flatMap((reading) => {
      const own = (name: string): boolean =>
        Object.hasOwn(partition.keys, name) && reading.get(name) === partition.keys[name];
      return dimensions
        .filter(({ name, of }) => !own(name) || (of !== undefined && !own(of)))
        .flatMap((dimension) => giversAt(graph, dimension, reading.get(dimension.of ?? '')));
    });
}

function mayBeKey(graph: Graph, name: string, reading: Reading): boolean {
  const key = reading.get(name);
  if (key === undefined || dynamicDimension(graph, name) !== undefined) return true;
  const keys = graph.keysOf(name, reading);
  return 'keys' in keys && keys.positions.has(key);
}

/** At one key of the dimension that this one hangs on, or at all. */
function giversAt(
  graph: Graph,
  { rule, of }: DynamicDimension,
  ofKey: string | undefined,
): readonly number[] {
  const giver = graph.rule(rule);
  if (of === undefined || ofKey === undefined) return graph.enumerate(giver).targets;
  const one = graph.at(giver, [ofKey]);
  return one === undefined ? [] : [one];
}

/** The dimension, if its keys are given. */
export function dynamicDimension(graph: Graph, name: string): DynamicDimension | undefined {
  const dimension = graph.dimension(name);
  return dimension.kind === 'dynamic' ? dimension : undefined;
}
