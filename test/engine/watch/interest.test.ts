/** Which paths wake a watch, and which folders it looks into. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Interest, Learnt } from '../../../src/engine/watch/interest.ts';
import { interestOf } from '../../../src/engine/watch/interest.ts';
import { patternOf } from '../../../src/engine/watch/patterns.ts';
import { foldersAbove, liesIn, spell } from '../../../src/engine/watch/spelling.ts';
import { Rig } from '../../rig.ts';

const NOTHING: Learnt = {
  has: () => false,
  folders: new Set(),
  codeFolders: new Set(),
  untraced: [],
};

function interest(rules: string, learnt: Partial<Learnt> = {}): Interest {
  const rig = new Rig({
    'pipeline.yaml': `version: 1
configs: [configs/base.yaml]
dimensions: { symbol: "\${symbols}", month: { every: month, from: "2024-01-01T00:00:00Z" } }
as_of: "2024-03-31T23:59:00Z"
rules:
${rules}
`,
    'configs/base.yaml': 'symbols: [a, b-c]\n',
    'tasks/made.ts': 'export default {};\n',
  });
  const manifest = rig.load();
  if (typeof manifest === 'string') throw new Error(manifest);
  // As if it stood there: what is asked of an interest is told by names alone.
  return interestOf({
    workspace: '/ws/here',
    manifestFiles: [...manifest.files, '../shared.yaml'],
    modules: rules.includes('./tasks/made.ts') ? ['./tasks/made.ts'] : [],
    manifest,
    learnt: { ...NOTHING, ...learnt },
  });
}

const kinds = (of: Interest, paths: readonly string[]): readonly (string | undefined)[] =>
  paths.map((path) => of.kindOf(path));
const holds = (of: Interest, folders: readonly string[]): readonly string[] =>
  folders.filter((folder) => of.mayHold(folder) !== undefined);

describe('what matters', () => {
  it('is the manifest and its configs, wherever they lie', () => {
    const of = interest('  r: { out: { o: o.txt }, run: "echo > ${out.o}" }');
    expect(kinds(of, ['pipeline.yaml', 'configs/base.yaml', '/ws/shared.yaml'])).toEqual([
      'manifest',
      'manifest',
      'manifest',
    ]);
    expect(kinds(of, ['o.txt', 'other.yaml', 'shared.yaml', 'configs/other.yaml'])).toEqual(
      Array(4).fill(undefined),
    );
    expect(holds(of, ['', 'configs', 'configs/deep', 'data', '.pipeline', '/ws', '/'])).toEqual([
      '',
      'configs',
      '/ws',
      '/',
    ]);
    expect(of.roots).toEqual(['', '/ws']);
  });

  it('is an input at the keys of its list, at any time, and below it where it is a folder', () => {
    const of = interest(
      '  r: { for: [symbol, month], in: { t: "in/${symbol}/${month}.txt" }, out: { o: "out/${symbol}-${month}" }, run: "echo > ${out.o}" }',
    );
    expect(kinds(of, ['in/a/2024-01.txt', 'in/b-c/2024-02.txt', 'in/a/2024-01.txt/within'])).toEqual([
      'source',
      'source',
      'source',
    ]);
    expect(kinds(of, ['in/d/2024-01.txt', 'in/a/2024-01.csv', 'in/a', 'out/a-2024-01'])).toEqual(
      Array(4).fill(undefined),
    );
    expect(holds(of, ['in', 'in/a', 'in/d', 'in/a/deep', 'out'])).toEqual(['in', 'in/a']);
  });

  it('is what a glob matches, hidden names and outputs left out', () => {
    const of = interest(
      `  r: { in: { all: "data/**/*.txt" }, out: { o: "data/made.txt" }, run: "cat \${in.all} > \${out.o}" }
  d: { out: { o: "data/folder/" }, run: "echo > \${out.o}/x.txt" }`,
    );
    expect(kinds(of, ['data/a.txt', 'data/x/y/a.txt'])).toEqual(['source', 'source']);
    expect(
      kinds(of, ['data/.a.txt', 'data/.git/a.txt', 'data/made.txt', 'data/folder/x.txt', 'a.txt']),
    ).toEqual(Array(5).fill(undefined));
    expect(holds(of, ['data', 'data/x/y', 'data/.git', 'data/x/.git/y', 'data/folder', 'other'])).toEqual([
      'data',
      'data/x/y',
    ]);
  });

  it('may lie outside of the workspace', () => {
    const of = interest(
      '  r: { in: { a: ../near/a.txt, b: "/far/b/*.txt", c: /ws/here/c.txt }, out: { o: o.txt }, run: "echo > ${out.o}" }',
    );
    expect(kinds(of, ['/ws/near/a.txt', '/far/b/1.txt', 'c.txt', 'near/a.txt'])).toEqual([
      'source',
      'source',
      'source',
      undefined,
    ]);
    expect(of.roots).toEqual(['', '/ws', '/far/b']);
    expect(holds(of, ['/', '/far', '/far/b', '/far/c', '/ws/near', '/ws/other'])).toEqual([
      '/',
      '/far',
      '/far/b',
      '/ws/near',
    ]);
  });

  it('is only what the rules of the last build read, where those are known', () => {
    const of = interest(
      `  one: { in: { t: one.txt }, out: { o: one.out }, run: "echo > \${out.o}" }
  two: { in: { t: two.txt }, out: { o: two.out }, run: "echo > \${out.o}" }`,
    );
    expect(of.kindOf('two.txt')).toBe('source');
    expect(of.kindOf('two.txt', new Set(['one']))).toBeUndefined();
    expect(of.kindOf('one.txt', new Set(['one']))).toBe('source');
    expect(of.kindOf('pipeline.yaml', new Set())).toBe('manifest');
  });

  it('is the code of a module and what may be imported beside it', () => {
    const rule = '  r: { out: { o: tasks/o.json }, task: ./tasks/made.ts }';
    const of = interest(rule);
    expect(kinds(of, ['tasks/made.ts', 'tasks/new.ts', 'tasks/lib'])).toEqual(['source', 'source', 'source']);
    expect(kinds(of, ['tasks/o.json', 'tasks/notes.md', 'tasks/lib/x.ts'])).toEqual(Array(3).fill(undefined));
    const traced = interest(rule, {
      has: (path) => path === 'lib/x.ts',
      folders: new Set(['', 'lib']),
      codeFolders: new Set(['lib']),
    });
    expect(kinds(traced, ['lib/x.ts', 'lib/y.ts', 'lib/deep/z.ts'])).toEqual(['source', 'source', undefined]);
    expect(holds(traced, ['lib', 'lib/deep', 'tasks'])).toEqual(['lib', 'tasks']);
  });

  it('is any code below a module that could not be traced, but for packages and hidden folders', () => {
    const of = interest('  r: { out: { o: o.txt }, task: ./tasks/made.ts }', { untraced: ['tasks/made.ts'] });
    expect(kinds(of, ['tasks/lib/deep/x.ts', 'tasks/node_modules/p/x.js', 'tasks/.cache/x.js'])).toEqual([
      'source',
      undefined,
      undefined,
    ]);
    expect(holds(of, ['tasks/lib/deep', 'tasks/node_modules', 'tasks/.cache', 'other'])).toEqual([
      'tasks/lib/deep',
    ]);
  });
});

describe('patterns', () => {
  const name = fc.constantFrom('a', 'b', 'ab', '.h', 'x.txt', 'y.csv');
  const part = fc.constantFrom('a', 'b', '*', '**', 'a*', '*.txt', '{a,b}', '{a,b/x}', '?', '.h', '@(a|b)');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const glob = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

  it('never rule out a folder that holds what they match', () => {
    fc.assert(
      fc.property(glob, fc.boolean(), path, (pattern, hidden, file) => {
        const of = patternOf(pattern, hidden);
        if (!of.matches(file)) return;
        for (const folder of foldersAbove(file)) expect([folder, of.mayHold(folder)]).toEqual([folder, true]);
        expect(liesIn(file, of.root)).toBe(true);
        expect(of.within(`${file}/below`)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a path', () => {
  it('is spelt in one way', () => {
    expect(spell('/ws', '/ws')).toBe('');
    expect(spell('/ws', './a/../b')).toBe('b');
    expect(spell('/ws', '../ws/b')).toBe('b');
    expect(spell('/ws', '../wsx/b')).toBe('/wsx/b');
    expect(foldersAbove('a/b/c')).toEqual(['a/b', 'a', '']);
    expect(foldersAbove('/a/b')).toEqual(['/a', '/']);
    expect(['a', 'a/b', 'ab'].map((path) => liesIn(path, 'a'))).toEqual([true, true, false]);
    expect(['', 'a', '/a'].map((path) => liesIn(path, ''))).toEqual([true, true, false]);
  });
});
