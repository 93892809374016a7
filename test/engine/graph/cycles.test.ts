/** What the check lets through never has targets that wait for each other: found out by walking all of them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkGraph } from '../../../src/engine/graph/check.ts';
import { linkInputs } from '../../../src/engine/graph/edges.ts';
import { Graph } from '../../../src/engine/graph/graph.ts';
import { PathEdges } from '../../../src/engine/graph/path-edges.ts';
import { Rig } from '../../rig.ts';
import { AS_OF, NOW } from './graphs.ts';

const NAMES = ['a', 'b', 'c'];
const FOR = [['month'], ['day'], ['year'], ['symbol', 'month'], ['month', 'day'], []];

interface Needed {
  readonly producer: number;
  readonly by: number;
  /** Which of the producer's calendars is shifted. */
  readonly which: number;
  readonly path: boolean;
}

const rules = fc.array(
  fc.record({
    names: fc.constantFrom(...FOR),
    needs: fc.array(
      fc.record({
        producer: fc.nat({ max: 2 }),
        by: fc.constantFrom(-2, -1, -1, -1, 0, 1),
        which: fc.nat({ max: 1 }),
        path: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
  }),
  { minLength: 1, maxLength: 3 },
);

type Rules = typeof rules extends fc.Arbitrary<infer T> ? T : never;

function yamlOf(all: Rules): string {
  const out = (at: number): string =>
    [NAMES[at] ?? '', ...(all[at]?.names ?? []).map((name) => `\${${name}}`), 'x'].join('/');
  const input = (own: readonly string[], { producer, by, which, path }: Needed, at: number): string => {
    const names = all[producer]?.names ?? [];
    if (path && names.every((name) => own.includes(name))) return `i${at}: "${out(producer)}"`;
    const calendars = names.filter((name) => name !== 'symbol');
    const dimension = calendars[which % Math.max(1, calendars.length)];
    const offset = by === 0 || dimension === undefined ? '' : `, offset: { ${dimension}: ${by} }`;
    return `i${at}: { rule: ${NAMES[producer]}${offset}, optional: true }`;
  };
  const lines = all.map(({ names, needs }, at) => {
    const inputs = needs
      .filter(({ producer }) => producer < all.length)
      .map((need, i) => input(names, need, i));
    return `  ${NAMES[at]}: { for: [${names.join(', ')}], in: { ${inputs.join(', ')} }, out: { x: "${out(at)}" }, run: echo }`;
  });
  return `version: 1
dimensions:
  symbol: [A, B]
  day: { every: day, from: "2024-12-30T00:00:00Z", to: "2025-02-02T00:00:00Z" }
  month: { every: month, from: "2024-11-01T00:00:00Z", to: "2025-02-28T00:00:00Z" }
  year: { every: year, from: "2023-01-01T00:00:00Z", to: "2025-02-28T00:00:00Z" }
rules:
${lines.join('\n')}
`;
}

function hasCycle(graph: Graph, paths: PathEdges): boolean {
  const all = [...graph.manifest.rules.values()].flatMap((rule) => graph.enumerate(rule).targets);
  const waits = new Map(
    all.map((index) => {
      const link = linkInputs(graph, paths, graph.target(index));
      const members = 'linked' in link ? link.linked.flatMap((input) => input.members) : [];
      return [
        index,
        new Set(members.flatMap((each) => (each.kind === 'target' ? [each.target] : []))),
      ] as const;
    }),
  );
  // Takes away what waits for nothing until nothing more can be taken.
  for (let before = -1; before !== waits.size; ) {
    before = waits.size;
    for (const [index, needs] of waits) {
      for (const need of needs) if (!waits.has(need)) needs.delete(need);
      if (needs.size === 0) waits.delete(index);
    }
  }
  return waits.size > 0;
}

it('lets no circle of targets through, and lets circles of rules through that time breaks', () => {
  const rig = new Rig();
  let [sound, refused, broken] = [0, 0, 0];
  fc.assert(
    fc.property(rules, (all) => {
      rig.write('pipeline.yaml', yamlOf(all));
      const manifest = rig.load({ now: NOW, asOf: AS_OF });
      // Circles by name alone are the loader's.
      if (typeof manifest === 'string') {
        expect(manifest).toContain('rules need each other in a circle');
        return;
      }
      const graph = new Graph(manifest);
      const paths = new PathEdges(graph);
      const problems = checkGraph(graph, paths);
      if (problems.length > 0) {
        refused++;
        for (const { message } of problems) expect(message).toContain('rules need each other in a circle');
        return;
      }
      sound++;
      const shifted = all.some(({ needs }, at) =>
        needs.some(({ producer, by, path }) => producer === at && by !== 0 && !path),
      );
      if (shifted) broken++;
      expect(hasCycle(graph, paths)).toBe(false);
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(sound, refused, broken)).toBeGreaterThan(20);
});
