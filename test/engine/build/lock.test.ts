/** What an ordinary build writes to the lockfile, when it does not, and what becomes of lines that others wrote. */
import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import { readLock } from '../../../src/engine/state/lockfile.ts';
import { Rig } from '../../rig.ts';
import { CONFIG, clone, MANIFEST, market, workspace } from './lock-rig.ts';

const LOCK = 'pipeline.lock';

function lines(rig: Rig, about = ''): readonly string[] {
  return rig
    .read(LOCK)
    .split('\n')
    .filter((line) => line.includes(about) && line !== '');
}

function inode(rig: Rig): number {
  return statSync(rig.path(LOCK)).ino;
}

describe('a build', () => {
  it('writes one sorted line for each source and final output, and for each value that was read', async () => {
    const { rig } = market();
    const { failures } = await rig.build();
    expect(failures).toEqual({});
    const [report = ''] = rig.files('reports');
    const digest = (path: string): string => sha256(rig.read(path));
    expect(lines(rig)).toEqual([
      'pipeline.lock 1',
      'as-of 2024-02-29T23:59:00Z',
      ...['bars/a/2024-01', 'bars/a/2024-02', 'bars/b/2024-01', 'bars/b/2024-02'].map(
        (target) => `output ${target} ${target}.txt ${digest(`${target}.txt`)}`,
      ),
      `output report ${report} ${digest(report)}`,
      ...['a/2024-01', 'a/2024-02-01', 'a/2024-02-02', 'b/2024-01'].map(
        (file) => `source archive/${file} raw/${file}.zip ${digest(`raw/${file}.zip`)}`,
      ),
      'value sources/a /files/2024-01 {"revision":12,"text":"jan"}',
      'value sources/a /files/2024-02-01 {"revision":17,"text":"fir"}',
      'value sources/a /files/2024-02-02 {"revision":18,"text":"sec"}',
      'value sources/a /first "2024-01"',
      'value sources/a /months/2024-01 ["2024-01"]',
      'value sources/a /months/2024-02 ["2024-02-01","2024-02-02"]',
      'value sources/b /files/2024-01 {"revision":12,"text":"jan"}',
      'value sources/b /first "2024-01"',
      'value sources/b /months/2024-01 ["2024-01"]',
      'value sources/b /months/2024-02 null',
    ]);
  });

  it('writes the same text in another workspace, and with one job', async () => {
    const { rig, world } = market();
    await rig.build();
    const other = workspace(world);
    await other.build([], { jobs: 1 });
    expect(other.read(LOCK)).toBe(rig.read(LOCK));
  });

  it('drops the line of a failed target for a path that another one makes now', async () => {
    const manifest = (one: string, two: string, run: string): string =>
      `version: 1\nrules:\n  one: { out: { text: ${one} }, run: "${run}" }\n  two: { out: { text: ${two} }, run: "echo 2 > \${out.text}" }\n`;
    const rig = new Rig({ 'pipeline.yaml': manifest('a.txt', 'b.txt', 'echo 1 > ${out.text}') });
    await rig.build();
    rig.write('pipeline.yaml', manifest('b.txt', 'a.txt', 'exit 1'));
    await rig.build();
    expect(lines(rig, 'output')).toEqual([`output two a.txt ${sha256('2\n')}`]);
  });

  it('does not find the dropped line again in the journal while both targets fail', async () => {
    const manifest = (one: string, two: string, ones: string, twos: string): string =>
      `version: 1\nrules:\n  one: { out: { text: ${one} }, run: "${ones}" }\n  two: { out: { text: ${two} }, run: "${twos}" }\n  more: { out: { text: c.txt }, run: "${twos} && echo 3 > \${out.text}" }\n`;
    const write = (text: string): string => `echo ${text} > \${out.text}`;
    const rig = new Rig({ 'pipeline.yaml': manifest('a.txt', 'b.txt', write('1'), write('2')) });
    await rig.build();
    // Two takes the path of one, which fails: the line of one goes, its record stays in the journal.
    rig.edit('pipeline.yaml', () => manifest('b.txt', 'a.txt', 'exit 1', write('4')));
    await rig.build();
    expect(lines(rig, ' one ')).toEqual([]);
    // Then both fail, and something else has run.
    for (const [one, two] of [
      ['b.txt', 'a.txt'],
      ['d.txt', 'e.txt'],
    ] as const) {
      rig.edit('pipeline.yaml', () =>
        manifest(one, two, 'exit 1', 'exit 2').replace('exit 2 &&', `echo ${one} &&`),
      );
      await rig.build();
      expect(lines(rig, 'output')).toEqual([
        `output more c.txt ${sha256('3\n')}`,
        `output two a.txt ${sha256('4\n')}`,
      ]);
    }
  });

  it('leaves the file alone when nothing has run, and when what was asked again is as it was', async () => {
    const { rig } = market();
    await rig.build();
    const before = inode(rig);
    expect((await rig.build()).ran).toEqual([]);
    expect((await rig.build([], { refresh: true })).ran).toEqual(['listing/a', 'listing/b']);
    expect(inode(rig)).toBe(before);
    expect((await rig.build()).ran).toEqual([]);
    expect(inode(rig)).toBe(before);
  });

  it('notes what has changed, and of a listing no more than what was read of it', async () => {
    const { rig, world } = market();
    await rig.build();
    const before = lines(rig);
    world.publish('a', '2024-02-02', 'second of february, once more');
    await rig.build([], { refresh: true });
    const changed = lines(rig).filter((line) => !before.includes(line));
    expect(changed.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'output bars/a/2024-02 bars/a/2024-02.txt',
      expect.stringMatching(/^output report reports\//),
      'source archive/a/2024-02-02 raw/a/2024-02-02.zip',
      'value sources/a /files/2024-02-02',
    ]);
  });

  it('of some targets keeps the lines of the others, and the values that those have read', async () => {
    const { rig, world } = market();
    await rig.build();
    const before = rig.read(LOCK);
    world.publish('a', '2024-01', 'january of a, once more');
    world.publish('a', '2024-02-02', 'second of february, once more');
    await rig.build('bars/a/2024-02', { refresh: true });
    expect(lines(rig, 'archive/a/2024-01 ')).toEqual(
      lines({ read: () => before } as never, 'archive/a/2024-01 '),
    );
    expect(lines(rig, '/files/2024-01 ')).toContain(
      'value sources/a /files/2024-01 {"revision":12,"text":"jan"}',
    );
    expect(lines(rig, '/files/2024-02-02')).toEqual([
      'value sources/a /files/2024-02-02 {"revision":29,"text":"sec"}',
    ]);
  });

  it('of all targets drops the values that a build of some has kept, though nothing is left to run', async () => {
    const { rig, world } = market(
      MANIFEST.replace(
        '"/files/${file}" } }',
        '"/files/${file}" }, note: { rule: sources, pointer: "/notes/${file}" } }',
      ),
    );
    await rig.build();
    expect(lines(rig, '/notes/2024-02-01')).toEqual(['value sources/a /notes/2024-02-01 null']);
    const { '2024-02-01': _, ...rest } = world.listed('a') ?? {};
    world.list('a', rest);
    await rig.build(['bars', 'report'], { refresh: true });
    expect(lines(rig, '/notes/2024-02-01')).toHaveLength(1);
    expect((await rig.build()).ran).toEqual([]);
    expect(lines(rig, '/notes/2024-02-01')).toEqual([]);
  });

  it('keeps the lines of what failed, and writes those of what did not', async () => {
    const { rig, world } = market();
    await rig.build();
    const old = lines(rig, 'source archive/a/2024-01');
    world.publish('a', '2024-01', 'january of a, once more');
    world.withdraw('a', '2024-01');
    world.publish('b', '2024-01', 'january of b, once more');
    const { outcomes } = await rig.build([], { refresh: true });
    expect([outcomes['archive/a/2024-01'], outcomes['bars/a/2024-01']]).toEqual(['failed', 'blocked']);
    expect(lines(rig, 'source archive/a/2024-01')).toEqual(old);
    expect(lines(rig, 'output bars/a/2024-01')).toHaveLength(1);
    expect(lines(rig, 'source archive/b/2024-01')[0]).toContain(sha256('january of b, once more'));
  });

  it('drops the lines of targets that can be no more: of a symbol, a rule, a file that was withdrawn', async () => {
    const { rig, world } = market();
    await rig.build();
    world.list('a', { '2024-01': { revision: 12, text: 'jan' } });
    rig.write('config.yaml', 'symbols: [a]\n');
    await rig.build([], { refresh: true });
    expect(lines(rig, '/b')).toEqual([]);
    expect(lines(rig, '2024-02-0')).toEqual([]);
    rig.edit('pipeline.yaml', (text) => text.slice(0, text.indexOf('  report:')));
    await rig.build();
    expect(lines(rig, 'report')).toEqual([]);
    expect(lines(rig, '/first')).toEqual([]);
  });

  it('says why the publisher has nothing, and takes it back when there is something', async () => {
    const { rig, world } = market();
    rig.write('config.yaml', 'symbols: [a, x]\n');
    await rig.build();
    expect(lines(rig, '/x')).toEqual(['absent listing/x "nothing is listed"']);
    world.publish('x', '2024-01', 'january of x');
    await rig.build([], { refresh: true });
    expect(lines(rig, 'absent')).toEqual([]);
    expect(lines(rig, 'archive/x')).toHaveLength(1);
  });

  it('drops the lines of files that nobody lists any more, and has them again when they are listed', async () => {
    const { rig, world } = market();
    await rig.build();
    const old = lines(rig, '/b');
    const listed = world.listed('b') ?? {};
    world.withdraw('b', 'listing');
    await rig.build([], { refresh: true });
    expect(lines(rig, '/b')).toEqual(['absent listing/b "nothing is listed"']);
    world.list('b', listed);
    await rig.build([], { refresh: true });
    expect(lines(rig, '/b')).toEqual(old);
  });

  it('writes a volatile source that somebody reads whole as a plain source', async () => {
    const { rig } = market(
      MANIFEST.replace('in: { listing: { rule: listing } }', 'in: { listing: { rule: listing } }').concat(
        '  dates: { for: [symbol], in: { staged: { rule: listing } }, out: { bars: "dates/${symbol}" }, task: copy }\n',
      ),
    );
    await rig.build();
    expect(lines(rig, 'source listing')).toHaveLength(2);
    // What is made of it can be made again.
    expect(lines(rig, 'output sources')).toHaveLength(2);
    expect(lines(rig, 'value')).toEqual([]);
  });
});

