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

  it('takes in targets that are still to come with it, and what reads only those', async () => {
    const rig = new Rig(files);
    rig.edit(
      'pipeline.yaml',
      (text) =>
        `${text}  all: { in: { l: { rule: leaf } }, out: { t: all }, run: "cat \${in.l} > \${out.t}" }\n`,
    );
    expect(Object.keys(await rig.states('part/a+'))).toEqual(['part/a/*', 'leaf/a/*', 'sum/a', 'all']);
    const { ran } = await rig.build('part/a/x+');
    // The sum is of all parts; of the leaves only that of `x` was asked for, and `all` needs the others.
    expect(ran.filter((id) => id.startsWith('part/a'))).toEqual(['part/a/x', 'part/a/y']);
    expect(ran).toEqual(expect.arrayContaining(['leaf/a/x', 'sum/a', 'all']));
    const again = new Rig(files);
    await again.build(['part/a', 'sum']);
    again.write('in/a.json', '{"files":{"x":1,"y":2,"w":3}}');
    expect((await again.build('part/a+')).ran).toEqual([
      'leaf/a/w',
      'leaf/a/x',
      'leaf/a/y',
      'names/a',
      'part/a/w',
      'sum/a',
    ]);
    again.write('in/a.json', '{"files":{"x":1,"y":2,"w":3,"v":4,"u":5}}');
    expect((await again.build('part/a/v+')).ran).toEqual([
      'leaf/a/v',
      'names/a',
      'part/a/u',
      'part/a/v',
      'sum/a',
    ]);
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

describe('a key that turns out not to be there', () => {
  it('is an error once the keys are known, also when other selectors have been built', async () => {
    const rig = new Rig(files);
    const built = await rig.build(['part/a/x', 'part/a/q', 'part/b/q*', 'leaf/b/q']);
    expect([built.result, built.ran, built.diagnostics]).toMatchInlineSnapshot(`
      [
        "invalid",
        [
          "names/a",
          "names/b",
          "part/a/x",
        ],
        "error: no target matches "part/a/q"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      error: no target matches "part/b/q*"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      error: no target matches "leaf/b/q"
        = run \`pipeline status\` to see which there are; keys are spelt as in the manifest

      3 errors",
      ]
    `);
    await expect(rig.states('part/a/q')).rejects.toThrow('no target matches "part/a/q"');
  });

  it('is no error while it may still come, or when nobody can know', async () => {
    const rig = new Rig(files);
    expect(await rig.states('part/a/q')).toEqual({ 'part/a/*': 'unknown' });
    await rig.build();
    rig.write('in/a.json', '{"files":{"x":1,"q":2}}');
    expect(await rig.states('part/a/q')).toEqual({});
    rig.write('in/a.json', '{"files":7}');
    const built = await rig.build('part/a/q');
    expect([built.result, built.outcomes]).toEqual(['built', { 'names/a': 'failed' }]);
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

  it('leaves out what is built on request also of keys that are still to come', async () => {
    const rig = new Rig(files);
    rig.edit('pipeline.yaml', (text) => text.replace(/( {2}leaf: .*) }\n/, '$1, default: false }\n'));
    expect((await rig.build('@stale')).ran.filter((id) => id.startsWith('leaf'))).toEqual([]);
    expect((await rig.build('part/a+')).ran).toEqual(['leaf/a/x', 'leaf/a/y']);
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
