/** A verification: makes everything again beside the workspace, and says what is not as the lockfile has it. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rig } from '../../rig.ts';
import { workInMemory } from '../crash/extent.ts';
import { scratch } from '../state/scratch.ts';
import { everything, inShort, verifyRig } from './verifying.ts';

const TWO = {
  'pipeline.yaml': `version: 1
configs: [config.yaml]
dimensions: { symbol: "\${symbols}" }
rules:
  upper: { for: [symbol], in: { text: "in/\${symbol}.txt" }, out: { text: "out/\${symbol}.txt" }, run: "tr a-z A-Z < \${in.text} > \${out.text}" }
  total: { in: { texts: { rule: upper } }, out: { table: out/total.csv }, params: { currency: "\${currency}" }, run: "echo \${params.currency} > \${out.table}; cat \${in.texts} >> \${out.table}" }
`,
  'config.yaml': 'symbols: [a, b]\ncurrency: EUR\n',
  'in/a.txt': 'one\n',
  'in/b.txt': 'two\n',
};

async function built(files: Readonly<Record<string, string>> = TWO): Promise<Rig> {
  const rig = new Rig(files);
  const { failures, diagnostics } = await rig.build();
  expect({ failures, diagnostics }).toEqual({ failures: {}, diagnostics: '' });
  return rig;
}

describe('a workspace that is as its lockfile says', () => {
  it('has everything made again, and nothing found', async () => {
    const rig = await built();
    const seen = await verifyRig(rig);
    expect(seen).toEqual({
      made: ['total', 'upper/a', 'upper/b'],
      interrupted: false,
      findings: [],
      failures: [],
      unproven: [],
      counts: { read: 3, rebuilt: 3, compared: 3 },
    });
  });

  it('is left exactly as it was, records and time stamps included', async () => {
    const rig = await built();
    const before = everything(rig.dir);
    await verifyRig(rig);
    expect(everything(rig.dir)).toEqual(before);
    expect(readdirSync(rig.path('.pipeline/tmp'))).toEqual([]);
    expect((await rig.build()).ran).toEqual([]);
  });

  it('needs no records: a lockfile and the sources will do', async () => {
    const rig = await built();
    rig.remove('.pipeline');
    expect(inShort(await verifyRig(rig))).toEqual([]);
  });

  it('may lie anywhere', async () => {
    const [rig, other] = [await built(), new Rig()];
    cpSync(rig.dir, other.dir, { recursive: true });
    rig.remove('in');
    expect(inShort(await verifyRig(other))).toEqual([]);
  });
});

describe('what differs', () => {
  it('is an output in place of which a byte has flipped, also where its time stamps say nothing', async () => {
    const rig = await built();
    rig.editUnseen('out/a.txt', 'ONF\n');
    const seen = await verifyRig(rig);
    expect(inShort(seen)).toEqual(['out/a.txt: in place other, made again same (ONF\n|ONE\n)']);
    expect(seen.findings[0]).toMatchObject({ target: 'upper/a', kind: 'output' });
  });

  it('is an output that is gone', async () => {
    const rig = await built();
    rig.remove('out');
    expect(inShort(await verifyRig(rig))).toEqual([
      'out/total.csv: in place none, made again same',
      'out/a.txt: in place none, made again same',
      'out/b.txt: in place none, made again same',
    ]);
  });

  it('is what comes out otherwise of a source that has changed', async () => {
    const rig = await built();
    rig.write('in/a.txt', 'ten\n');
    expect(inShort(await verifyRig(rig))).toEqual([
      'out/total.csv: in place same, made again other (EUR\nONE\nTWO\n|EUR\nTEN\nTWO\n)',
      'out/a.txt: in place same, made again other (ONE\n|TEN\n)',
    ]);
  });

  it('is what comes out otherwise of another config value', async () => {
    const rig = await built();
    rig.edit('config.yaml', (text) => text.replace('EUR', 'USD'));
    expect(inShort(await verifyRig(rig))).toEqual([
      'out/total.csv: in place same, made again other (EUR\nONE\nTWO\n|USD\nONE\nTWO\n)',
    ]);
  });

  it('is what no target makes any more, and what no line names', async () => {
    const rig = await built();
    rig.edit('config.yaml', (text) => text.replace('[a, b]', '[a, c]'));
    rig.write('in/c.txt', 'three\n');
    expect(inShort(await verifyRig(rig))).toEqual([
      'out/total.csv: in place same, made again other (EUR\nONE\nTWO\n|EUR\nONE\nTHREE\n)',
      'out/b.txt: in place same, made again none (no target makes it now)',
      'out/c.txt: no line, in place none, made again other (the lockfile has no line for it)',
    ]);
  });

  it('is no line of which a merge has left two', async () => {
    const rig = await built();
    const line = rig
      .read('pipeline.lock')
      .split('\n')
      .find((each) => each.startsWith('output upper/a '));
    rig.edit('pipeline.lock', (text) => `${text}${line?.replace(/[0-9a-f]{4}$/, 'ffff')}\n`);
    expect(inShort(await verifyRig(rig))).toEqual([
      'out/a.txt: no line, in place other, made again other (two lines of the lockfile contradict each other)',
    ]);
  });

  it('leaves the target that fails, and what is made of it, without a verdict', async () => {
    const rig = await built();
    rig.remove('in/a.txt');
    const seen = await verifyRig(rig);
    expect(seen.findings).toEqual([]);
    expect(seen.failures.map(({ target, failure }) => `${target}: ${failure.message}`)).toEqual([
      'upper/a: upper/a: input "text" is not there: in/a.txt, and no rule makes it',
    ]);
    expect(seen.unproven).toEqual(['total']);
  });
});

describe('which targets are made again', () => {
  it('are those that are selected and what they need; only their lines are read', async () => {
    const rig = await built();
    rig.write('out/b.txt', 'bad\n');
    const seen = await verifyRig(rig, ['upper/a']);
    expect(seen.made).toEqual(['upper/a']);
    expect(seen.counts).toEqual({ read: 1, rebuilt: 1, compared: 1 });
    expect(inShort(seen)).toEqual([]);
    expect(inShort(await verifyRig(rig, ['total']))).toHaveLength(1);
  });

  it('is a sample that is the same each time, and another one once the lockfile is another', async () => {
    const symbols = Array.from({ length: 12 }, (_, at) => `s${at}`);
    const rig = await built({
      'pipeline.yaml': `version: 1
configs: [config.yaml]
dimensions: { symbol: "\${symbols}" }
rules:
  upper: { for: [symbol], out: { text: "out/\${symbol}.txt" }, params: { n: "\${n}" }, run: "echo \${params.n} > \${out.text}" }
`,
      'config.yaml': `symbols: [${symbols.join(', ')}]\nn: 1\n`,
    });
    const { made } = await verifyRig(rig, [], { sample: 3 });
    expect(made).toHaveLength(3);
    expect((await verifyRig(rig, [], { sample: 3 })).made).toEqual(made);
    expect((await verifyRig(rig, ['upper/s1*'], { sample: 9 })).made).toEqual([
      'upper/s1',
      'upper/s10',
      'upper/s11',
    ]);
    rig.edit('config.yaml', (text) => text.replace('n: 1', 'n: 2'));
    await rig.build();
    expect((await verifyRig(rig, [], { sample: 3 })).made).not.toEqual(made);
  });

  it('are also those that are built on request only, once they have been', async () => {
    const rig = await built({
      ...TWO,
      'pipeline.yaml': `${TWO['pipeline.yaml']}  extra: { for: [symbol], default: false, out: { text: "extra/\${symbol}.txt" }, run: "echo x > \${out.text}" }\n`,
    });
    await rig.build('extra/a');
    expect((await verifyRig(rig)).made).toEqual(['extra/a', 'total', 'upper/a', 'upper/b']);
  });
});

describe('what a verification is given', () => {
  it('is every file that nobody makes, wherever it lies, and nothing that was left behind', async () => {
    const outside = scratch();
    writeFileSync(join(outside, 'far.txt'), 'far\n');
    const rig = new Rig({
      'pipeline.yaml': `version: 1
rules:
  all: { in: { texts: "in/**/*.txt", far: "${outside}/far.txt" }, out: { text: in/made/all.txt }, run: "sh tools/join.sh \${in.texts} \${in.far} > \${out.text}" }
