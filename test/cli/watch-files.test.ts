/** Sessions of `pipeline watch` in which files that match a glob, folders and the code of tasks come, change and go. */
import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { begin, types, Watching } from './watching.ts';

describe('files that match a glob', () => {
  const GLOB = {
    'pipeline.yaml': `version: 1
rules:
  list: { in: { all: "in/**/*.txt" }, out: { list: list.out }, run: "echo list >> runs.log; cat \${in.all} > \${out.list}" }
`,
    'in/a.txt': 'a\n',
  };

  it('wake it when they come and when they go, also in folders that come with them', async () => {
    const { rig, watching } = await begin(GLOB);
    rig.write('in/b.txt', 'b\n');
    expect(await watching.round()).toMatchObject({ changed: ['in/b.txt'], ran: ['list'] });
    rig.write('in/x/y/c.txt', 'c\n');
    expect(await watching.round()).toMatchObject({ changed: ['in/x/y/c.txt'], ran: ['list'] });
    rig.write('in/x/y/c.txt', 'C\n');
    expect(await watching.round()).toMatchObject({ changed: ['in/x/y/c.txt'], ran: ['list'] });
    rig.remove('in/x');
    // As it was before: nothing need run for that.
    expect((await watching.round()).changed).toContain('in/x/y/c.txt');
    expect(rig.read('list.out')).toBe('a\nb\n');
  });

  it('are seen in a folder that was removed and made again at once', async () => {
    const { rig, watching } = await begin(GLOB);
    rig.remove('in');
    rig.write('in/a.txt', 'A\n');
    expect((await watching.round()).ran).toEqual(['list']);
    rig.write('in/a.txt', 'AA\n');
    expect(await watching.round()).toMatchObject({ changed: ['in/a.txt'], ran: ['list'] });
  });

  it('may lie in a folder that is not there yet', async () => {
    const { rig, watching, first } = await begin({ 'pipeline.yaml': GLOB['pipeline.yaml'] });
    expect(first.ran).toEqual(['list']);
    mkdirSync(rig.path('in/deep'), { recursive: true });
    rig.write('in/deep/a.txt', 'a\n');
    expect((await watching.round()).ran).toEqual(['list']);
    expect(rig.read('list.out')).toBe('a\n');
  });
});

describe('an input that is reached over links', () => {
  const COPIES = {
    'pipeline.yaml': `version: 1
rules:
  copy: { in: { text: in/link.txt }, out: { text: one.txt }, run: "echo copy >> runs.log; cat \${in.text} > \${out.text}" }
  deep: { in: { text: in/current/f.txt }, out: { text: two.txt }, run: "echo deep >> runs.log; cat \${in.text} > \${out.text}" }
`,
  };

  /** The new link takes the place of the old one at once, as `ln -sfn` and deployments do it. */
  function relink(place: string, target: string): void {
    symlinkSync(target, `${place}.new`);
    renameSync(`${place}.new`, place);
  }

  it('is seen where a link on the way leads elsewhere, and watched there', async () => {
    const outside = new Rig({ 'v1/f.txt': 'one\n', 'v2/f.txt': 'two\n' });
    symlinkSync('v1', outside.path('release'));
    symlinkSync('v1/f.txt', outside.path('middle'));
    const rig = new Rig(COPIES);
    mkdirSync(rig.path('in'));
    symlinkSync(outside.path('middle'), rig.path('in/link.txt'));
    symlinkSync(outside.path('release'), rig.path('in/current'));
    const watching = new Watching(rig);
    expect((await watching.round()).ran).toEqual(['copy', 'deep']);
    relink(outside.path('middle'), 'v2/f.txt');
    expect((await watching.round()).ran).toEqual(['copy']);
    relink(outside.path('release'), 'v2');
    expect((await watching.round()).ran).toEqual(['deep']);
    expect([rig.read('one.txt'), rig.read('two.txt')]).toEqual(['two\n', 'two\n']);
    outside.write('v2/f.txt', 'three\n');
    let ran: readonly string[] = [];
    while (ran.length < 2) ran = [...ran, ...(await watching.round()).ran];
    expect([rig.read('one.txt'), rig.read('two.txt')]).toEqual(['three\n', 'three\n']);
  });

  it('is seen when what a link dangled at comes again', async () => {
    const outside = new Rig({ 'f.txt': 'one\n' });
    const rig = new Rig({ ...COPIES, 'in/current/f.txt': 'f\n' });
    symlinkSync(outside.path('f.txt'), rig.path('in/link.txt'));
    const watching = new Watching(rig);
    expect((await watching.round()).ran).toEqual(['copy', 'deep']);
    outside.remove('f.txt');
    expect((await watching.round()).ran).toEqual([]);
    outside.write('f.txt', 'again\n');
    expect((await watching.round()).ran).toEqual(['copy']);
    expect(rig.read('one.txt')).toBe('again\n');
  });
});

