/** Going back to what was built before: contents out of the store instead of runs, and never a wrong one. */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';
import { NO_SMALL_DISK, smallDisk } from '../../small-disk.ts';
import { scratch } from '../state/scratch.ts';

const TWO = {
  'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  upper: { in: { text: in.txt }, out: { text: out/upper.txt }, params: { n: "\${n}" }, run: "(tr a-z A-Z < \${in.text}; echo \${params.n}) > \${out.text}" }
  twice: { in: { text: { rule: upper } }, out: { text: out/twice.txt }, run: "cat \${in.text} \${in.text} > \${out.text}" }
`,
  'config.yaml': 'n: 1\n',
  'in.txt': 'one\n',
};

function blobs(rig: Rig): readonly string[] {
  return rig.files('.pipeline/store');
}

function contents(rig: Rig, folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(rig.files(folder).map((path) => [path, rig.read(path)]));
}

describe('going back', () => {
  it('to an earlier config value restores what was built of it, byte for byte, and runs nothing', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    const first = contents(rig, 'out');
    rig.write('config.yaml', 'n: 2\n');
    expect((await rig.build()).ran).toEqual(['twice', 'upper']);
    const second = contents(rig, 'out');
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build();
    expect(back.ran).toEqual([]);
    expect(back.restored).toEqual(['twice', 'upper']);
    expect(contents(rig, 'out')).toEqual(first);
    expect((await rig.build()).outcomes).toEqual({ twice: 'fresh', upper: 'fresh' });
    rig.write('config.yaml', 'n: 2\n');
    expect((await rig.build()).restored).toEqual(['twice', 'upper']);
    expect(contents(rig, 'out')).toEqual(second);
  });

  it('to an earlier input restores, and to one never seen builds', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('in.txt', 'two\n');
    await rig.build();
    rig.write('in.txt', 'one\n');
    expect((await rig.build()).restored).toEqual(['twice', 'upper']);
    expect(rig.read('out/upper.txt')).toBe('ONE\n1\n');
    rig.write('in.txt', 'three\n');
    expect((await rig.build()).ran).toEqual(['twice', 'upper']);
  });

  it('to earlier code of a task restores what that code made', async () => {
    const rig = new Rig({
      'pipeline.yaml': 'version: 1\nrules:\n  say: { out: { text: out.txt }, task: ./say.js }\n',
      'say.js':
        "import { writeFileSync } from 'node:fs';\nexport default { version: 1, run(ctx) { writeFileSync(ctx.outputs.text, 'first'); } };\n",
    });
    await rig.build();
    rig.edit('say.js', (text) => text.replace('first', 'other'));
    expect((await rig.build()).ran).toEqual(['say']);
    expect(rig.read('out.txt')).toBe('other');
    rig.edit('say.js', (text) => text.replace('other', 'first'));
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['say']]);
    expect(rig.read('out.txt')).toBe('first');
  });

  it('tells of restored targets as ended and never as started, and counts them', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    const { events } = await rig.build();
    expect(events.filter(({ type }) => type === 'target-started')).toEqual([]);
    const [upper] = events.filter((event) => event.type === 'target-finished');
    expect(upper).toMatchObject({
      target: 'upper',
      outcome: 'restored',
      reasons: [{ kind: 'param', name: 'params.n', was: '2', is: '1' }],
      outputs: ['out/upper.txt'],
    });
    expect(events.at(-1)).toMatchObject({ type: 'build-finished', executed: 0, restored: 2 });
  });

  it('is not asked of --force, which builds', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build([], { force: true });
    expect([back.ran, back.restored]).toEqual([['twice', 'upper'], []]);
  });

  it('restores what one of two outputs lacks, and leaves the other where it is', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  two: { out: { a: a.txt, b: b.txt }, params: { n: "\${n}" }, run: "echo \${params.n} > \${out.a}; echo same > \${out.b}" }
`,
      'config.yaml': 'n: 1\n',
    });
    await rig.build();
    const { ino } = statSync(rig.path('b.txt'));
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).restored).toEqual(['two']);
    expect([rig.read('a.txt'), rig.read('b.txt')]).toEqual(['1\n', 'same\n']);
    expect(statSync(rig.path('b.txt')).ino).toBe(ino);
  });

  it('brings back what was deleted since, where it is in the store', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    await rig.build();
    rig.remove('out');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['twice', 'upper']]);
    expect(rig.read('out/upper.txt')).toBe('ONE\n1\n');
  });

  it('builds what was deleted and is nowhere else', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.remove('out');
    expect((await rig.build()).ran).toEqual(['twice', 'upper']);
  });
});