`,
      'tools/join.sh': 'cat "$@"\n',
      'in/a.txt': 'a\n',
      'in/deep/er/b.txt': 'b\n',
      'in/made/c.txt': 'c\n',
    });
    mkdirSync(join(outside, 'shared'));
    writeFileSync(join(outside, 'shared/d.txt'), 'd\n');
    symlinkSync(join(outside, 'shared'), rig.path('in/linked'));
    await rig.build();
    expect(rig.read('in/made/all.txt')).toBe('a\nb\nd\nc\nfar\n');
    expect(inShort(await verifyRig(rig))).toEqual([]);
  });

  it('is a place of its own: what a recipe does to files that it should leave alone, it does there', async () => {
    const rig = await built({
      'pipeline.yaml': `version: 1
rules:
  list: { in: { folder: in }, out: { text: out.txt }, run: "find in -type f | sort | xargs cat > \${out.text}; echo more >> notes.txt; rm -f in/trash.tmp" }
`,
      'in/a.txt': 'a\n',
      'in/deep/b.txt': 'b\n',
      'notes.txt': 'mine\n',
    });
    rig.write('in/trash.tmp', '');
    const before = everything(rig.dir);
    expect(inShort(await verifyRig(rig))).toEqual([]);
    expect(everything(rig.dir)).toEqual(before);
  });

  it('follows links within the workspace to what is made again, not to what lies there', async () => {
    const rig = new Rig({
      'pipeline.yaml': `version: 1
