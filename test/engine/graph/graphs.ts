/** Graphs from YAML, with dynamic keys handed in, for tests of the graph layer. Builds nothing. */
import type { Diagnostic } from '../../../src/engine/diagnostic.ts';
import { checkGraph } from '../../../src/engine/graph/check.ts';
import { linkInputs } from '../../../src/engine/graph/edges.ts';
import { Graph } from '../../../src/engine/graph/graph.ts';
import type { LinkedInput, Member } from '../../../src/engine/graph/member.ts';
import { PathEdges } from '../../../src/engine/graph/path-edges.ts';
import type { Manifest } from '../../../src/engine/manifest/model.ts';
import { formatDiagnostics } from '../../../src/ui/diagnostic-printer.ts';
import { Rig } from '../../rig.ts';

export const NOW = '2025-06-15T12:00:30Z';
export const AS_OF = '2025-06-14T23:59:00Z';

/** The manifest of a YAML text in which the loader finds nothing wrong. */
export function manifestOf(yaml: string, asOf = AS_OF, rig = new Rig()): Manifest {
  rig.write('pipeline.yaml', `version: 1\n${yaml}`);
  const manifest = rig.load({ now: NOW, asOf });
  if (typeof manifest === 'string') throw new Error(`${manifest}\n\n${yaml}`);
  return manifest;
}

export interface Graphed {
  readonly graph: Graph;
  readonly paths: PathEdges;
}

export function graphOf(yaml: string, asOf?: string, rig?: Rig): Graphed {
  const graph = new Graph(manifestOf(yaml, asOf, rig));
  return { graph, paths: new PathEdges(graph) };
}

/** What the check prints, a line end before and after; empty when nothing is wrong. */
export function problemsIn(yaml: string, asOf?: string): string {
  const { graph, paths } = graphOf(yaml, asOf);
  return printed(checkGraph(graph, paths));
}

export function printed(diagnostics: readonly Diagnostic[]): string {
  const text = formatDiagnostics(diagnostics, { color: false, width: 120 });
  return text === '' ? '' : `\n${text}\n`;
}

/** Ids of a rule's targets, in order. */
export function idsOf({ graph }: Graphed, rule: string): readonly string[] {
  return graph.enumerate(graph.rule(rule)).targets.map((index) => graph.target(index).id);
}

/** The inputs of a target that must exist. */
export function inputsOf({ graph, paths }: Graphed, id: string): readonly LinkedInput[] {
  const link = linkInputs(graph, paths, existing(graph, id));
  if ('awaits' in link) throw new Error(`${id} awaits ${named(graph, link.awaits).join(', ')}`);
  return link.linked;
}

export function awaitsOf({ graph, paths }: Graphed, id: string): readonly string[] {
  const link = linkInputs(graph, paths, existing(graph, id));
  return 'awaits' in link ? named(graph, link.awaits) : [];
}

/** One input's members, each as a line. */
export function membersOf(graphed: Graphed, id: string, input: string): readonly string[] {
  const found = inputsOf(graphed, id).find(({ spec }) => spec.name === input);
  if (found === undefined) throw new Error(`${id} has no input "${input}"`);
  return found.members.map((member) => described(graphed.graph, member));
}

export function described(graph: Graph, member: Member): string {
  switch (member.kind) {
    case 'target': {
      const within = member.within === undefined ? '' : `/${member.within}`;
      return `${graph.target(member.target).id}#${member.output}${within}`;
    }
    case 'file':
      return `file ${member.path}`;
    case 'glob':
      return `glob ${member.pattern.join(' ')}`;
    case 'beyond':
      return `absent ${member.id}: ${member.reason}`;
    case 'unavailable':
      return `unavailable ${member.rule} by ${graph.target(member.target).id}`;
  }
}

function existing(graph: Graph, id: string) {
  for (const rule of graph.manifest.rules.values()) graph.enumerate(rule);
  const target = graph.find(id);
  if (target === undefined) throw new Error(`no target ${id}`);
  return target;
}

function named(graph: Graph, indexes: readonly number[]): readonly string[] {
  return indexes.map((index) => graph.target(index).id);
}