describe('the store', () => {
  it('holds what was replaced and nothing that is in place', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    expect(blobs(rig)).toEqual([]);
    expect(rig.read('.pipeline/results')).not.toContain('fingerprint');
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    expect(
      blobs(rig)
        .map((path) => rig.read(path))
        .sort(),
    ).toEqual(['ONE\n1\n', 'ONE\n1\nONE\n1\n']);
    for (const path of blobs(rig)) {
      const { mode, nlink } = statSync(rig.path(path));
      expect([mode & 0o222, nlink]).toEqual([0, 1]);
    }
    expect(readdirSync(rig.path('.pipeline/tmp'))).toEqual([]);
  });

  it('is not read by a build with nothing to do, nor are past results', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.remove('.pipeline/store');
    rig.remove('.pipeline/results');
    // What would be read there could not be: a build that looked would fail.
    mkdirSync(rig.path('.pipeline/results'));
    writeFileSync(rig.path('.pipeline/store'), 'no folder');
    expect((await rig.build()).outcomes).toEqual({ twice: 'fresh', upper: 'fresh' });
  });

  it('is never spoilt by an edit in place: the edit is not kept, and what was kept is not edited', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    await rig.build();
    // In place since: a copy of the blob, so that this must not reach it.
    appendFileSync(rig.path('out/upper.txt'), 'by hand\n');
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['twice', 'upper']]);
    expect(rig.read('out/upper.txt')).toBe('ONE\n1\n');
    expect(blobs(rig).some((path) => rig.read(path).includes('by hand'))).toBe(false);
  });

  it('takes a copy where somebody else holds a link to the replaced file, who may write to it', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    linkSync(rig.path('out/upper.txt'), rig.path('mine.txt'));
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    writeFileSync(rig.path('mine.txt'), 'edited');
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).restored).toEqual(['twice', 'upper']);
    expect(rig.read('out/upper.txt')).toBe('ONE\n1\n');
    expect(rig.read('mine.txt')).toBe('edited');
    expect(statSync(rig.path('mine.txt')).mode & 0o200).toBe(0o200);
  });

  it('with a damaged content gives nothing: the target is built, and the damaged content is gone', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    for (const path of blobs(rig)) {
      chmodSync(rig.path(path), 0o644);
      writeFileSync(rig.path(path), rig.read(path).replace('ONE', 'ANE'));
    }
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([['twice', 'upper'], []]);
    expect(rig.read('out/twice.txt')).toBe('ONE\n1\nONE\n1\n');
    expect(blobs(rig).some((path) => rig.read(path).includes('ANE'))).toBe(false);
  });

  it('with a content cut short gives nothing', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    for (const path of blobs(rig)) truncateSync(rig.path(path), 0);
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).ran).toEqual(['twice', 'upper']);
    expect(rig.read('out/upper.txt')).toBe('ONE\n1\n');
    // And what was cut short is replaced when that content comes to the store again.
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).restored).toEqual(['twice', 'upper']);
  });

  it('that is lost costs builds and nothing else', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.remove('.pipeline/store');
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).ran).toEqual(['twice', 'upper']);
  });

  it('keeps the right to execute, and gives files that their owner may write', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  tool: { out: { tool: tool.sh }, params: { n: "\${n}" }, run: "echo \${params.n} > \${out.tool}; chmod 755 \${out.tool}" }
`,
      'config.yaml': 'n: 1\n',
    });
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).restored).toEqual(['tool']);
    expect(statSync(rig.path('tool.sh')).mode & 0o777).toBe(0o755);
  });

  it('keeps what another target wrote there before: a rule under its earlier name is restored', async () => {
    const rig = new Rig(TWO);
    await rig.build();
    rig.edit('pipeline.yaml', (text) =>
      text.replace('  upper:', '  loud:').replace('rule: upper', 'rule: loud'),
    );
    rig.write('config.yaml', 'n: 2\n');
    expect((await rig.build()).ran).toEqual(['loud', 'twice']);
    rig.edit('pipeline.yaml', (text) =>
      text.replace('  loud:', '  upper:').replace('rule: loud', 'rule: upper'),
    );
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['twice', 'upper']]);
    expect(rig.read('out/upper.txt')).toBe('ONE\n1\n');
  });

  it('is filled from another volume by copies, and fills it by copies', async ({ skip }) => {
    const shm = statSync('/dev/shm', { throwIfNoEntry: false });
    if (shm === undefined || shm.dev === statSync(scratch()).dev) skip('there is no second volume here');
    const far = scratch({}, '/dev/shm');
    const rig = new Rig({
      'pipeline.yaml': TWO['pipeline.yaml'].replaceAll(' out/', ` ${far}/`),
      'config.yaml': 'n: 1\n',
      'in.txt': 'one\n',
    });
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    expect(blobs(rig)).toHaveLength(2);
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['twice', 'upper']]);
    expect(readFileSync(join(far, 'upper.txt'), 'utf8')).toBe('ONE\n1\n');
    expect(readdirSync(far).sort()).toEqual(['twice.txt', 'upper.txt']);
  });
});

describe('a disk that is full', () => {
  it('keeps nothing, and fails nobody: the next build runs what it could have put back', async ({ skip }) => {
    const disk = smallDisk(2_000) ?? skip(NO_SMALL_DISK);
    const rig = new Rig(TWO);
    await rig.build();
    const far = join(disk.path, 'state');
    cpSync(rig.path('.pipeline'), far, { recursive: true });
    rig.remove('.pipeline');
    symlinkSync(far, rig.path('.pipeline'));
    // Outputs lie on another volume now: to keep them is to copy them, and there is no room for that.
    rig.write('in.txt', 'x'.repeat(3_000_000));
    await rig.build([], { jobs: 1 });
    rig.write('in.txt', 'one\n');
    const back = await rig.build();
    expect(back.failures).toEqual({});
    expect(rig.read('out/twice.txt')).toBe('ONE\n1\nONE\n1\n');
    expect(blobs(rig).filter((path) => statSync(rig.path(path)).size > 1_000_000)).toEqual([]);
  });
});

describe('an output directory', () => {
  const files = {
    'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  split: { out: { parts: parts/ }, params: { names: "\${names}" }, run: "mkdir -p \${out.parts}/deep; for n in \${params.names}; do echo $$n > \${out.parts}/deep/$$n; done; echo all > \${out.parts}/all" }
`,
    'config.yaml': 'names: [a, b]\n',
  };

  it('comes back with just the files that it had', async () => {
    const rig = new Rig(files);
    await rig.build();
    const first = contents(rig, 'parts');
    expect(Object.keys(first)).toEqual(['parts/all', 'parts/deep/a', 'parts/deep/b']);
    rig.write('config.yaml', 'names: [b, c]\n');
    await rig.build();
    rig.write('config.yaml', 'names: [a, b]\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['split']]);
    expect(contents(rig, 'parts')).toEqual(first);
    expect((await rig.build()).outcomes).toEqual({ split: 'fresh' });
  });

  it('of which one content is damaged is built', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'names: [b, c]\n');
    await rig.build();
    const blob = blobs(rig).find((path) => rig.read(path) === 'a\n') ?? '';
    chmodSync(rig.path(blob), 0o644);
    rig.write(blob, 'x\n');
    rig.write('config.yaml', 'names: [a, b]\n');
    expect((await rig.build()).ran).toEqual(['split']);
    expect(rig.read('parts/deep/a')).toBe('a\n');
  });

  it('whose listing is damaged is built', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'names: [b, c]\n');
    await rig.build();
    const list = blobs(rig).find((path) => path.endsWith('.list')) ?? '';
    chmodSync(rig.path(list), 0o644);
    rig.write(list, '[["../../../precious","x"]]');
    rig.write('config.yaml', 'names: [a, b]\n');
    expect((await rig.build()).ran).toEqual(['split']);
  });

  it('in which somebody put a link out of the workspace is not kept, and what it leads to is left alone', async () => {
    const precious = scratch({ 'deep/c': 'precious' });
    const rig = new Rig(files);
    await rig.build();
    rig.remove('parts/deep');
    symlinkSync(join(precious, 'deep'), rig.path('parts/deep'));
    rig.write('config.yaml', 'names: [b, c]\n');
    await rig.build();
    expect(blobs(rig)).toEqual([]);
    expect(readFileSync(join(precious, 'deep/c'), 'utf8')).toBe('precious');
  });
});