describe('a lockfile that is lost', () => {
  it('is written again from the journal when nothing runs', async () => {
    const { rig } = market();
    await rig.build();
    const before = rig.read(LOCK);
    rig.remove(LOCK);
    expect((await rig.build()).ran).toEqual([]);
    expect(rig.read(LOCK)).toBe(before);
  });

  it('is written again wholly by a build of one target, once its note is lost as well', async () => {
    const { rig } = market();
    await rig.build();
    const before = rig.read(LOCK);
    rig.remove(LOCK);
    rig.remove('.pipeline/locked');
    expect((await rig.build('bars/a/2024-01')).ran).toEqual([]);
    expect(rig.read(LOCK)).toBe(before);
  });

  it('that was edited is put right from what is there', async () => {
    const { rig } = market();
    await rig.build();
    const before = rig.read(LOCK);
    rig.edit(LOCK, (text) => text.replace(/^output bars\/a\/2024-01 .*\n/m, '').replace('"jan"', '"JAN"'));
    expect((await rig.build()).ran).toEqual([]);
    expect(rig.read(LOCK)).toBe(before);
  });
});

describe('a build that was cut short', () => {
  it('before it wrote its lines leaves them to the next one, whatever that is asked for', async () => {
    const { rig, world } = market();
    await rig.build();
    const old = rig.read(LOCK);
    world.publish('a', '2024-01', 'january of a, once more');
    await rig.build([], { refresh: true });
    const wanted = rig.read(LOCK);
    // As a kill just before the lockfile was replaced leaves it.
    rig.write(LOCK, old);
    rig.write(`${LOCK}.partial`, wanted.slice(0, 100));
    rig.remove('.pipeline/locked');
    expect((await rig.build('bars/b/2024-02')).ran).toEqual([]);
    expect(rig.read(LOCK)).toBe(wanted);
    expect(rig.has(`${LOCK}.partial`)).toBe(false);
  });

  it('while it wrote lines leaves nothing of them, though they are as they were before again', async () => {
    const { rig } = market();
    await rig.build();
    const wanted = rig.read(LOCK);
    rig.write(`${LOCK}.partial`, 'pipeline.lock 1\nlines of other inputs');
    rig.remove('.pipeline/locked');
    expect((await rig.build()).ran).toEqual([]);
    expect(rig.has(`${LOCK}.partial`)).toBe(false);
    expect(rig.read(LOCK)).toBe(wanted);
  });

  it('by a signal writes the lines of what has ended', async () => {
    const { rig } = market();
    const abort = new AbortController();
    const { interrupted, outcomes } = await rig.build([], {
      jobs: 1,
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'target-finished' && event.target === 'bars/b/2024-01') abort.abort();
      },
    });
    expect(interrupted).toBe(true);
    const ended = Object.keys(outcomes).filter((target) => target.startsWith('bars/'));
    expect(ended).toContain('bars/b/2024-01');
    expect(ended).not.toContain('bars/a/2024-02');
    expect(lines(rig, 'output').map((line) => line.split(' ')[1])).toEqual(ended.sort());
  });
});

