/**
 * Which rule needs which: by name, by path, or for the keys of a dynamic dimension. Of paths as much is known as
 * before anything is built: keys that are still to come are stood in for by marks that nothing else can equal.
 */
import picomatch from 'picomatch';
import type { Place } from '../diagnostic.ts';
import { canonicalJson } from '../json.ts';
import type { InputSpec, OutputSpec, Rule } from '../manifest/model.ts';
import type { Partition } from '../task.ts';
import type { Graph } from './graph.ts';
import type { Output } from './outputs.ts';
import type { PathEdges } from './path-edges.ts';
import { oneSpelling, pathsFrom } from './path-edges.ts';
import { relationsOf } from './relation.ts';
import { globStem, mayLieIn, mayMatch, mayMeet, shapeOf } from './shape.ts';
import { render, renderGlob } from './template.ts';

export interface RuleEdge {
  readonly consumer: string;
  readonly producer: string;
  /** Name of the input, or of the dynamic dimension. */
  readonly name: string;
  readonly by: 'rule' | 'path' | 'keys';
  /** Of the input or the dimension. */
  readonly place: Place;
  /** Set by path: what the input reads, as written, and the output that writes it, or may once its keys are known. */
  readonly path: { readonly source: string; readonly output: OutputSpec } | undefined;
  /** Steps by dimension: a rule may need its own earlier partitions. Without zeros. */
  readonly offset: ReadonlyMap<string, number>;
  /** Dimensions whose key is the same on both sides, offset aside. */
  readonly agree: ReadonlySet<string>;
}

type PathInput = Extract<InputSpec, { kind: 'path' }>;

const NO_OFFSET: RuleEdge['offset'] = new Map();

/** Each edge once, in declared order. */
export function ruleEdges(graph: Graph, paths: PathEdges): readonly RuleEdge[] {
  const edges = new Map<string, RuleEdge>();
  for (const rule of graph.manifest.rules.values()) {
    for (const edge of [
      ...rule.inputs.flatMap((input) =>
        input.kind === 'rule' ? byName(graph, rule, input) : byPath(graph, paths, rule, input),
      ),
      ...byKeys(graph, rule),
    ])
      edges.set(canonicalJson([edge.consumer, edge.producer, edge.by, edge.name]), edge);
  }
  return [...edges.values()];
}

function byName(graph: Graph, rule: Rule, input: Extract<InputSpec, { kind: 'rule' }>): readonly RuleEdge[] {
  const { dimensions } = graph.manifest;
  const relations = relationsOf(dimensions, rule, graph.rule(input.rule), input);
  const moving = input.offset.filter(({ by }) => by !== 0);
  return [
    {
      consumer: rule.name,
      producer: input.rule,
      name: input.name,
      by: 'rule',
      place: input.place,
      path: undefined,
      offset: new Map(moving.map(({ dimension, by }) => [dimension, by])),
      agree: new Set(relations.flatMap(({ kind, dimension }) => (kind === 'agrees' ? [dimension.name] : []))),
    },
  ];
}

function byKeys(graph: Graph, rule: Rule): readonly RuleEdge[] {
  return rule.for.flatMap((name): RuleEdge[] => {
    const dimension = graph.dimension(name);
    if (dimension.kind !== 'dynamic') return [];
    const agree = new Set(dimension.of === undefined ? [] : [dimension.of]);
    const { place, rule: producer } = dimension;
    return [
      { consumer: rule.name, producer, name, by: 'keys', place, path: undefined, offset: NO_OFFSET, agree },
    ];
  });
}

function byPath(graph: Graph, paths: PathEdges, rule: Rule, input: PathInput): readonly RuleEdge[] {
  const candidates = paths.outputs.filter((output) => mayRead(rule, input, output));
  if (candidates.length === 0) return [];
  const edge = (output: Output, agree: ReadonlySet<string>): RuleEdge => ({
    consumer: rule.name,
    producer: output.rule.name,
    name: input.name,
    by: 'path',
    place: input.template.place,
    path: { source: input.template.source, output: output.spec },
    offset: NO_OFFSET,
    agree,
  });
  const marked = input.glob ? undefined : markedPath(rule, input);
  for (const output of candidates) {
    const agree = marked === undefined ? undefined : agreement(graph, rule, output, marked);
    // A path has one maker: what holds for every key needs no look at each.
    if (agree !== undefined) return [edge(output, agree)];
  }
  const found = input.glob
    ? matching(graph, rule, input, candidates)
    : reading(graph, rule, input, candidates);
  return [...found].map(([output, agree]) => edge(output, agree));
}

