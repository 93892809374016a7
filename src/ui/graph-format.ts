/** A graph as DOT (Graphviz), Mermaid or JSON text. Pure; knows nothing of what the nodes are. */
import { quoted } from './mermaid.ts';
import { printable } from './printable.ts';

export interface DrawnGraph {
  readonly nodes: readonly { readonly id: string; readonly label: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly input: string }[];
}

export const GRAPH_FORMATS = ['dot', 'mermaid', 'json'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

export function formatGraph(graph: DrawnGraph, format: GraphFormat): string {
  switch (format) {
    case 'dot':
      return dot(graph);
    case 'mermaid':
      return mermaid(graph);
    case 'json':
      return `${JSON.stringify(graph)}\n`;
  }
}

function dot({ nodes, edges }: DrawnGraph): string {
  const quote = (text: string): string =>
    `"${printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return [
    'digraph pipeline {',
    '  rankdir=LR;',
    '  node [shape=box, fontname="sans-serif"];',
    ...nodes.map(({ id, label }) => `  ${quote(id)} [label=${quote(label)}];`),
    ...edges.map(({ from, to, input }) => `  ${quote(from)} -> ${quote(to)} [label=${quote(input)}];`),
    '}',
    '',
  ].join('\n');
}

/** Node names of Mermaid are bare words, so nodes are numbered and labelled. */
function mermaid({ nodes, edges }: DrawnGraph): string {
  const names = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  return [
    'flowchart LR',
    ...nodes.map(({ id, label }) => `  ${names.get(id)}[${quoted(label)}]`),
    ...edges
      .filter(({ from, to }) => names.has(from) && names.has(to))
      .map(({ from, to, input }) => `  ${names.get(from)} -- ${quoted(input)} --> ${names.get(to)}`),
    '',
  ].join('\n');
}