rules:
  first: { in: { text: in.txt }, out: { text: store/first.txt }, run: "cat \${in.text} > \${out.text}" }
  second: { in: { first: { rule: first } }, out: { text: second.txt }, run: "cat short/first.txt > \${out.text}" }
`,
      'in.txt': 'one\n',
      'store/other.txt': '',
    });
    symlinkSync('store', rig.path('short'));
    symlinkSync('nowhere', rig.path('broken'));
    symlinkSync('.', rig.path('round'));
    symlinkSync('.pipeline', rig.path('private'));
    await rig.build();
    expect(inShort(await verifyRig(rig))).toEqual([]);
    rig.write('in.txt', 'two\n');
    expect(inShort(await verifyRig(rig))).toEqual([
      'store/first.txt: in place same, made again other (one\n|two\n)',
      'second.txt: in place same, made again other (one\n|two\n)',
    ]);
  });

  it.skipIf(process.getuid?.() === 0)('passes by a folder that this user may not list', async () => {
    const rig = await built();
    rig.write('lost+found/file', '');
    chmodSync(rig.path('lost+found'), 0o000);
    try {
      expect(inShort(await verifyRig(rig))).toEqual([]);
    } finally {
      chmodSync(rig.path('lost+found'), 0o755);
    }
  });

  it('makes outputs with absolute paths beside the workspace, not in their place', async () => {
    const outside = scratch();
    const rig = await built({
      'pipeline.yaml': `version: 1
rules:
  first: { out: { text: "${outside}/out/first.txt", files: "${outside}/out/files/" }, run: "echo 1 > \${out.text}; echo 2 > \${out.files}/two.txt" }
  second: { in: { text: { rule: first, output: text }, two: "${outside}/out/files/two.txt" }, out: { text: second.txt }, run: "cat \${in.text} \${in.two} > \${out.text}" }
`,
    });
    const before = everything(outside);
    expect(inShort(await verifyRig(rig))).toEqual([]);
    expect(everything(outside)).toEqual(before);
    writeFileSync(join(outside, 'out/first.txt'), '7\n');
    expect(inShort(await verifyRig(rig))).toEqual([
      `${outside}/out/first.txt: in place other, made again same (7\n|1\n)`,
    ]);
  });

  it('goes into no folder of packages or of hidden files, unless something is made there', async () => {
    const rig = await built({
      'pipeline.yaml': `version: 1
rules:
  one: { out: { text: .hidden/out/one.txt }, run: "cat node_modules/p/index.js .tool/config .hidden/in.txt > \${out.text}" }
  two: { in: { one: { rule: one } }, out: { text: two.txt }, run: "cat \${in.one} > \${out.text}" }
`,
      'node_modules/p/index.js': 'p\n',
      '.tool/config': 'c\n',
      '.hidden/in.txt': 'h\n',
    });
    rig.write('.hidden/out/one.txt', 'edited\n');
    const before = everything(rig.dir);
    expect(inShort(await verifyRig(rig))).toEqual([
      '.hidden/out/one.txt: in place other, made again same (edited\n|p\nc\nh\n)',
    ]);
    expect(everything(rig.dir)).toEqual(before);
  });

  it('writes nothing through a folder that is a link out of the workspace', async () => {
    const outside = scratch();
    const rig = new Rig({
      'pipeline.yaml': `version: 1
