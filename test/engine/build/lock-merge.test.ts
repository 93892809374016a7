/** What git makes of the lockfiles of two branches, with the attributes that `init` writes, and what the next build does. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { GITATTRIBUTES } from '../../../src/cli/init.ts';
import { readLock } from '../../../src/engine/state/lockfile.ts';
import type { Rig } from '../../rig.ts';
import { fill, MANIFEST, World, workspace } from './lock-rig.ts';

const LOCK = 'pipeline.lock';

/** Reads no settings of this machine. */
function git(rig: Rig, ...args: readonly string[]): string {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: rig.dir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  };
  return execFileSync('git', args, {
    cwd: rig.dir,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function commit(rig: Rig, message: string): void {
  git(rig, 'add', '.');
  git(rig, 'commit', '-q', '-m', message);
}

interface Repository {
  readonly rig: Rig;
  readonly world: World;
}

/** One commit: the manifest, and one symbol that both branches have. */
async function repository(attributes = GITATTRIBUTES): Promise<Repository> {
  const world = new World();
  fill(world);
  world.publish('c', '2024-01', 'january of c');
  const rig = workspace(world, MANIFEST, 'symbols:\n  - a\n');
  rig.write('.gitattributes', attributes);
  rig.write('.gitignore', 'raw/\ncache/\nbars/\nreports/\n.pipeline/\n');
  git(rig, 'init', '-q', '-b', 'main');
  await rig.build();
  commit(rig, 'one symbol');
  return { rig, world };
}

async function branch({ rig }: Repository, name: string, config: string): Promise<void> {
  git(rig, 'checkout', '-q', '-b', name, 'main');
  rig.write('config.yaml', config);
  const { failures } = await rig.build();
  expect(failures).toEqual({});
  commit(rig, name);
}

describe('a merge of two branches', () => {
  it('that have built different symbols is a lockfile, and the next build makes it that of both', async () => {
    const both = await repository();
    const { rig, world } = both;
    await branch(both, 'with-b', 'symbols:\n  - b\n  - a\n');
    await branch(both, 'with-c', 'symbols:\n  - a\n  - c\n');
    git(rig, 'merge', '-q', '-m', 'both', 'with-b');
    expect(rig.read('config.yaml')).toBe('symbols:\n  - b\n  - a\n  - c\n');
    const merged = readLock(rig.dir);
    expect([...(merged?.sources.keys() ?? [])].sort()).toEqual([
      'raw/a/2024-01.zip',
      'raw/a/2024-02-01.zip',
      'raw/a/2024-02-02.zip',
      'raw/b/2024-01.zip',
      'raw/c/2024-01.zip',
    ]);
    expect([merged?.remarks, merged?.values.size]).toEqual([[], 3]);

    const { ran } = await rig.build();
    expect(ran).toEqual(['report']);
    const clean = workspace(world, MANIFEST, rig.read('config.yaml'));
    await clean.build();
    expect(rig.read(LOCK)).toBe(clean.read(LOCK));
  });

  it('that have other contents of one file keeps both lines, warns, and is settled by a build', async () => {
    const both = await repository();
    const { rig, world } = both;
    await branch(both, 'as-it-was', 'symbols:\n  - b\n  - a\n');
    world.publish('b', '2024-01', 'january of b, once more');
    git(rig, 'checkout', '-q', '-b', 'republished', 'main');
    rig.write('config.yaml', 'symbols:\n  - b\n  - a\n');
    await rig.build([], { refresh: true });
    commit(rig, 'republished');
    git(rig, 'merge', '-q', '-m', 'both', 'as-it-was');
    expect(rig.read(LOCK).match(/^source archive\/b\/2024-01 /gm)).toHaveLength(2);

    const there = workspace(world, MANIFEST, rig.read('config.yaml'));
    there.write(LOCK, rig.read(LOCK));
    const { failures } = await there.build([], { locked: true });
    expect(failures['sources/b']?.message).toBe(
      'sources/b: pipeline.lock does not say which keys it gives at /files: two of its lines contradict each other',
    );

    const { events, ran } = await rig.build();
    expect(ran).toEqual([]);
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.diagnostic.message] : []));
    expect(warnings).toContain(
      'pipeline.lock: two lines say different things of archive/b/2024-01, after a merge: a build of it says which is right',
    );
    const clean = workspace(world, MANIFEST, rig.read('config.yaml'));
    await clean.build();
    expect(rig.read(LOCK)).toBe(clean.read(LOCK));
    expect((await rig.build()).events.filter(({ type }) => type === 'warning')).toEqual([]);
  });

  it('without the attributes may end in a conflict, which a build refuses to read', async () => {
    const both = await repository('');
    const { rig } = both;
    await branch(both, 'with-b', 'symbols: [a, b]\n');
    await branch(both, 'with-c', 'symbols: [a, c]\n');
    expect(() => git(rig, 'merge', '-q', '-m', 'both', 'with-b')).toThrow();
    rig.write('config.yaml', 'symbols: [a, b, c]\n');
    await expect(rig.build()).rejects.toThrow(/^pipeline\.lock:\d+: a merge was left unresolved here/);
  });
});