describe('an input that is a link', () => {
  it('is watched where it leads to, also when it leads elsewhere by now', async () => {
    const rig = new Rig({
      'pipeline.yaml': `version: 1
rules:
  copy: { in: { text: in.txt }, out: { text: out.txt }, run: "echo copy >> runs.log; cat \${in.text} > \${out.text}" }
`,
      'kept/one.txt': '1\n',
      'kept/two.txt': '2\n',
    });
    symlinkSync('kept/one.txt', rig.path('in.txt'));
    const watching = new Watching(rig);
    await watching.round();
    symlinkSync('kept/two.txt', rig.path('next'));
    renameSync(rig.path('next'), rig.path('in.txt'));
    expect(await watching.round()).toMatchObject({ changed: ['in.txt'], ran: ['copy'] });
    rig.write('kept/two.txt', '22\n');
    expect(await watching.round()).toMatchObject({ changed: ['in.txt'], ran: ['copy'] });
    expect(rig.read('out.txt')).toBe('22\n');
  });
});

describe('a task module', () => {
  const TASK = {
    'pipeline.yaml': `version: 1
rules:
  made: { in: { text: in.txt }, out: { text: out.txt }, task: ./tasks/made.ts }
`,
    'tasks/made.ts': `import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { word } from './lib/word.ts';
const at = (name) => new URL(\`../\${name}\`, import.meta.url);
export default { version: 1, async run(ctx) {
  appendFileSync(at('runs.log'), 'made\\n');
  const extra = readFileSync(at('extra.txt'), 'utf8');
  if (extra.startsWith('wrong')) return { failed: { code: 'wrong', message: 'extra.txt is wrong' } };
  const half = extra.startsWith('half') ? { incomplete: { code: 'half', message: 'extra.txt is half' } } : {};
  writeFileSync(ctx.outputs.text, word + readFileSync(ctx.inputs.text, 'utf8') + extra);
  return { discovered: ['extra.txt'], ...half };
} };
`,
    'tasks/lib/word.ts': `export const word = 'one ';\n`,
    'in.txt': 'in\n',
    'extra.txt': 'extra\n',
  };

  it('wakes it when it is edited, or what it imports', async () => {
    const { rig, watching, first } = await begin(TASK);
    expect(first.ran).toEqual(['made']);
    rig.edit('tasks/lib/word.ts', (text) => text.replace('one', 'two'));
    expect(await watching.round()).toMatchObject({ changed: ['tasks/lib/word.ts'], ran: ['made'] });
    expect(rig.read('out.txt')).toBe('two in\nextra\n');
    rig.edit('tasks/made.ts', (text) => text.replace('word +', 'word + word +'));
    expect(await watching.round()).toMatchObject({ changed: ['tasks/made.ts'], ran: ['made'] });
  });

  it('that is missing is waited for, from the start and later', async () => {
    const { 'tasks/made.ts': made, ...files } = TASK;
    const { rig, watching, first } = await begin(files);
    expect(types(first)).toEqual(['watch-broken', 'watch-waiting']);
    rig.write('tasks/made.ts', made);
    expect(await watching.round()).toMatchObject({ changed: ['tasks/made.ts'], ran: ['made'] });
    rig.remove('tasks/made.ts');
    expect(types(await watching.round())).toEqual(['watch-changed', 'watch-broken', 'watch-waiting']);
    rig.write('tasks/made.ts', made.replace('word +', '2 + word +'));
    expect(await watching.round()).toMatchObject({ changed: ['tasks/made.ts'], ran: ['made'] });
  });

  it('that cannot be bundled is explained, and runs once what it imports is mended', async () => {
    const { rig, watching, first } = await begin({ ...TASK, 'tasks/lib/word.ts': 'export const word = ;\n' });
    expect(first.ran).toEqual([]);
    expect(watching.stderr).toContain('tasks/lib/word.ts:1:21: ');
    rig.write('tasks/lib/word.ts', TASK['tasks/lib/word.ts']);
    expect(await watching.round()).toMatchObject({ changed: ['tasks/lib/word.ts'], ran: ['made'] });
  });

  it('is run again when what it has read besides its inputs changes, also after it has failed of that', async () => {
    const { rig, watching } = await begin(TASK);
    rig.write('extra.txt', 'wrong\n');
    expect(await watching.round()).toMatchObject({ changed: ['extra.txt'], ran: ['made'] });
    rig.write('extra.txt', 'extra\n');
    expect(await watching.round()).toMatchObject({ changed: ['extra.txt'], ran: ['made'] });
    rig.write('extra.txt', 'half\n');
    const half = await watching.round();
    expect(half).toMatchObject({ changed: ['extra.txt'], ran: ['made'] });
    rig.touch('in.txt');
    const kept = await watching.round();
    expect(kept).toMatchObject({ changed: ['in.txt'], ran: [] });
    expect(kept.lines.find(({ type }) => type === 'target-finished')).toMatchObject({
      outcome: 'failed',
      failure: { code: 'half', message: 'extra.txt is half' },
    });
    rig.touch('extra.txt');
    rig.write('in.txt', 'IN\n');
    expect(await watching.round()).toMatchObject({ changed: ['in.txt'], ran: ['made'] });
  });
});

