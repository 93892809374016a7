/** `pipeline gc`, and the orphans that `status` tells of. */
import { describe, expect, it } from 'vitest';
import { BuildState } from '../../src/engine/state/workspace-state.ts';
import { Rig } from '../rig.ts';
import { cli } from './cli.ts';

const FILES = {
  'pipeline.yaml': `version: 1
configs: [config.yaml]
as_of: "2024-03-31T23:59:00Z"
dimensions: { key: "\${keys}" }
rules:
  each: { for: [key], out: { text: "out/\${key}.txt" }, params: { n: "\${n}" }, run: "echo \${params.n} > \${out.text}" }
  all: { in: { texts: { rule: each } }, out: { text: all.txt }, run: "cat \${in.texts} > \${out.text}" }
`,
  'config.yaml': 'n: 100\nkeys: [a, b, c, d, e]\n',
};

/** Three builds: what the first had is replaced by the second, and in the third four keys are gone. */
async function built(): Promise<Rig> {
  const rig = new Rig(FILES);
  for (const config of [FILES['config.yaml'], 'n: 2\nkeys: [a, b, c, d, e]\n', 'n: 2\nkeys: [a]\n']) {
    rig.write('config.yaml', config);
    expect((await cli(['-C', rig.dir, 'build'])).code).toBe(0);
  }
  return rig;
}

