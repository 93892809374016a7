import { describe, expect, it } from 'vitest';
import { viewRules, viewTargets } from '../../../src/engine/graph-view.ts';
import { survey } from '../../../src/engine/status.ts';
import { Rig } from '../../rig.ts';

const files = {
  'pipeline.yaml': `
version: 1
dimensions:
  s: [a, b]
  file: { of: s, keys: { rule: names, pointer: /files } }
rules:
  names: { for: [s], in: { x: "in/\${s}.json" }, out: { n: "names/\${s}.json" }, run: "cp \${in.x} \${out.n}" }
  part: { for: [s, file], out: { p: "part/\${s}/\${file}" }, run: "echo \${file} > \${out.p}" }
  leaf: { for: [s, file], in: { p: { rule: part } }, out: { l: "leaf/\${s}/\${file}" }, run: "cp \${in.p} \${out.l}" }
  sum: { for: [s], in: { parts: { rule: part } }, out: { t: "sum/\${s}" }, run: "cat /dev/null \${in.parts} > \${out.t}" }
  apart: { for: [s], out: { t: "apart/\${s}" }, run: "echo > \${out.t}" }
  wanted: { out: { t: wanted }, run: "echo > \${out.t}", default: false }
`,
  'in/a.json': '{"files":{"x":1,"y":2}}',
  'in/b.json': '{"files":{"z":1}}',
};

describe('what needs a selection', () => {
  it('is built from nothing, with the targets whose keys become known on the way', async () => {
    const { ran } = await new Rig(files).build('names/a+');
    expect(ran).toEqual(['leaf/a/x', 'leaf/a/y', 'names/a', 'part/a/x', 'part/a/y', 'sum/a']);
  });

  it('is found by targets that are still to come', async () => {
    const { ran } = await new Rig(files).build('part/a+');
    expect(ran).toEqual(expect.arrayContaining(['names/a', 'part/a/x', 'part/a/y', 'sum/a']));
    expect(ran.filter((id) => id.includes('/b') || id.startsWith('apart'))).toEqual([]);
  });

  it('takes in the targets of keys that are new', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('in/a.json', '{"files":{"x":1,"w":2}}');
    expect((await rig.build('names/a+')).ran).toEqual(['leaf/a/w', 'names/a', 'part/a/w', 'sum/a']);
  });
});

describe('an output path', () => {
  it('selects the target that makes it, known or still to come', async () => {
    const rig = new Rig(files);
    expect((await rig.build('apart/b')).ran).toEqual(['apart/b']);
    expect((await rig.build('./part/a/y')).ran).toEqual(['names/a', 'part/a/y']);
    expect((await rig.build('leaf/a/y')).ran).toEqual(['leaf/a/y']);
  });

  it('that nobody makes is an error', async () => {
    const { result, diagnostics } = await new Rig(files).build(['sum/a', 'nobody/makes/this']);
    expect([result, diagnostics]).toMatchInlineSnapshot(`
      [
        "invalid",
        "error: no target makes "nobody/makes/this"
        = run \`pipeline graph\` to see what is made

      1 error",
      ]
    `);
  });
});

describe('@stale', () => {
  it('leaves out what is built on request, and takes in what a stale giver will bring', async () => {
    const rig = new Rig(files);
    const { ran } = await rig.build('@stale');
    expect(ran).toContain('leaf/b/z');
    expect(ran).not.toContain('wanted');
    expect((await rig.build('@stale')).ran).toEqual([]);
  });
});

describe('a selection of several', () => {
  it('fails for the one that matches nothing, and builds none', async () => {
    const built = await new Rig(files).build(['apart', 'apart/q*']);
    expect([built.result, built.ran, built.diagnostics]).toMatchInlineSnapshot(`
      [
        "invalid",
        [],
        "error: no target matches "apart/q*"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      1 error",
      ]
    `);
  });
});

describe('the view of a graph', () => {
  async function surveyed(rig: Rig) {
    const manifest = rig.load();
    if (typeof manifest === 'string') throw new Error(manifest);
    const found = await survey({
      workspace: rig.dir,
      manifest,
      builtins: new Map(),
      selectors: [],
      between: undefined,
      force: false,
      refresh: false,
      now: Date.now(),
    });
    if (found.kind === 'invalid') throw new Error('the manifest is sound');
    return found.session;
  }

  it('by rule has an edge for each input and each dimension whose keys a rule gives', async () => {
    const { nodes, edges } = viewRules(await surveyed(new Rig(files)));
    expect(nodes.map(({ label }) => label)).toEqual([
      'names[s]',
      'part[s, file]',
      'leaf[s, file]',
      'sum[s]',
      'apart[s]',
      'wanted',
    ]);
    expect(edges.map(({ from, to, input }) => `${from} ${input} ${to}`)).toEqual([
      'names file part',
      'part p leaf',
      'names file leaf',
      'part parts sum',
    ]);
  });

  it('by target has what is known', async () => {
    const rig = new Rig(files);
    await rig.build();
    const { nodes, edges } = viewTargets(await surveyed(rig));
    expect(nodes.map(({ id }) => id)).toContain('part/b/z');
    expect(edges.map(({ from, to, input }) => `${from} ${input} ${to}`).sort()).toEqual([
      'part/a/x p leaf/a/x',
      'part/a/x parts sum/a',
      'part/a/y p leaf/a/y',
      'part/a/y parts sum/a',
      'part/b/z p leaf/b/z',
      'part/b/z parts sum/b',
    ]);
  });
});
