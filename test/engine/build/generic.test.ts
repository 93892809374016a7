/** A workspace with no market in it: the example of the manifest's own documentation, built, edited, built again. */
import { chmodSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Rig } from '../../rig.ts';

const MANIFEST = `
version: 1
configs: [config.yaml]
dimensions:
  symbol: \${symbols}
rules:
  upper:
    for: [symbol]
    in: { text: "in/\${symbol}.txt" }
    out: { text: "out/\${symbol}.txt" }
    run: "tr a-z A-Z < \${in.text} > \${out.text}"
  total:
    in: { parts: { rule: upper } }
    out: { report: out/total.txt }
    task: ./tasks/total.ts
    params: { currency: "\${currency}" }
`;

const TOTAL = `import { readFileSync, writeFileSync } from 'node:fs';
import { defineTask } from 'pipeline/task';
import { header } from './header.ts';

interface Params { readonly currency: string }

export default defineTask<Params>({
  version: 1,
  async run(ctx) {
    const parts = ctx.members['parts'] ?? [];
    const lines = parts.map(({ path, partition }) => \`\${partition.keys['symbol']}=\${readFileSync(path, 'utf8').trim()}\`);
    writeFileSync(ctx.outputs['report'] ?? '', [header(ctx.params.currency), ...lines, ''].join('\\n'));
  },
});
`;

const HEADER = 'export function header(currency: string): string {\n  return `in ${currency}`;\n}\n';

function workspace(): Rig {
  return new Rig({
    'pipeline.yaml': MANIFEST,
    'config.yaml': 'symbols: [b, a]\ncurrency: EUR\n',
    'tasks/total.ts': TOTAL,
    'tasks/header.ts': HEADER,
    'in/a.txt': 'one\n',
    'in/b.txt': 'two\n',
  });
}

const ALL = ['total', 'upper/a', 'upper/b'];

describe('a generic workspace', () => {
  it('builds shell recipes and a TypeScript task, fan-ins in declared order', async () => {
    const rig = workspace();
    const built = await rig.build();
    expect(built.diagnostics).toBe('');
    expect(built.failures).toEqual({});
    expect(built.ran).toEqual(ALL);
    expect(rig.read('out/total.txt')).toBe('in EUR\nb=TWO\na=ONE\n');
  });

  it('does nothing the second time', async () => {
    const rig = workspace();
    await rig.build();
    const again = await rig.build();
    expect(again.ran).toEqual([]);
    expect(again.outcomes).toEqual({ total: 'fresh', 'upper/a': 'fresh', 'upper/b': 'fresh' });
  });

  it('does nothing when files were touched and not changed', async () => {
    const rig = workspace();
    await rig.build();
    for (const path of [
      'in/a.txt',
      'out/a.txt',
      'out/total.txt',
      'tasks/total.ts',
      'config.yaml',
      'pipeline.yaml',
    ])
      rig.touch(path);
    expect((await rig.build()).ran).toEqual([]);
  });

  it('rebuilds what an edited input reaches, and stops where the bytes are the same', async () => {
    const rig = workspace();
    await rig.build();
    rig.write('in/a.txt', 'uno\n');
    expect((await rig.build()).ran).toEqual(['total', 'upper/a']);
    expect(rig.read('out/total.txt')).toContain('a=UNO');
    // Upper case already: another input, the same output, an early cutoff.
    rig.write('in/a.txt', 'UNO\n');
    expect((await rig.build()).ran).toEqual(['upper/a']);
  });

  it('sees an edit that keeps size and mtime', async () => {
    const rig = workspace();
    await rig.build();
    await rig.build();
    rig.editUnseen('in/a.txt', 'ane\n');
    expect((await rig.build()).ran).toEqual(['total', 'upper/a']);
  });

  it('rebuilds for a changed parameter, and not for a changed value that no rule reads', async () => {
    const rig = workspace();
    await rig.build();
    rig.write('config.yaml', '# a comment\nsymbols: [b, a]\nunused: 7\ncurrency: EUR\n');
    expect((await rig.build()).ran).toEqual([]);
    rig.write('config.yaml', 'symbols: [b, a]\ncurrency: USD\n');
    expect((await rig.build()).ran).toEqual(['total']);
    expect((await rig.build([], { set: ['currency=CHF'] })).ran).toEqual(['total']);
  });

  it('rebuilds for a changed import of a task, however deep, and not for a file beside it', async () => {
    const rig = workspace();
    await rig.build();
    rig.write('tasks/other.ts', '// nobody imports this\n');
    expect((await rig.build()).ran).toEqual([]);
    rig.write('tasks/header.ts', HEADER.replace('in ', 'values in '));
    expect((await rig.build()).ran).toEqual(['total']);
    expect(rig.read('out/total.txt')).toBe('values in EUR\nb=TWO\na=ONE\n');
  });

  it('rebuilds an output that was deleted or edited', async () => {
    const rig = workspace();
    await rig.build();
    rig.remove('out/a.txt');
    expect((await rig.build()).ran).toEqual(['upper/a']);
    rig.write('out/total.txt', 'forged\n');
    expect((await rig.build()).ran).toEqual(['total']);
    expect(rig.read('out/total.txt')).toBe('in EUR\nb=TWO\na=ONE\n');
  });

  it('takes up a new key and drops an old one without rebuilding the others', async () => {
    const rig = workspace();
    await rig.build();
    rig.write('in/c.txt', 'three\n');
    rig.write('config.yaml', 'symbols: [b, a, c]\ncurrency: EUR\n');
    expect((await rig.build()).ran).toEqual(['total', 'upper/c']);
    rig.write('config.yaml', 'symbols: [a, b]\ncurrency: EUR\n');
    expect((await rig.build()).ran).toEqual(['total']);
    expect(rig.read('out/total.txt')).toBe('in EUR\na=ONE\nb=TWO\n');
  });

  it('is the same after it was moved to another folder', async () => {
    const rig = workspace();
    await rig.build();
    const moved = new Rig();
    const { cpSync } = await import('node:fs');
    cpSync(rig.dir, moved.dir, { recursive: true });
    expect((await moved.build()).ran).toEqual([]);
  });

  // Mutants are tested in a thread, which has no umask of its own.
  it.skipIf(!isMainThread)(
    'is the same under another umask, and where only permissions have changed',
    async () => {
      const rig = workspace();
      await rig.build();
      const usual = process.umask(0o077);
      onTestFinished(() => {
        process.umask(usual);
      });
      expect((await rig.build()).ran).toEqual([]);
      chmodSync(rig.path('in/a.txt'), 0o600);
      expect((await rig.build()).ran).toEqual([]);
      expect((await rig.build('upper', { force: true })).ran).toEqual(['upper/a', 'upper/b']);
      expect((await rig.build()).ran).toEqual([]);
    },
  );

  it('runs a task written in plain JavaScript', async () => {
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  one:\n    out: { text: out.txt }\n    task: ./one.mjs\n    params: { word: hello }\n',
      'one.mjs':
        "import { writeFileSync } from 'node:fs';\nexport default { version: 1, run: (ctx) => writeFileSync(ctx.outputs.text, ctx.params.word) };\n",
    });
    expect((await rig.build()).outcomes).toEqual({ one: 'executed' });
    expect(rig.read('out.txt')).toBe('hello');
  });
});
