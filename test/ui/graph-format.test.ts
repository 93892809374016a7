import { describe, expect, it } from 'vitest';
import { formatGraph, GRAPH_FORMATS } from '../../src/ui/graph-format.ts';

const graph = {
  nodes: [
    { id: 'raw', label: 'raw[symbol]' },
    { id: 'bars', label: 'bars' },
  ],
  edges: [{ from: 'raw', to: 'bars', input: 'zips' }],
};
const hostile = {
  nodes: [
    { id: 'a"b\\', label: 'a"b\\' },
    { id: '<b>#1`', label: '<b>&#1`\u001b[31m\n' },
  ],
  edges: [{ from: 'a"b\\', to: '<b>#1`', input: 'x"]' }],
};

describe('a graph', () => {
  it('is drawn as DOT', () => {
    expect(`\n${formatGraph(graph, 'dot')}`).toMatchInlineSnapshot(`
      "
      digraph pipeline {
        rankdir=LR;
        node [shape=box, fontname="sans-serif"];
        "raw" [label="raw[symbol]"];
        "bars" [label="bars"];
        "raw" -> "bars" [label="zips"];
      }
      "
    `);
  });

  it('is drawn as Mermaid', () => {
    expect(`\n${formatGraph(graph, 'mermaid')}`).toMatchInlineSnapshot(`
      "
      flowchart LR
        n0["raw[symbol]"]
        n1["bars"]
        n0 -- "zips" --> n1
      "
    `);
  });

  it('is one JSON document that gives back what it was', () => {
    const text = formatGraph(hostile, 'json');
    expect(text.endsWith('\n')).toBe(true);
    expect(JSON.parse(text)).toEqual(hostile);
  });

  it('may be empty in every format', () => {
    expect(GRAPH_FORMATS.map((format) => formatGraph({ nodes: [], edges: [] }, format))).toEqual([
      'digraph pipeline {\n  rankdir=LR;\n  node [shape=box, fontname="sans-serif"];\n}\n',
      'flowchart LR\n',
      '{"nodes":[],"edges":[]}\n',
    ]);
  });
});

describe('names that mean something to the format', () => {
  it('are taken as text by DOT', () => {
    expect(`\n${formatGraph(hostile, 'dot')}`).toMatchInlineSnapshot(`
      "
      digraph pipeline {
        rankdir=LR;
        node [shape=box, fontname="sans-serif"];
        "a\\"b\\\\" [label="a\\"b\\\\"];
        "<b>#1\`" [label="<b>&#1\`\\\\x1b[31m\\\\n"];
        "a\\"b\\\\" -> "<b>#1\`" [label="x\\"]"];
      }
      "
    `);
  });

  it('are taken as text by Mermaid', () => {
    expect(`\n${formatGraph(hostile, 'mermaid')}`).toMatchInlineSnapshot(`
      "
      flowchart LR
        n0["a#34;b\\"]
        n1["#60;b#62;#38;#35;1#96;\\x1b[31m\\n"]
        n0 -- "x#34;]" --> n1
      "
    `);
  });
});