rules:
  pages: { in: { text: data/in.txt }, out: { site: data/site/, text: data/text.txt }, run: "cp \${in.text} \${out.site}/a.html; cp \${in.text} \${out.text}" }
`,
    });
    writeFileSync(join(outside, 'in.txt'), 'in\n');
    symlinkSync(outside, rig.path('data'));
    expect((await rig.build()).failures).toEqual({});
    rig.write('data/site/a.html', 'edited\n');
    rig.write('data/text.txt', 'edited\n');
    const before = everything(outside);
    expect(inShort(await verifyRig(rig))).toEqual([
      'data/site: in place other, made again same (folders)',
      'data/text.txt: in place other, made again same (edited\n|in\n)',
    ]);
    expect(everything(outside)).toEqual(before);
  });

  it('compares folders of files as a whole', async () => {
    const rig = await built({
      'pipeline.yaml': `version: 1
rules:
  pages: { out: { site: site/ }, run: "mkdir -p \${out.site}/en; echo a > \${out.site}/a.html; echo b > \${out.site}/en/b.html" }
`,
    });
    expect(inShort(await verifyRig(rig))).toEqual([]);
    rig.write('site/more.html', 'more\n');
    expect(inShort(await verifyRig(rig))).toEqual(['site: in place other, made again same (folders)']);
  });

  it('makes intermediates again whose files are gone', async () => {
    const rig = await built({
      'pipeline.yaml': `version: 1
rules:
  half: { in: { text: in.txt }, out: { text: cache/half.txt }, intermediate: true, run: "tr a-z A-Z < \${in.text} > \${out.text}" }
  whole: { in: { text: { rule: half } }, out: { text: out.txt }, run: "cat \${in.text} \${in.text} > \${out.text}" }
`,
      'in.txt': 'x\n',
    });
    rig.remove('cache');
    const seen = await verifyRig(rig);
    expect(inShort(seen)).toEqual([]);
    expect(seen.made).toEqual(['half', 'whole']);
    expect(rig.has('cache')).toBe(false);
  });

  it('runs task modules, and says which outputs come out otherwise of changed code', async () => {
    const rig = await built({
      'pipeline.yaml': `version: 1
rules:
  one: { out: { text: one.txt }, task: ./task.ts }
  run: { in: { text: { rule: one } }, out: { text: "runs/\${run_id}/n.txt" }, run: "cat \${in.text} > \${out.text}" }
as_of: "2024-01-31T23:59:00Z"
`,
      'task.ts': `import { writeFileSync } from 'node:fs';
export default { version: 1, run: (ctx) => writeFileSync(ctx.outputs.text, 'one\\n') };
`,
    });
    const before = rig.files('runs').filter((path) => !path.includes('latest'));
    expect(inShort(await verifyRig(rig))).toEqual([]);
    rig.edit('task.ts', (text) => text.replace("'one", "'two"));
    const [first, ...others] = inShort(await verifyRig(rig));
    expect(first).toBe('one.txt: in place same, made again other (one\n|two\n)');
    expect(others).toHaveLength(1);
    expect(others[0]).toMatch(
      new RegExp(
        `^${before[0]}: in place same, made again other \\(made as runs/2024-01-31-[0-9a-f]{8}/n.txt now\\) \\(one\n\\|two\n\\)$`,
      ),
    );
    rig.edit('task.ts', (text) => `${text}// a remark\n`.replace("'two", "'one"));
    expect(inShort(await verifyRig(rig))).toEqual([]);
  });
});