describe('an intermediate', () => {
  const files = {
    'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  mid: { in: { text: in.txt }, out: { text: cache/mid.txt }, params: { n: "\${n}" }, run: "(cat \${in.text}; echo \${params.n}) > \${out.text}", intermediate: true }
  end: { in: { text: { rule: mid } }, out: { text: end.txt }, params: { m: "\${m}" }, run: "(cat \${in.text}; echo \${params.m}) > \${out.text}" }
`,
    'config.yaml': 'n: 1\nm: 1\n',
    'in.txt': 'one\n',
  };

  it('comes back as a record alone, its files of another content gone, and what was made of it is restored', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'n: 2\nm: 1\n');
    await rig.build();
    expect(rig.read('cache/mid.txt')).toBe('one\n2\n');
    rig.write('config.yaml', 'n: 1\nm: 1\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['end', 'mid']]);
    expect(rig.has('cache/mid.txt')).toBe(false);
    expect(rig.read('end.txt')).toBe('one\n1\n1\n');
    expect((await rig.build()).outcomes).toEqual({ end: 'fresh', mid: 'fresh' });
    expect(blobs(rig).some((path) => rig.read(path) === 'one\n2\n')).toBe(false);
  });

  it('is made again, and ends once, when something stale needs its files', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'n: 2\nm: 1\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\nm: 3\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([['end', 'mid'], []]);
    expect(rig.read('end.txt')).toBe('one\n1\n3\n');
    expect(back.events.filter(({ type }) => type === 'target-finished')).toHaveLength(2);
  });

  it('whose files are gone is not made again for a target that can be restored', async () => {
    const rig = new Rig(files);
    await rig.build();
    rig.write('config.yaml', 'n: 1\nm: 2\n');
    await rig.build();
    rig.remove('cache');
    rig.write('config.yaml', 'n: 1\nm: 1\n');
    const back = await rig.build();
    expect(back.outcomes).toEqual({ end: 'restored', mid: 'fresh' });
    expect(rig.has('cache')).toBe(false);
    expect(rig.read('end.txt')).toBe('one\n1\n1\n');
  });

  it('that gives keys is built, for its file is read', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
dimensions: { key: { keys: { rule: keys, pointer: "" } } }
rules:
  keys: { in: { json: in.json }, out: { json: keys.json }, run: "cat \${in.json} > \${out.json}", intermediate: true }
  each: { for: [key], out: { text: "each/\${key}" }, run: "echo \${key} > \${out.text}" }
`,
      'in.json': '["a"]',
    });
    await rig.build();
    rig.write('in.json', '["b"]');
    await rig.build();
    rig.write('in.json', '["a"]');
    expect((await rig.build()).outcomes).toEqual({ keys: 'executed', 'each/a': 'fresh' });
  });
});