/** By shape alone: whether a path of the input could be one of the output's, whatever the keys. */
export function mayRead(rule: Rule, input: PathInput, output: Output): boolean {
  const shape = shapeOf(input.template);
  if (input.glob) {
    const open = shape.join('/');
    return output.rule !== rule && !output.spec.directory && mayMatch(open, output.shape, false);
  }
  if (output.numbered) return false;
  // `..` and the like are put right once the keys are in.
  if (shape.some((name) => name === '..' || name === '.' || name === '')) return true;
  return output.spec.directory ? mayLieIn(shape, output.shape) : mayMeet(shape, output.shape);
}

type Found = ReadonlyMap<Output, ReadonlySet<string>>;

/** Which outputs the rule's targets read, one path each, and where all of them agree. */
function reading(graph: Graph, rule: Rule, input: PathInput, candidates: readonly Output[]): Found {
  const found = new Map<Output, Set<string>>();
  for (const index of graph.enumerate(rule).targets) {
    const partition = graph.partition(graph.target(index));
    const path = oneSpelling(render(input.template, partition));
    for (const output of candidates) {
      const maker = output.makerOf(path);
      if (maker === undefined) continue;
      const agree = found.get(output) ?? new Set(rule.for);
      found.set(output, agree);
      const producer = maker.kind === 'target' ? graph.target(maker.target) : undefined;
      const theirs = new Map(producer?.rule.for.map((name, at) => [name, producer.keys[at]]));
      for (const name of agree) if (theirs.get(name) !== partition.keys[name]) agree.delete(name);
    }
  }
  return found;
}

/** Which outputs a glob of any of the rule's targets matches. Keys that are still to come may bring a match. */
function matching(graph: Graph, rule: Rule, input: PathInput, candidates: readonly Output[]): Found {
  const { targets, awaits } = graph.enumerate(rule);
  const globs = targets.map((index) => {
    const glob = renderGlob(input.template, graph.partition(graph.target(index)));
    return { stem: globStem(glob), matches: picomatch(glob, { dot: false }) };
  });
  const found = candidates.filter((output) => {
    const listing = output.list();
    if (awaits.length > 0 || listing.awaits.length > 0) return true;
    return globs.some(({ stem, matches }) => pathsFrom(listing, stem).some(({ path }) => matches(path)));
  });
  return new Map(found.map((output) => [output, new Set()]));
}

const mark = (name: string): string => `\u0001${name}\u0001`;

/** The path, or the glob, with marks for keys; undefined where it names a span, which no mark can stand for. */
export function markedPath(rule: Rule, { template }: PathInput): string | undefined {
  if (template.parts.some((part) => typeof part !== 'string' && part.kind === 'dimension' && part.field))
    return undefined;
  const keys = Object.fromEntries(rule.for.map((name) => [name, mark(name)]));
  const partition: Partition = { keys, spans: {} };
  return oneSpelling(render(template, partition));
}

/** The dimensions that agree if this output makes the path whatever the keys; undefined if that is not certain. */
function agreement(graph: Graph, rule: Rule, output: Output, path: string): ReadonlySet<string> | undefined {
  for (const reading of output.readingsOf(path)) {
    const agree = new Set<string>();
    const sure = output.rule.for.every((name) => {
      const key = reading.get(name);
      if (key === mark(name) && rule.for.includes(name)) agree.add(name);
      if (key === undefined || agree.has(name)) return key !== undefined;
      const known = graph.dimension(name).kind === 'dynamic' ? undefined : graph.keysOf(name, reading);
      return known !== undefined && 'keys' in known && known.positions.has(key);
    });
    if (sure) return agree;
  }
  return undefined;
}
