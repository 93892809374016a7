import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/engine/hash.ts';
import type { SuccessRecord } from '../../../src/engine/state/record.ts';
import {
  BuildState,
  codeCache,
  isStatePath,
  openForReading,
  StateError,
} from '../../../src/engine/state/workspace-state.ts';
import { messageOf, put, rejection, scratch } from './scratch.ts';

async function open(workspace: string): Promise<BuildState> {
  const state = await BuildState.open(workspace, {
    holder: 'a test',
    wait: false,
    onWaiting: () => undefined,
    signal: new AbortController().signal,
  });
  if (state === undefined) throw new Error('the workspace is held');
  return state;
}

const SUCCESS: SuccessRecord = {
  kind: 'success',
  target: 'a',
  fingerprint: sha256('a'),
  parts: [],
  outputs: [],
  discovered: [],
  finishedAt: '2025-08-22T23:59:00.000Z',
  seconds: 1,
};

function otherVolume(): string | undefined {
  const shm = statSync('/dev/shm', { throwIfNoEntry: false });
  return shm !== undefined && shm.dev !== statSync(scratch()).dev ? '/dev/shm' : undefined;
}

describe('the state folder', () => {
  it('keeps records and stats from one build to the next, and git away', async () => {
    const workspace = scratch({ in: 'x' });
    const first = await open(workspace);
    first.journal.append(SUCCESS, true);
    await first.close();
    expect([...openForReading(workspace).loaded.successes.keys()]).toEqual(['a']);
    const second = await open(workspace);
    expect([...second.journal.loaded.successes.keys()]).toEqual(['a']);
    await second.close();
    expect(readFileSync(join(workspace, '.pipeline/.gitignore'), 'utf8')).toBe('*\n');
  });

  it('is not made by who only reads', () => {
    const workspace = scratch();
    expect(openForReading(workspace).loaded.successes.size).toBe(0);
    expect(codeCache(workspace).read()).toBeUndefined();
    expect(readdirSync(workspace)).toEqual([]);
  });

  it("leaves the user's own .gitignore in it alone", async () => {
    const workspace = scratch({ '.pipeline/.gitignore': 'mine\n' });
    await (await open(workspace)).close();
    expect(readFileSync(join(workspace, '.pipeline/.gitignore'), 'utf8')).toBe('mine\n');
  });

  it('belongs to one build at a time, and can be read meanwhile', async () => {
    const workspace = scratch();
    const state = await open(workspace);
    state.journal.append(SUCCESS, false);
    const told: string[] = [];
    const signal = new AbortController().signal;
    const options = {
      holder: 'b',
      wait: false,
      onWaiting: (holder: string) => void told.push(holder),
      signal,
    };
    expect(await BuildState.open(workspace, options)).toBeUndefined();
    expect(told).toEqual(['a test']);
    expect([...openForReading(workspace).loaded.successes.keys()]).toEqual(['a']);
    await state.close();
  });

  it('has one lock, by whatever path the workspace is reached', async () => {
    const workspace = scratch({ 'real/x': '' });
    symlinkSync('real', join(workspace, 'linked'));
    const state = await open(join(workspace, 'real'));
    expect(await rejection(open(join(workspace, 'linked')))).toEqual(new Error('the workspace is held'));
    await state.close();
  });

  it('is let go of when it cannot be used', async () => {
    const workspace = scratch({ '.pipeline/journal': 'my diary\n' });
    for (let time = 0; time < 2; time++)
      expect(await rejection(open(workspace))).toMatchObject({
        message: `${workspace}/.pipeline/journal:1: expected "pipeline journal 2", found "my diary". This is not a journal of pipeline: move the file away, and the next build starts from what is on disk`,
      });
  });

  it('is let go of when the memo cannot be saved: it only saves work', async () => {
    const workspace = scratch({ a: 'aaa' });
    const state = await open(workspace);
    mkdirSync(join(workspace, '.pipeline/memo'));
    await new Promise((resolve) => setTimeout(resolve, 80));
    state.memo.digest('a');
    await state.close();
    await (await open(workspace)).close();
  });

  it('has no business in globs', () => {
    const paths = ['.pipeline', '.pipeline/journal', '.pipelines/x', 'a/.pipeline', 'pipeline.yaml'];
    expect(paths.filter(isStatePath)).toEqual(['.pipeline', '.pipeline/journal']);
  });
});

