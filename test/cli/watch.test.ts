/** Scripted sessions of `pipeline watch`: what is done to the files, what woke the watch, and what ran. */
import { renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { watch } from '../../src/cli/watch.ts';
import { acquireRunLock } from '../../src/engine/state/run-lock.ts';
import { WatchRefused } from '../../src/engine/watch/folders.ts';
import { Rig } from '../rig.ts';
import { begin, FILES, types, Watching } from './watching.ts';

describe('a watch', () => {
  it('builds, waits, builds what an edit has made stale, and ends with 130', async () => {
    const { rig, watching, first } = await begin();
    expect(first.ran).toEqual(['copy-a', 'copy-b', 'total']);
    expect(types(first).at(0)).toBe('build-started');
    expect(types(first).slice(-2)).toEqual(['build-finished', 'watch-waiting']);
    rig.write('in/a.txt', 'a2\n');
    const { changed, ran, lines } = await watching.round();
    expect({ changed, ran }).toEqual({ changed: ['in/a.txt'], ran: ['copy-a', 'total'] });
    expect(lines[0]).toEqual({ type: 'watch-changed', changed: ['in/a.txt'], more: 0 });
    expect(lines.at(-1)).toEqual({ type: 'watch-waiting', folders: 3 });
    expect(rig.read('out/total.txt')).toBe('one\na2\nb1\n');
    expect(await watching.stop()).toBe(130);
    expect(watching.stderr).toMatch(/\nchanged: in\/a\.txt\nexecuted {2}copy\/a .*\n/);
    expect(watching.stderr).toMatch(/\nwatching 3 folders \(Ctrl-C ends\)\n$/);
  });

  it('builds once for two edits in one burst', async () => {
    const { rig, watching } = await begin();
    rig.write('in/b.txt', 'b2\n');
    rig.write('in/a.txt', 'a2\n');
    const round = await watching.round();
    expect(round.changed).toEqual(['in/b.txt', 'in/a.txt']);
    expect(round.ran).toEqual(['copy-a', 'copy-b', 'total']);
    expect(types(round).filter((type) => type === 'build-started')).toHaveLength(1);
  });

  it('sees a file that an editor replaces by a rename, time and again', async () => {
    const { rig, watching } = await begin();
    for (const text of ['a2\n', 'a3\n', 'a4\n']) {
      rig.write('in/.a.txt.swp', text);
      renameSync(rig.path('in/.a.txt.swp'), rig.path('in/a.txt'));
      expect(await watching.round()).toMatchObject({ changed: ['in/a.txt'], ran: ['copy-a', 'total'] });
    }
  });

  it('is not woken by what it writes itself, nor by what nobody reads', async () => {
    const { rig, watching } = await begin();
    rig.write('out/total.txt', 'mine\n');
    rig.write('notes.txt', 'nothing\n');
    rig.write('in/c.txt', 'c is no symbol\n');
    rig.write('in/b.txt', 'b2\n');
    const { changed, ran } = await watching.round();
    expect({ changed, ran }).toEqual({ changed: ['in/b.txt'], ran: ['copy-b', 'total'] });
    expect(rig.read('out/total.txt')).toBe('one\na1\nb2\n');
  });

  it('is not woken by a folder that it makes, though inputs may come to lie there', async () => {
    const { rig, watching } = await begin({
      'pipeline.yaml': `version: 1
rules:
  made: { in: { all: "data/in/*.txt", text: in.txt }, out: { text: data/out/made.txt }, run: "echo made >> runs.log; cat \${in.text} \${in.all} > \${out.text}" }
`,
      'in.txt': '1\n',
    });
    rig.write('in.txt', '2\n');
    expect(await watching.round()).toMatchObject({ changed: ['in.txt'], ran: ['made'] });
    rig.write('data/in/a.txt', 'a\n');
    expect(await watching.round()).toMatchObject({ changed: ['data/in/a.txt'], ran: ['made'] });
    rig.write('data/in/a.txt', 'A\n');
    expect(await watching.round()).toMatchObject({ changed: ['data/in/a.txt'], ran: ['made'] });
  });

  it('runs nothing for a file that was only touched', async () => {
    const { rig, watching } = await begin();
    rig.touch('in/a.txt');
    expect(await watching.round()).toMatchObject({ changed: ['in/a.txt'], ran: [] });
  });

  it('builds only what was selected, and waits for nothing else', async () => {
    const { rig, watching, first } = await begin(FILES, ['copy/a']);
    expect(first.ran).toEqual(['copy-a']);
    rig.write('in/a.txt', 'a2\n');
    expect((await watching.round()).ran).toEqual(['copy-a']);
  });
});

describe('a target that fails', () => {
  it('is not run again before its input has changed, and what it failed by is told again', async () => {
    const { rig, watching, first } = await begin({ ...FILES, 'in/a.txt': 'wrong\n' });
    expect(first.ran).toEqual(['copy-a', 'copy-b', 'total']);
    rig.write('in/b.txt', 'b2\n');
    const other = await watching.round();
    expect(other.ran).toEqual(['copy-b', 'total']);
    const failed = other.lines.find(({ target }) => target === 'copy/a');
    expect(failed).toMatchObject({ type: 'target-finished', outcome: 'failed', seconds: 0 });
    rig.write('in/a.txt', 'wrong\nbut not all\n');
    expect((await watching.round()).ran).toEqual(['copy-a', 'total']);
    expect(rig.read('out/a.txt')).toBe('but not all\n');
  });

  it('is tried when a watch begins, whatever it failed by before', async () => {
    const rig = new Rig({ ...FILES, 'in/a.txt': 'wrong\n' });
    await rig.build();
    const watching = new Watching(rig);
    expect((await watching.round()).ran).toContain('copy-a');
  });

  it('runs again when the file that it lacked has come', async () => {
    const { 'in/a.txt': _, ...files } = FILES;
    const { rig, watching, first } = await begin(files);
    expect(first.ran).toEqual(['copy-b', 'total']);
    rig.write('in/a.txt', 'a1\n');
    expect(await watching.round()).toMatchObject({ changed: ['in/a.txt'], ran: ['copy-a', 'total'] });
  });
});

function lockedBy(holder: string, rig: Rig): ReturnType<typeof acquireRunLock> {
  return acquireRunLock({
    identity: rig.path('.pipeline'),
    holder,
    wait: false,
    onWaiting: () => undefined,
    signal: new AbortController().signal,
  });
}

describe('the run lock', () => {
  it('is held for the length of each build only', async () => {
    const { rig } = await begin();
    expect((await rig.build([], { wait: false })).result).toBe('built');
  });

  it('is waited for, and nothing is lost', async () => {
    const { rig, watching } = await begin();
    const lock = await lockedBy('process 7, build bars', rig);
    rig.write('in/a.txt', 'a2\n');
    expect(await watching.line('lock-waiting')).toEqual({
      type: 'lock-waiting',
      holder: 'process 7, build bars',
    });
    rig.write('in/b.txt', 'b2\n');
    await lock?.release();
    const round = await watching.round();
    expect(round.changed.slice(0, 1)).toEqual(['in/a.txt']);
    expect(rig.read('out/total.txt')).toBe('one\na2\nb2\n');
    expect(await watching.stop()).toBe(130);
  });

  it('that is waited for by a build of another manifest is waited for anew', async () => {
    const { rig, watching } = await begin();
    const lock = await lockedBy('another', rig);
    rig.write('in/a.txt', 'a2\n');
    await watching.line('lock-waiting');
    rig.edit('configs/base.yaml', (text) => text.replace('one', 'two'));
    await watching.line('watch-restarting');
    await watching.line('watch-changed', ({ changed }) => `${changed}` === 'configs/base.yaml');
    await lock?.release();
    const round = await watching.round();
    expect(round.ran).toEqual(['copy-a', 'total']);
    expect(rig.read('out/total.txt')).toBe('two\na2\nb1\n');
  });

  it('of another build is no reason to stay when interrupted', async () => {
    const rig = new Rig({ ...FILES, '.pipeline/.gitignore': '*\n' });
    const lock = await lockedBy('another', rig);
    const watching = new Watching(rig);
    await watching.line('lock-waiting');
    expect(await watching.stop()).toBe(130);
    await lock?.release();
  });
});

describe('a volatile source', () => {
  it('is asked again by its age alone', async () => {
    const rig = new Rig({
      'pipeline.yaml': `version: 1
rules:
  listing: { out: { l: listing.txt }, source: true, refresh: { after: 1h }, run: "echo listing >> runs.log; echo 1 > \${out.l}" }
  copy: { in: { l: { rule: listing }, text: in.txt }, out: { text: out.txt }, run: "echo copy >> runs.log; cat \${in.text} > \${out.text}" }
`,
      'in.txt': '1\n',
    });
    let later = 0;
    const watching = new Watching(rig, [], { now: () => Date.now() + later });
    expect((await watching.round()).ran).toEqual(['copy', 'listing']);
    rig.write('in.txt', '2\n');
    expect((await watching.round()).ran).toEqual(['copy']);
    later = 2 * 3_600_000;
    rig.write('in.txt', '3\n');
    expect((await watching.round()).ran).toEqual(['copy', 'listing']);
  });

  it('that could not be asked is asked again when that is as long ago', async () => {
    const rig = new Rig({
      'pipeline.yaml': `version: 1
rules:
  listing: { out: { l: listing.txt }, source: true, refresh: { after: 1h }, run: "echo listing >> runs.log; exit 1" }
  copy: { in: { text: in.txt }, out: { text: out.txt }, run: "echo copy >> runs.log; cat \${in.text} > \${out.text}" }
`,
      'in.txt': '1\n',
    });
    let later = 0;
    const watching = new Watching(rig, [], { now: () => Date.now() + later });
    expect((await watching.round()).ran).toEqual(['copy', 'listing']);
    rig.write('in.txt', '2\n');
    expect((await watching.round()).ran).toEqual(['copy']);
    later = 2 * 3_600_000;
    rig.write('in.txt', '3\n');
    expect((await watching.round()).ran).toEqual(['copy', 'listing']);
  });
});

describe('a system that watches no more folders', () => {
  it('is named, with what to do', async () => {
    const rig = new Rig(FILES);
    let err = '';
    const code = await watch(
      { directory: rig.dir, set: [], json: false, quiet: false, verbose: false, asOf: undefined },
      {
        selectors: [],
        between: undefined,
        jobs: undefined,
        offline: false,
        watchFolders: () =>
          Promise.reject(new WatchRefused('no more folders', 'raise the limit', new Error('ENOSPC'))),
      },
      {
        stdout: { write: () => undefined, isTTY: false },
        stderr: { write: (text) => (err += text), isTTY: false },
        env: {},
        cwd: rig.dir,
        readerGone: new AbortController().signal,
        signal: new AbortController().signal,
        now: Date.now,
      },
    );
    expect({ code, err }).toEqual({ code: 1, err: 'error: no more folders\n  = raise the limit\n' });
  });
});
