/** What chokidar and the system tell of real folders. A change is followed by another one that is surely seen. */
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FolderWatch, Seen } from '../../../src/engine/watch/folders.ts';
import { explain, WatchRefused, watchFolders } from '../../../src/engine/watch/folders.ts';
import { Rig } from '../../rig.ts';

class Watched {
  readonly rig: Rig;
  seen: Seen[] = [];
  #heard: () => void = () => undefined;

  constructor(rig: Rig) {
    this.rig = rig;
  }

  async open(roots: readonly string[] = ['']): Promise<FolderWatch> {
    const watch = await watchFolders({
      roots: roots.map((root) => this.rig.path(root)),
      mayMatter: (path) => !path.endsWith('/skip'),
      onSeen: (seen) => {
        this.seen.push(seen);
        this.#heard();
      },
      onTrouble: (error) => {
        throw error;
      },
    });
    onTestFinished(() => watch.close());
    return watch;
  }

  /** Resolves when this has been seen; what was seen before it is dropped. */
  async sees(path: string, folder?: 'new' | 'gone'): Promise<void> {
    const wanted = this.rig.path(path);
    for (;;) {
      const at = this.seen.findIndex((seen) => seen.path === wanted && seen.folder === folder);
      if (at >= 0) {
        this.seen = this.seen.slice(at + 1);
        return;
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

describe('watched folders', () => {
  it('tell of each name that changes, and not of folders that are left out', async () => {
    const watched = new Watched(new Rig({ 'in/a.txt': '1', 'skip/b.txt': '1' }));
    expect((await watched.open()).count).toBe(2);
    watched.rig.write('skip/b.txt', '2');
    watched.rig.write('in/a.txt', '2');
    await watched.sees('in/a.txt');
    watched.rig.remove('in/a.txt');
    await watched.sees('in/a.txt');
    watched.rig.write('in/a.txt', '3');
    await watched.sees('in/a.txt');
    watched.rig.write('in/new.txt', '1');
    renameSync(watched.rig.path('in/new.txt'), watched.rig.path('in/a.txt'));
    await watched.sees('in/new.txt');
    await watched.sees('in/a.txt');
    expect(watched.seen.filter(({ path }) => path.includes('skip'))).toEqual([]);
  });

  it('tell when folders come and go, and when one takes the place of another', async () => {
    const watched = new Watched(new Rig({ 'in/a.txt': '1', 'other/a.txt': '2' }));
    await watched.open();
    mkdirSync(watched.rig.path('new'));
    await watched.sees('new', 'new');
    rmSync(watched.rig.path('in'), { recursive: true });
    await watched.sees('in', 'gone');
    renameSync(watched.rig.path('other'), watched.rig.path('in'));
    await watched.sees('other', 'gone');
    await watched.sees('in', 'gone');
  });

  it('are seen by a new watcher beside an old one that is deaf by now', async () => {
    const watched = new Watched(new Rig({ 'in/a.txt': '1' }));
    const old = await watched.open();
    watched.rig.remove('in');
    watched.rig.write('in/a.txt', '2');
    await watched.sees('in', 'gone');
    await watched.open();
    await old.close();
    watched.seen = [];
    watched.rig.write('in/a.txt', '3');
    await watched.sees('in/a.txt');
  });

  it('may be missing: then the nearest above is watched', async () => {
    const watched = new Watched(new Rig({ 'in/a.txt': '1' }));
    await watched.open(['in/not/there']);
    watched.rig.write('in/a.txt', '2');
    await watched.sees('in/a.txt');
  });

  it('tell of a file that lies elsewhere and is linked to', async () => {
    const watched = new Watched(new Rig({ 'in/b.txt': '1', 'skip/a.txt': '1' }));
    symlinkSync('../skip/a.txt', watched.rig.path('in/a.txt'));
    await watched.open();
    watched.rig.write('skip/a.txt', '2');
    await watched.sees('in/a.txt');
  });

  it('say of a link that it leads elsewhere now', async () => {
    const watched = new Watched(new Rig({ 'in/b.txt': '1', 'skip/a.txt': '1', 'skip/c.txt': '1' }));
    const link = watched.rig.path('in/a.txt');
    symlinkSync('../skip/a.txt', link);
    await watched.open();
    symlinkSync('../skip/c.txt', `${link}.new`);
    renameSync(`${link}.new`, link);
    await watched.sees('in/a.txt.new');
    await watched.sees('in/a.txt');
    expect(watched.seen).toEqual([]);
    rmSync(link);
    await watched.sees('in/a.txt');
  });

  it('are not looked through again by a link to a folder on the way to it', async () => {
    const rig = new Rig({ 'in/x/a.txt': '1', 'in/y/b.txt': '1' });
    symlinkSync('..', rig.path('in/x/back'));
    symlinkSync('.', rig.path('in/y/self'));
    symlinkSync('../..', rig.path('in/y/top'));
    symlinkSync('../y', rig.path('in/x/aside'));
    const watched = new Watched(rig);
    const { count } = await watched.open();
    // The workspace, `in`, `in/x`, `in/x/aside`, `in/y`.
    expect(count).toBe(5);
    rig.write('in/y/b.txt', '2');
    await watched.sees('in/y/b.txt');
  });
});

describe('a refusal of the system', () => {
  it('says which limit is reached and how to raise it', () => {
    const of = (code: string): Error => explain(Object.assign(new Error('refused'), { code }));
    expect(of('ENOSPC')).toEqual(
      expect.objectContaining({
        message: 'the system watches no more folders for this user (fs.inotify.max_user_watches)',
        hint: expect.stringContaining('sudo sysctl fs.inotify.max_user_watches=524288'),
      }),
    );
    expect(of('EMFILE')).toEqual(
      expect.objectContaining({
        message: expect.stringContaining('fs.inotify.max_user_instances'),
        hint: expect.stringContaining('ulimit -n 65536'),
      }),
    );
    expect(of('EIO')).not.toBeInstanceOf(WatchRefused);
    expect(explain('odd')).toEqual(new Error('odd'));
  });
});