describe('what may not be restored', () => {
  it('is a source: it is asked', async () => {
    const rig = new Rig({
      'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  get: { out: { text: raw.txt }, params: { n: "\${n}" }, run: "echo \${params.n} > \${out.text}", source: true }
`,
      'config.yaml': 'n: 1\n',
    });
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).ran).toEqual(['get']);
    expect(blobs(rig)).toEqual([]);
  });

  it('is a result for which inputs learnt while running have changed', async () => {
    const builtins = fakeTasks({
      read: (ctx) => {
        const text = readFileSync(join(ctx.workspace, 'learnt.txt'), 'utf8');
        writeFileSync(ctx.outputs['text'] ?? '', text + String(ctx.params && JSON.stringify(ctx.params)));
        return { discovered: ['learnt.txt'] };
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml':
          'version: 1\nconfigs: [config.yaml]\nrules:\n  read: { out: { text: out.txt }, task: read, params: { n: "${n}" } }\n',
        'config.yaml': 'n: 1\n',
        'learnt.txt': 'old ',
      },
      { builtins },
    );
    await rig.build();
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).restored).toEqual(['read']);
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('learnt.txt', 'new ');
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).ran).toEqual(['read']);
    expect(rig.read('out.txt')).toBe('new {"n":1}');
  });

  it('is what was incomplete', async () => {
    let incomplete = true;
    const builtins = fakeTasks({
      part: (ctx) => {
        writeFileSync(ctx.outputs['text'] ?? '', JSON.stringify(ctx.params));
        return incomplete ? { incomplete: { code: 'partly', message: 'half of it' } } : undefined;
      },
    });
    const rig = new Rig(
      {
        'pipeline.yaml':
          'version: 1\nconfigs: [config.yaml]\nrules:\n  part: { out: { text: out.txt }, task: part, params: { n: "${n}" } }\n',
        'config.yaml': 'n: 1\n',
      },
      { builtins },
    );
    await rig.build();
    incomplete = false;
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).outcomes).toEqual({ part: 'executed' });
  });

  it('is the older of two results of one fingerprint: --force asked for the newer one', async () => {
    let text = 'first';
    const builtins = fakeTasks({ say: (ctx) => writeFileSync(ctx.outputs['text'] ?? '', text) });
    const rig = new Rig(
      {
        'pipeline.yaml':
          'version: 1\nconfigs: [config.yaml]\nrules:\n  say: { out: { text: out.txt }, task: say, params: { n: "${n}" } }\n',
        'config.yaml': 'n: 1\n',
      },
      { builtins },
    );
    await rig.build();
    text = 'newer';
    await rig.build([], { force: true });
    text = 'other';
    rig.write('config.yaml', 'n: 2\n');
    await rig.build();
    rig.write('config.yaml', 'n: 1\n');
    expect((await rig.build()).restored).toEqual(['say']);
    expect(rig.read('out.txt')).toBe('newer');
  });
});

describe('a numbered run', () => {
  const files = {
    'pipeline.yaml': `
version: 1
configs: [config.yaml]
rules:
  report: { out: { text: "reports/runs/\${run_id}/report.txt" }, params: { n: "\${n}" }, run: "echo \${params.n} > \${out.text}" }
`,
    'config.yaml': 'n: 1\n',
  };

  it('that is restored has its number again, and latest points at it', async () => {
    const rig = new Rig(files, { asOf: '2025-01-02T23:59:00Z' });
    const first = (await rig.build()).events.at(-1);
    const link = readlinkSync(rig.path('reports/latest'));
    rig.write('config.yaml', 'n: 2\n');
    const second = (await rig.build()).events.at(-1);
    expect(readlinkSync(rig.path('reports/latest'))).not.toBe(link);
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build();
    expect([back.ran, back.restored]).toEqual([[], ['report']]);
    const runIds = [first, second, back.events.at(-1)].map(
      (event) => event && 'runId' in event && event.runId,
    );
    expect(runIds[2]).toBe(runIds[0]);
    expect(runIds[1]).not.toBe(runIds[0]);
    expect(readlinkSync(rig.path('reports/latest'))).toBe(link);
    expect(rig.read('reports/latest/report.txt')).toBe('1\n');
    expect(rig.files('reports')).toHaveLength(2);
  });

  it('of another as-of gets the number of this one, as a run would, its content from the earlier', async () => {
    const rig = new Rig(files);
    await rig.build([], { asOf: '2025-01-02T23:59:00Z' });
    rig.write('config.yaml', 'n: 2\n');
    await rig.build([], { asOf: '2025-01-02T23:59:00Z' });
    rig.write('config.yaml', 'n: 1\n');
    const back = await rig.build([], { asOf: '2025-01-03T23:59:00Z' });
    expect([back.ran, back.restored]).toEqual([[], ['report']]);
    expect(readlinkSync(rig.path('reports/latest'))).toMatch(/^runs\/2025-01-03-/);
    expect(rig.read('reports/latest/report.txt')).toBe('1\n');
  });

  it('whose folder was deleted is built', async () => {
    const rig = new Rig(files, { asOf: '2025-01-02T23:59:00Z' });
    await rig.build();
    rig.remove('reports');
    expect((await rig.build()).ran).toEqual(['report']);
    expect(existsSync(rig.path('reports/latest/report.txt'))).toBe(true);
  });
});
