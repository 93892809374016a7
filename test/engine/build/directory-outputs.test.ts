/** What lies in a directory that is an output, and whose it is: builds take away what they have put there, nothing else. */
import { copyFileSync, lstatSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Commit from '../../../src/engine/run/commit.ts';
import { Rig } from '../../rig.ts';
import { scratch } from '../state/scratch.ts';

/** Set: the commit ends like a killed one, after this new file of a directory is in place. */
const killed = vi.hoisted(() => ({ after: '' }));

vi.mock('../../../src/engine/run/commit.ts', async (original) => {
  const actual = await original<typeof Commit>();
  const stage: typeof actual.stage = (placements, owned) =>
    actual.stage(placements, {
      ...owned,
      note: (place, names) => {
        owned.note(place, names);
        if (killed.after === '') return;
        copyFileSync(join(place.temporary, killed.after), join(place.final, killed.after));
        throw new Error('killed');
      },
    });
  return { ...actual, stage };
});

afterEach(() => {
  killed.after = '';
});

/** A file for each word of the input. */
const WORDS = {
  'pipeline.yaml': `version: 1
rules:
  d: { in: { text: in.txt }, out: { x: "out/d/" }, run: "for word in $$(cat \${in.text}); do mkdir -p \${out.x}/$$(dirname $$word); echo $$word > \${out.x}/$$word; done" }
`,
  'in.txt': 'a sub/b',
};

/** What was nobody's of ours has been moved, and it is told where. */
function expectDisplaced(
  built: Awaited<ReturnType<Rig['build']>>,
  rig: Rig,
  name: string,
  text: string,
): void {
  expect(built.failures).toEqual({});
  const place = `.pipeline/displaced/out/d/${name}`;
  expect(built.events).toContainEqual({
    type: 'target-warning',
    target: 'd',
    message: `out/d/${name} was put there by no build, and now lies in ${place}: what a directory holds is what its task writes`,
  });
  expect(rig.read(place)).toBe(text);
}

describe('a directory that is an output', () => {
  it('loses what is no longer written', async () => {
    const rig = new Rig(WORDS);
    await rig.build();
    rig.write('in.txt', 'sub/c');
    expect((await rig.build()).ran).toEqual(['d']);
    expect(rig.files('out')).toEqual(['out/d/sub/c']);
  });

  it('never loses what was there before its first build', async () => {
    const rig = new Rig({ ...WORDS, 'out/d/thesis.doc': 'mine' });
    expectDisplaced(await rig.build(), rig, 'thesis.doc', 'mine');
    expect(rig.files('out')).toEqual(['out/d/a', 'out/d/sub/b']);
  });

  it('never loses what somebody has put into it since, also when that is so again', async () => {
    const rig = new Rig(WORDS);
    await rig.build();
    rig.write('out/d/sub/notes.txt', 'mine');
    rig.write('in.txt', 'c');
    expectDisplaced(await rig.build(), rig, 'sub/notes.txt', 'mine');
    expect(rig.files('out')).toEqual(['out/d/c']);
    rig.write('out/d/sub/notes.txt', 'mine, once more');
    await rig.build();
    expect(rig.read('.pipeline/displaced/out/d/sub/notes.txt')).toBe('mine');
    expect(rig.read('.pipeline/displaced/out/d/sub/notes.txt.2')).toBe('mine, once more');
    expect(rig.files('out')).toEqual(['out/d/c']);
  });

  it('loses what a build has put there, whoever has edited it or deleted another file since', async () => {
    const rig = new Rig(WORDS);
    await rig.build();
    rig.write('out/d/a', 'edited');
    rig.remove('out/d/sub/b');
    rig.write('in.txt', 'c');
    expect((await rig.build()).failures).toEqual({});
    expect(rig.files('out')).toEqual(['out/d/c']);
  });

  it('takes the place of a link, and nothing behind it is touched', async () => {
    const elsewhere = scratch({ 'thesis.doc': 'mine', 'sub/b': 'mine', a: 'mine' });
    const rig = new Rig(WORDS);
    await rig.build();
    rig.remove('out/d');
    symlinkSync(elsewhere, rig.path('out/d'));
    rig.write('in.txt', 'sub/b c');
    expect((await rig.build()).ran).toEqual(['d']);
    expect(lstatSync(rig.path('out/d')).isDirectory()).toBe(true);
    expect(rig.files('out')).toEqual(['out/d/c', 'out/d/sub/b']);
    expect(readdirSync(elsewhere, { recursive: true }).sort()).toEqual(['a', 'sub', 'sub/b', 'thesis.doc']);
    expect(readFileSync(join(elsewhere, 'sub/b'), 'utf8')).toBe('mine');
  });

  it('is known by its digest, or by what is kept of it, to a build without the list of its files', async () => {
    const rig = new Rig(WORDS);
    await rig.build();
    rmSync(rig.path('.pipeline/folders'), { recursive: true });
    rig.write('in.txt', 'c');
    expect((await rig.build()).failures).toEqual({});
    expect(rig.files('out')).toEqual(['out/d/c']);
    rig.write('in.txt', 'a sub/b');
    await rig.build();
    rig.write('in.txt', 'c');
    await rig.build();
    // Kept since the build before: which files there were.
    rmSync(rig.path('.pipeline/folders'), { recursive: true });
    rig.write('out/d/c', 'edited');
    rig.write('in.txt', 'e');
    await rig.build();
    expect(rig.files('out')).toEqual(['out/d/e']);
  });

  it('is the same after a list that cannot be read, or is of another directory', async () => {
    for (const text of ['', 'nonsense', 'pipeline folder 1\nno sum\n"out/d"\n"mine"']) {
      const rig = new Rig({ ...WORDS });
      await rig.build();
      const [list = ''] = rig.files('.pipeline/folders');
      rig.write(list, text);
      rig.write('out/d/mine', 'mine');
      rig.write('in.txt', 'c');
      expectDisplaced(await rig.build(), rig, 'mine', 'mine');
    }
  });
});

describe('a build that was killed while it put a directory in place', () => {
  it('is followed by one that knows what it has put there, also when that writes other files again', async () => {
    const rig = new Rig(WORDS);
    await rig.build();
    for (const [after, words] of [
      ['c', 'c'],
      ['e', 'e f'],
    ] as const) {
      rig.write('in.txt', words);
      killed.after = after;
      await expect(rig.build()).rejects.toThrow('killed');
    }
    expect(rig.files('out')).toEqual(['out/d/a', 'out/d/c', 'out/d/e', 'out/d/sub/b']);
    killed.after = '';
    rig.write('in.txt', 'g');
    expect((await rig.build()).failures).toEqual({});
    expect(rig.files('out')).toEqual(['out/d/g']);
  });

  it('is as right when it was the first', async () => {
    const rig = new Rig(WORDS);
    killed.after = 'a';
    await expect(rig.build()).rejects.toThrow('killed');
    killed.after = '';
    rig.write('in.txt', 'c');
    expect((await rig.build()).failures).toEqual({});
    expect(rig.files('out')).toEqual(['out/d/c']);
  });
});