describe('a lockfile that cannot be', () => {
  it('read ends the build before anything runs', async () => {
    const { rig, world } = market();
    rig.write(LOCK, 'pipeline.lock 1\nas-of 2024-02-29T23:59:00Z\n=======\n');
    await expect(rig.build()).rejects.toThrow(/^pipeline\.lock:3: a merge was left unresolved here/);
    expect(world.asked).toEqual([]);
  });

  it('written is a warning, and is written by the next build', async () => {
    const { rig } = market();
    // A folder of that name is in the way.
    rig.write(`${LOCK}.partial/file`, '');
    const { events, failures } = await rig.build();
    expect(failures).toEqual({});
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.diagnostic.message] : []));
    expect(warnings).toEqual([
      expect.stringMatching(/^pipeline\.lock was not written, and the next build will do it: EISDIR/),
    ]);
    rig.remove(`${LOCK}.partial`);
    expect((await rig.build()).ran).toEqual([]);
    expect(lines(rig, 'output bars')).toHaveLength(4);
  });
});

describe('the lockfile', () => {
  it('is nobody’s input, and no rule may write it', async () => {
    const manifest = (out: string): string =>
      `version: 1\nrules:\n  all: { in: { files: "*" }, out: { list: ${out} }, run: "ls \${in.files} > \${out.list}" }\n`;
    const rig = new Rig({ 'pipeline.yaml': manifest('out/list.txt'), 'a.txt': '' });
    await rig.build();
    expect(rig.read('out/list.txt')).toBe('a.txt\npipeline.yaml\n');
    expect((await rig.build()).ran).toEqual([]);
    rig.write('pipeline.yaml', manifest('pipeline.lock'));
    expect((await rig.build()).diagnostics).toContain(
      'output "list" of rule "all" would overwrite the lockfile, which builds write',
    );
  });

  it('lies in shards above so many lines, of which a change rewrites only its own', async () => {
    const keys = Array.from({ length: 2_501 }, (_, at) => `k${at}`);
    const rig = new Rig({
      'pipeline.yaml': `version: 1
configs: [c.yaml]
dimensions: { group: [x, y], key: "\${keys}" }
rules:
  one: { for: [group], in: { text: "in/\${group}" }, out: { text: "out/\${group}" }, run: "cp \${in.text} \${out.text}" }
  many: { for: [group, key], out: { text: "many/\${group}/\${key}" }, run: "touch \${out.text}", default: false }
`,
      'c.yaml': `keys: ${JSON.stringify(keys)}\n`,
      'in/x': '1',
      'in/y': '1',
    });
    // Too many targets to build in a test: the lockfile of a colleague who did.
    const others = ['x', 'y'].flatMap((group) => keys.map((key) => `many/${group}/${key}`));
    const theirs = others.map((path) => `output ${path} ${path} ${sha256('')}`);
    rig.write(LOCK, ['pipeline.lock 1', 'as-of 2024-01-01T00:00:00Z', ...theirs, ''].join('\n'));
    expect(await rig.build()).toMatchObject({ failures: {}, diagnostics: '' });
    expect(lines(rig)).toHaveLength(3);
    expect(rig.files('pipeline.lock.d').map((path) => path.slice('pipeline.lock.d/'.length))).toEqual([
      'many/x',
      'many/y',
      'one/x',
      'one/y',
    ]);
    const shard = (name: string): number => statSync(rig.path(`pipeline.lock.d/${name}`)).ino;
    const before = ['many/x', 'many/y', 'one/x'].map(shard);
    rig.write('in/y', '2');
    await rig.build();
    expect(['many/x', 'many/y', 'one/x'].map(shard)).toEqual(before);
    expect(rig.read('pipeline.lock.d/one/y')).toBe(`pipeline.lock 1\noutput one/y out/y ${sha256('2')}\n`);
    expect(readLock(rig.dir)?.outputs.size).toBe(5_004);
    // A crash while shards are written leaves no note, and maybe half a shard: what is there is made whole.
    rig.write('pipeline.lock.d/many/x.partial', 'pipeline.lock 1\noutp');
    rig.write('pipeline.lock.d/gone/x.partial', 'pipeline.l');
    rig.write('pipeline.lock.d/one/y', `pipeline.lock 1\noutput one/y out/y ${sha256('1')}\n`);
    rig.remove('.pipeline/locked');
    expect((await rig.build('one/x')).ran).toEqual([]);
    expect(rig.files('pipeline.lock.d')).toHaveLength(4);
    expect(readLock(rig.dir)?.outputs.get('out/y')?.digest).toBe(sha256('2'));
    // Of a shard that somebody has changed, nothing is taken for granted.
    rig.write('pipeline.lock.d/one/x', 'pipeline.lock 1\n');
    expect((await rig.build()).ran).toEqual([]);
    expect(readLock(rig.dir)?.outputs.size).toBe(5_004);
  });
});

describe('another checkout', () => {
  it('that builds without --locked notes what it finds', async () => {
    const here = market();
    await here.rig.build();
    const there = clone(here);
    here.world.publish('b', '2024-01', 'january of b, once more');
    const { failures } = await there.build();
    expect(failures).toEqual({});
    expect(lines(there, 'source archive/b/2024-01')[0]).toContain(sha256('january of b, once more'));
    expect(lines(there, 'source archive/a')).toEqual(lines(here.rig, 'source archive/a'));
  });

  it('of which one symbol is built keeps the lines of the other', async () => {
    const here = market();
    await here.rig.build();
    const there = clone(here);
    await there.build('bars/a');
    expect(there.read(LOCK)).toBe(here.rig.read(LOCK));
    expect(there.read('config.yaml')).toBe(CONFIG);
  });
});