describe('whatever is done to a folder', () => {
  const RULE = `version: 1
rules:
  list: { in: { all: "in/**/*.txt" }, out: { list: list.out }, run: "cat \${in.all} /dev/null > \${out.list}" }
`;
  const folder = fc.constantFrom('in', 'in/a', 'in/b', 'in/a/c');
  const deed = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), folder, pause: fc.nat(30) }),
    fc.record({ kind: fc.constant('remove' as const), folder, pause: fc.nat(30) }),
    fc.record({ kind: fc.constant('away' as const), folder, pause: fc.nat(30) }),
    fc.record({ kind: fc.constant('replace' as const), folder, pause: fc.nat(250) }),
  );

  it('nothing is missed: in the end the output is that of what lies there', async () => {
    const rig = new Rig({ 'pipeline.yaml': RULE, 'in/x.txt': '0\n' });
    const watching = new Watching(rig);
    await watching.round();
    let count = 0;
    const carryOut = ({ kind, folder: at }: { kind: string; folder: string }): void => {
      count++;
      if (kind === 'write' || !rig.has(at)) rig.write(`${at}/x${count % 4}.txt`, `${count}\n`);
      else if (kind === 'away') renameSync(rig.path(at), rig.path(`away-${count}`));
      else {
        rig.remove(at);
        if (kind === 'replace') rig.write(`${at}/x.txt`, `${count}\n`);
      }
    };
    const lying = (): string =>
      (rig.has('in') ? readdirSync(rig.path('in'), { recursive: true, encoding: 'utf8' }) : [])
        .filter((name) => name.endsWith('.txt'))
        .sort()
        .map((name) => rig.read(join('in', name)))
        .join('');
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 8 }), async (deeds) => {
        const before = lying();
        for (const each of deeds) {
          carryOut(each);
          await new Promise((resolve) => setTimeout(resolve, each.pause));
        }
        // What comes to nothing need not wake anybody.
        if (lying() === before) return;
        while (rig.read('list.out') !== lying()) await watching.round();
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