describe('gc', () => {
  it('tells what goes and what stays, and a dry run the same', async () => {
    const rig = await built();
    const dry = await cli(['-C', rig.dir, 'gc', '--keep-runs', '1', '--dry-run']);
    expect([dry.code, dry.err]).toEqual([0, 'a dry run: nothing was removed\n']);
    expect(dry.out).toMatchInlineSnapshot(`
      "                              go  bytes  stay  bytes
      contents in the store          3     34     0      0
      notes of earlier results       7  2,272     0      0
      outputs that no target makes   4      8     0      0
      total                         14  2,314     0      0
      "
    `);
    expect(rig.has('out/e.txt')).toBe(true);
    const done = await cli(['-C', rig.dir, 'gc', '--keep-runs', '1']);
    expect(done).toEqual({ code: 0, out: dry.out, err: '' });
    expect(rig.files('out')).toEqual(['out/a.txt']);
    expect((await cli(['-C', rig.dir, 'gc', '--keep-runs', '1'])).out).toBe('nothing that could go\n');
  });

  it('says nothing with -q, but for what could not be removed', async () => {
    const rig = await built();
    const ask = ['-C', rig.dir, '-q', 'gc', '--keep-runs', '1'];
    const nothing = { code: 0, out: '', err: '' };
    expect([await cli([...ask, '-n']), await cli(ask), await cli(ask)]).toEqual([nothing, nothing, nothing]);
    expect(rig.files('out')).toEqual(['out/a.txt']);
    expect(JSON.parse((await cli([...ask, '--json'])).out)).toMatchObject({ removed: [] });
  });

  it('keeps what may be named and says so when notes of earlier results are damaged, and stops at foreign ones', async () => {
    const rig = await built();
    const path = rig.path('.pipeline/results');
    rig.edit('.pipeline/results', (text) => text.replace('"each/a"', '"each/x"'));
    const { code, err } = await cli(['-C', rig.dir, 'gc', '--keep-runs', '2']);
    expect([code, err]).toEqual([
      0,
      `warning: ${path}: 1 note left out: damaged\nwarning: ${path}: notes of what earlier builds had are lost, and so 2 files stay (24 bytes) that one of the last 2 builds may have had: they can go after 2 more builds, or now with --keep-runs 1\n`,
    ]);
    rig.edit('.pipeline/results', (text) => text.replace('results 1', 'result'));
    expect(await cli(['-C', rig.dir, 'gc', '--keep-runs', '1'])).toMatchObject({
      code: 2,
      out: '',
      err: `error: ${path}:1: expected "pipeline results 1", found "pipeline result". These are no notes of earlier results: move the file away, and the next build begins new ones\n`,
    });
    expect(rig.files('out')).toHaveLength(5);
  });

  it('lists all that goes with -v', async () => {
    const rig = await built();
    const { out } = await cli(['-C', rig.dir, '-v', 'gc', '--keep-runs', '1', '-n']);
    expect(out).toContain('\n  out/b.txt (2 B)\n  out/c.txt (2 B)\n');
  });

  it('keeps ten builds when nothing is said', async () => {
    const rig = await built();
    const { code, out } = await cli(['-C', rig.dir, 'gc', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      keepRuns: 10,
      dryRun: false,
      bytes: 0,
      counts: { orphan: { goes: { count: 0, bytes: 0 }, stays: { count: 4, bytes: 8 } } },
      removed: [],
      failures: [],
    });
  });

  it('gives JSON with each thing that goes', async () => {
    const rig = await built();
    const { out } = await cli(['-C', rig.dir, 'gc', '--json', '--keep-runs', '1', '--dry-run']);
    const told = JSON.parse(out) as { removed: readonly { kind: string }[] };
    expect(told.removed.filter(({ kind }) => kind === 'orphan')).toEqual(
      ['b', 'c', 'd', 'e'].map((key) => ({ kind: 'orphan', path: `out/${key}.txt`, files: 1, bytes: 2 })),
    );
  });

  it.each([
    [
      ['--keep-runs', 'all'],
      'error: --keep-runs all is no number of builds\n  = give a whole number from 0, e.g. 10\n',
    ],
    [['--older-than', '30'], 'error: --older-than 30 is no duration\n  = write it as 12h or 30d\n'],
    [['--max-size', '10 G'], 'error: --max-size 10 G is no size\n  = write it as 500MB or 10GB\n'],
  ])('refuses %j', async (args, err) => {
    const rig = new Rig(FILES);
    expect(await cli(['-C', rig.dir, 'gc', ...args])).toEqual({ code: 2, out: '', err });
  });

  it('takes sizes with their units', async () => {
    const rig = await built();
    for (const [size, bytes] of [
      ['500', 500],
      ['1.5kB', 1500],
      ['2GB', 2e9],
    ] as const) {
      const { out } = await cli(['-C', rig.dir, 'gc', '-n', '--json', '--max-size', size]);
      expect(JSON.parse(out)).toMatchObject({ maxBytes: bytes });
    }
  });

  it('waits for a build, or with --no-wait says whom for and removes nothing', async () => {
    const rig = await built();
    const state = await BuildState.open(rig.dir, {
      holder: 'a build',
      wait: false,
      onWaiting: () => undefined,
      signal: new AbortController().signal,
    });
    expect(await cli(['-C', rig.dir, 'gc', '--keep-runs', '0', '--no-wait'])).toEqual({
      code: 1,
      out: '',
      err: 'error: a build holds this workspace: a build\n  = leave out --no-wait to wait for it\n',
    });
    const waiting = cli(['-C', rig.dir, '-q', 'gc', '--keep-runs', '0']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rig.files('out')).toHaveLength(5);
    await state?.close();
    expect(await waiting).toMatchObject({
      code: 0,
      err: 'warning: waiting for another build of this workspace: a build\n',
    });
    expect(rig.files('out')).toEqual(['out/a.txt']);
  });

  it('says what is wrong with a manifest, and removes nothing', async () => {
    const rig = await built();
    rig.write('pipeline.yaml', 'version: 1\nrules: { each: { out: {} } }\n');
    const { code, err } = await cli(['-C', rig.dir, 'gc', '--keep-runs', '0']);
    expect(code).toBe(2);
    expect(err).toContain('rule "each" has no outputs');
    expect(rig.files('out')).toHaveLength(5);
  });
});

describe('status', () => {
  it('tells of orphans: how many, and the first few', async () => {
    const rig = await built();
    const { code, out } = await cli(['-C', rig.dir, 'status']);
    expect(code).toBe(0);
    expect(out).toContain(
      `orphans: 4 outputs that no target makes any more (see \`pipeline gc\`)
  out/b.txt, of each/b
  out/c.txt, of each/c
  out/d.txt, of each/d
  … and 1 more: -v lists all
`,
    );
    expect((await cli(['-C', rig.dir, '-v', 'status'])).out).toContain('  out/e.txt, of each/e\n');
    // They are no staleness, and of a selection nothing is said.
    expect((await cli(['-C', rig.dir, 'status', '--check'])).code).toBe(0);
    expect((await cli(['-C', rig.dir, 'status', 'each'])).out).not.toContain('orphans');
  });

  it('gives them as JSON', async () => {
    const rig = await built();
    const { out } = await cli(['-C', rig.dir, 'status', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      orphans: ['b', 'c', 'd', 'e'].map((key) => ({ target: `each/${key}`, path: `out/${key}.txt` })),
    });
  });
});