describe('sources', () => {
  const SOURCE = {
    'pipeline.yaml': `version: 1
rules:
  list: { out: { list: list.json }, source: true, refresh: { after: 1h }, run: "cp remote/list.json \${out.list}" }
  file: { for: [name], in: { entry: { rule: list, pointer: "/files/\${name}" } }, out: { raw: "raw/\${name}.txt" }, source: true, task: ./file.ts }
  made: { for: [name], in: { raw: { rule: file } }, out: { text: "made/\${name}.txt" }, run: "tr a-z A-Z < \${in.raw} > \${out.text}" }
  all: { in: { texts: { rule: made, failed: omit } }, out: { text: all.txt }, run: "cat \${in.texts} > \${out.text}" }
dimensions:
  name: { keys: { rule: list, pointer: /files } }
`,
    'file.ts': `import { copyFileSync } from 'node:fs';
export default { version: 1, run: (ctx) => copyFileSync(\`\${ctx.workspace}/remote/\${ctx.partition.keys.name}.txt\`, ctx.outputs.raw) };
`,
    'remote/list.json': '{"files":{"b":1,"a":2}}',
    'remote/a.txt': 'aaa\n',
    'remote/b.txt': 'bbb\n',
  };

  workInMemory();

  it('are never asked: what lies in place is taken, and of a listing what the lockfile says of it', async () => {
    const rig = await built(SOURCE);
    rig.remove('remote');
    rig.remove('list.json');
    const seen = await verifyRig(rig);
    expect(inShort(seen)).toEqual([]);
    expect(seen.failures).toEqual([]);
    expect(seen.made).toEqual(['all', 'made/a', 'made/b']);
  });

  it('that are missing or damaged are named, and of what hangs on them nothing is said', async () => {
    const rig = await built(SOURCE);
    rig.write('raw/a.txt', 'abc\n');
    const seen = await verifyRig(rig);
    expect(inShort(seen)).toEqual(['raw/a.txt: in place other, made again none']);
    expect(seen).toMatchObject({ failures: [], unproven: ['all', 'made/a'], made: ['all', 'made/b'] });
    rig.remove('raw/a.txt');
    expect(inShort(await verifyRig(rig))).toEqual(['raw/a.txt: in place none, made again none']);
    rig.remove('made');
    expect(inShort(await verifyRig(rig))).toEqual([
      'raw/a.txt: in place none, made again none',
      'made/a.txt: in place none, made again none',
      'made/b.txt: in place none, made again same',
    ]);
  });

  it('that the lockfile does not name are failures', async () => {
    const rig = await built(SOURCE);
    rig.edit('pipeline.lock', (text) =>
      text
        .split('\n')
        .filter((line) => !line.startsWith('source file/a '))
        .join('\n'),
    );
    const seen = await verifyRig(rig);
    expect(
      seen.failures.map(({ target, failure }) => `${target} ${failure.code}: ${failure.message}`),
    ).toEqual([
      'file/a not-locked: file/a: pipeline.lock does not name what it brings in, and a verification asks nobody',
    ]);
    expect(inShort(seen)).toEqual([]);
    expect(seen.unproven).toEqual(['all', 'made/a']);
  });

  it('of which nobody knows the keys leave what is made of them without a verdict', async () => {
    const rig = await built(SOURCE);
    rig.edit('pipeline.lock', (text) =>
      text
        .split('\n')
        .filter((line) => !/^(value|keys) list /.test(line))
        .join('\n'),
    );
    const seen = await verifyRig(rig);
    expect(seen.failures.map(({ target, failure }) => `${target} ${failure.code}`)).toEqual([
      'list not-locked',
    ]);
    expect(inShort(seen)).toEqual([]);
    expect(seen.unproven).toEqual(['all', 'made/a', 'made/b']);
  });

  it('that failed in the build stand as failed: what was made without them comes out again', async () => {
    const rig = new Rig(SOURCE);
    rig.remove('remote/a.txt');
    expect(Object.keys((await rig.build()).failures)).toEqual(['file/a']);
    const seen = await verifyRig(rig);
    expect(inShort(seen)).toEqual([]);
    expect(seen.failures.map(({ target }) => target)).toEqual(['file/a']);
    expect(seen.unproven).toEqual([]);
  });
});

describe('a verification and others', () => {
  it('holds the workspace as a build does, and leaves nothing when it is interrupted', async () => {
    const rig = await built({
      'pipeline.yaml': `version: 1
rules: { slow: { out: { text: slow.txt }, run: "sleep \${SLEEP:-0}; echo 1 > \${out.text}" } }
`.replace('${SLEEP:-0}', '0'),
    });
    rig.edit('pipeline.yaml', (text) => text.replace('sleep 0', 'sleep 30'));
    const stop = new AbortController();
    const verifying = verifyRig(rig, [], {
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === 'target-started')
          void rig.build([], { wait: false }).then(({ result }) => stop.abort(new Error(result)));
      },
    });
    expect((await verifying).interrupted).toBe(true);
    expect(String(stop.signal.reason)).toContain('locked');
    expect(existsSync(rig.path('.pipeline/tmp/scratch'))).toBe(false);
  });
});
