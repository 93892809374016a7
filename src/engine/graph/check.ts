/**
 * What only the expanded graph shows: two targets that would write one path, and cycles that run through
 * paths. Cycles between named rules are found with the manifest. Costs nothing where no templates can meet.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import { canonicalJson } from '../json.ts';
import type { OutputSpec, Rule } from '../manifest/model.ts';
import type { Graph } from './graph.ts';
import type { PathEdges } from './path-edges.ts';
import { literalPrefix, render } from './template.ts';

export function checkGraph(graph: Graph, paths: PathEdges): readonly Diagnostic[] {
  return [...sharedOutputs(graph), ...cyclesThroughPaths(graph, paths)];
}

interface Declared {
  readonly rule: Rule;
  readonly output: OutputSpec;
}

function sharedOutputs(graph: Graph): readonly Diagnostic[] {
  const declared = [...graph.manifest.rules.values()].flatMap((rule) =>
    rule.outputs.map((output): Declared => ({ rule, output })),
  );
  const found: Diagnostic[] = [];
  for (const [at, one] of declared.entries()) {
    for (const other of declared.slice(at + 1)) {
      if (!canMeet(one.output, other.output)) continue;
      const path = meetingPath(graph, one, other);
      if (path === undefined) continue;
      found.push({
        ...error(
          `rules "${one.rule.name}" and "${other.rule.name}" both write ${path}`,
          other.output.template.place,
          'give one of the outputs another path: a file has one maker',
        ),
        related: [
          {
            message: `"${one.rule.name}" declares output "${one.output.name}" here`,
            place: one.output.template.place,
          },
        ],
      });
    }
  }
  return found;
}

function canMeet(one: OutputSpec, other: OutputSpec): boolean {
  const [a, b] = [literalPrefix(one.template), literalPrefix(other.template)];
  return a.startsWith(b) || b.startsWith(a);
}

function pathsOf(graph: Graph, { rule, output }: Declared): readonly string[] {
  return graph
    .enumerate(rule)
    .targets.map((index) => render(output.template, graph.partition(graph.target(index)), () => '*'));
}

/** A path that both write, or that one writes inside the other's directory. */
function meetingPath(graph: Graph, one: Declared, other: Declared): string | undefined {
  const first = new Set(pathsOf(graph, one));
  const second = new Set(pathsOf(graph, other));
  for (const path of second) if (first.has(path)) return path;
  if (one.output.directory) for (const path of second) if (liesInside(path, first)) return path;
  if (other.output.directory) for (const path of first) if (liesInside(path, second)) return path;
  return undefined;
}

function liesInside(path: string, folders: ReadonlySet<string>): boolean {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (folders.has(path.slice(0, end))) return true;
  }
  return false;
}

function cyclesThroughPaths(graph: Graph, paths: PathEdges): readonly Diagnostic[] {
  const edges = ruleEdges(graph, paths);
  // Without an edge by path there is nothing here that the manifest layer has not seen.
  if (!edges.some(({ by }) => by === 'path')) return [];
  const needs = new Map<string, Set<string>>();
  for (const name of graph.manifest.rules.keys()) needs.set(name, new Set());
  for (const { consumer, producer, shifted } of edges) if (!shifted) needs.get(consumer)?.add(producer);
  return findCycles(needs).map((cycle) => cycleDiagnostic(graph, cycle));
}

export interface RuleEdge {
  readonly consumer: string;
  readonly producer: string;
  /** Name of the input, or of the dynamic dimension. */
  readonly name: string;
  readonly by: 'rule' | 'path' | 'keys';
  /** With an offset: a rule may need its own earlier partitions. */
  readonly shifted: boolean;
}

/** Which rule needs which, by name, by path or for the keys of a dynamic dimension. Each edge once. */
export function ruleEdges(graph: Graph, paths: PathEdges): readonly RuleEdge[] {
  const edges = new Map<string, RuleEdge>();
  const add = (edge: RuleEdge): void => {
    edges.set(canonicalJson([edge.consumer, edge.producer, edge.name]), edge);
  };
  for (const rule of graph.manifest.rules.values()) {
    const consumer = rule.name;
    for (const input of rule.inputs) {
      const { name } = input;
      if (input.kind === 'rule') {
        add({ consumer, producer: input.rule, name, by: 'rule', shifted: input.offset.length > 0 });
        continue;
      }
      for (const index of graph.enumerate(rule).targets) {
        const path = render(input.template, graph.partition(graph.target(index)));
        for (const member of paths.membersAt(path, input.glob, rule, new Set())) {
          if (member.kind !== 'target') continue;
          add({
            consumer,
            producer: graph.target(member.target).rule.name,
            name,
            by: 'path',
            shifted: false,
          });
        }
      }
    }
    for (const name of rule.for) {
      const dimension = graph.dimension(name);
      if (dimension.kind === 'dynamic')
        add({ consumer, producer: dimension.rule, name, by: 'keys', shifted: false });
    }
  }
  return [...edges.values()];
}

/** Each cycle once, as the names along it, the first one not repeated. Depth first, in declared order. */
export function findCycles(needs: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const seen = new Set<string>();
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (name: string): void => {
    const start = trail.indexOf(name);
    if (start >= 0) {
      const cycle = trail.slice(start);
      const key = canonicalJson([...cycle].sort());
      if (!seen.has(key)) cycles.push(cycle);
      seen.add(key);
      return;
    }
    if (done.has(name)) return;
    trail.push(name);
    for (const next of needs.get(name) ?? []) visit(next);
    trail.pop();
    done.add(name);
  };
  for (const name of needs.keys()) visit(name);
  return cycles;
}

function cycleDiagnostic(graph: Graph, cycle: readonly string[]): Diagnostic {
  const rules = cycle.map((name) => graph.rule(name));
  return {
    ...error(
      `rules form a cycle: ${[...cycle, cycle[0]].join(' → ')}`,
      rules[0]?.place,
      'a target cannot need itself: break one of these inputs',
    ),
    related: rules.slice(1).map((rule) => ({ message: `"${rule.name}" takes part`, place: rule.place })),
  };
}