describe('a state folder that cannot be', () => {
  it('because a file stands there is said so, by build and by status', async () => {
    const workspace = scratch({ '.pipeline': 'mine' });
    const message = `${workspace}/.pipeline is a file, and the state of builds is kept in a folder of that name: move it away`;
    const thrown = await rejection(open(workspace));
    expect(thrown).toBeInstanceOf(StateError);
    expect(thrown).toMatchObject({ message });
    expect(messageOf(() => openForReading(workspace))).toBe(message);
    expect(messageOf(() => codeCache(workspace).write(''))).toBe(message);
    expect(readFileSync(join(workspace, '.pipeline'), 'utf8')).toBe('mine');
  });

  it('made is said so, with the code of the system', async () => {
    const workspace = scratch();
    symlinkSync('nowhere/at/all', join(workspace, '.pipeline'));
    const thrown = await rejection(open(workspace));
    expect(thrown).toBeInstanceOf(StateError);
    expect(thrown).toMatchObject({
      message: `${workspace}/.pipeline cannot be written to (ENOENT): make the workspace writable for this user`,
      cause: { code: 'ENOENT' },
    });
  });
});

describe('a temporary folder', () => {
  it('is empty, and another one each time', async () => {
    const workspace = scratch();
    const state = await open(workspace);
    const folders = [1, 2, 3].map(() => state.temporary.take(join(workspace, 'out/x')));
    expect(new Set(folders).size).toBe(3);
    for (const folder of folders) {
      expect(readdirSync(folder)).toEqual([]);
      expect(dirname(folder)).toBe(join(workspace, '.pipeline/tmp'));
    }
    await state.close();
  });

  it('that is empty again serves another run, under a name that nobody knows', async () => {
    const workspace = scratch();
    const state = await open(workspace);
    const first = state.temporary.take(workspace);
    state.temporary.giveBack(first);
    expect(existsSync(first)).toBe(false);
    const second = state.temporary.take(workspace);
    expect(second).not.toBe(first);
    expect(readdirSync(second)).toEqual([]);
    // What somebody has left in it goes, and the folder with it.
    put(join(second, 'late'), 'x');
    state.temporary.giveBack(second);
    expect(readdirSync(join(workspace, '.pipeline/tmp'))).toEqual([]);
    await state.close();
  });

  it('with empty folders in it serves only runs that nest theirs', async () => {
    const workspace = scratch();
    const state = await open(workspace);
    const first = state.temporary.take(workspace, true);
    put(join(first, 'o/out'), 'x');
    rmSync(join(first, 'o/out'));
    state.temporary.giveBack(first);
    expect(readdirSync(state.temporary.take(workspace))).toEqual([]);
    const nested = state.temporary.take(workspace, true);
    expect(readdirSync(nested)).toEqual(['o']);
    state.temporary.giveBack(nested);
    // Somebody tidies up while builds run.
    for (const name of readdirSync(join(workspace, '.pipeline/tmp')))
      rmSync(join(workspace, '.pipeline/tmp', name), { recursive: true });
    expect(readdirSync(state.temporary.take(workspace, true))).toEqual([]);
    await state.close();
  });

  it('is there for a rule without outputs too', async () => {
    const workspace = scratch();
    const state = await open(workspace);
    expect(dirname(state.temporary.take(workspace))).toBe(join(workspace, '.pipeline/tmp'));
    await state.close();
  });

  it('that a crash left is swept, and nothing else', async () => {
    const workspace = scratch({
      '.pipeline/tmp/1-0/out/half': 'x',
      '.pipeline/code/a.mjs': 'kept',
      'out/.pipeline-tmp-1-0/half': 'not noted, so not ours',
    });
    await (await open(workspace)).close();
    expect(readdirSync(join(workspace, '.pipeline/tmp'))).toEqual([]);
    expect(existsSync(join(workspace, '.pipeline/code/a.mjs'))).toBe(true);
    expect(existsSync(join(workspace, 'out/.pipeline-tmp-1-0/half'))).toBe(true);
  });

  it('lies on the volume of the outputs, and is swept after a crash', async ({ skip }) => {
    const other = otherVolume() ?? skip('there is no second volume here');
    const [workspace, far] = [scratch(), scratch({ 'kept/file': 'x' }, other)];
    symlinkSync(far, join(workspace, 'far'));
    const state = await open(workspace);
    const folders = [join(far, 'new/out'), join(workspace, 'far/new/out')].map((path) =>
      state.temporary.take(path),
    );
    for (const folder of folders) {
      expect(statSync(folder).dev).toBe(statSync(far).dev);
      put(join(folder, 'half'), 'x');
    }
    expect(readdirSync(far).length).toBe(3);
    // The process ends without tidying up.
    const noted = readFileSync(join(workspace, '.pipeline/elsewhere'), 'utf8');
    await state.close();
    put(join(workspace, '.pipeline/elsewhere'), noted);
    await (await open(workspace)).close();
    expect(readdirSync(far)).toEqual(['kept']);
  });

  it('noted as being elsewhere is removed only under a name that we give', async () => {
    const workspace = scratch({
      'precious/file': 'x',
      'one/.pipeline-tmp-1-0/half': 'x',
      'relative/.pipeline-tmp-1-0/half': 'x',
    });
    const lines = [
      JSON.stringify(join(workspace, 'precious')),
      JSON.stringify(join(workspace, 'one/.pipeline-tmp-1-0')),
      JSON.stringify('relative/.pipeline-tmp-1-0'),
      JSON.stringify(`${workspace}/one/.pipeline-tmp-1-0/..`),
      JSON.stringify(''),
      '{"a":1}',
      `${workspace}/precious/.pipeline-tmp-`,
      `"${workspace}/pre`,
    ];
    put(join(workspace, '.pipeline/elsewhere'), lines.join('\n'));
    await (await open(workspace)).close();
    expect(readdirSync(workspace).sort()).toEqual(['.pipeline', 'one', 'precious', 'relative']);
    expect(readdirSync(join(workspace, 'one'))).toEqual([]);
    expect(readdirSync(join(workspace, 'relative'))).toEqual(['.pipeline-tmp-1-0']);
    expect(existsSync(join(workspace, 'precious/file'))).toBe(true);
    expect(existsSync(join(workspace, '.pipeline/elsewhere'))).toBe(false);
  });

  it('falls back on the workspace where the outputs cannot be prepared', async ({ skip }) => {
    const other = otherVolume() ?? skip('there is no second volume here');
    const [workspace, far] = [scratch(), scratch({ file: 'x' }, other)];
    const state = await open(workspace);
    const folder = state.temporary.take(join(far, 'file/below/out'));
    expect(dirname(folder)).toBe(join(workspace, '.pipeline/tmp'));
    await state.close();
  });
});

describe('the cache of code', () => {
  it('gives back what was written, and takes a bundle whole', () => {
    const workspace = scratch();
    const cache = codeCache(workspace);
    cache.write('index');
    cache.writeBundle('a.mjs', 'export default 1;');
    expect(codeCache(workspace).read()).toBe('index');
    expect(readdirSync(cache.folder).sort()).toEqual(['a.mjs', 'index.json']);
    cache.writeBundle('a.mjs', 'export default 2;');
    expect(readFileSync(join(cache.folder, 'a.mjs'), 'utf8')).toBe('export default 2;');
  });

  it('that cannot be read is none', () => {
    const workspace = scratch();
    mkdirSync(join(workspace, '.pipeline/code/index.json'), { recursive: true });
    expect(codeCache(workspace).read()).toBeUndefined();
    writeFileSync(join(workspace, 'file'), '');
    expect(codeCache(join(workspace, 'file')).read()).toBeUndefined();
  });
});
