/** The command line as a contract: what is printed where, and with which exit code. */
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { cli, lines } from './cli.ts';

const FILES = {
  'pipeline.yaml': `version: 1
configs: [config.yaml]
dimensions:
  symbol: \${symbols}
  month: { every: month, from: "2024-01-01T00:00:00Z" }
as_of: "2024-03-31T23:59:00Z"
rules:
  text: { for: [symbol, month], in: { text: "in/\${symbol}.txt" }, out: { text: "text/\${symbol}-\${month}.txt" }, run: "cat \${in.text} > \${out.text}" }
  table: { in: { texts: { rule: text, failed: omit } }, out: { table: table.csv }, run: "echo n > \${out.table}; cat \${in.texts} >> \${out.table}" }
`,
  'config.yaml': 'symbols: [a, b]\n',
  'in/a.txt': '1\n',
  'in/b.txt': '2\n',
};

describe('build', () => {
  it('exits 0, tells progress on stderr and nothing on stdout', async () => {
    const rig = new Rig(FILES);
    const { code, out, err } = await cli(['-C', rig.dir, 'build']);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain('executed  text/a/2024-01');
    expect(err).toMatch(/built 7 in .* \(as of 2024-03-31T23:59:00Z\)\n$/);
    const again = await cli(['-C', rig.dir, 'build']);
    expect(again.err).toBe('nothing to do: 7 targets fresh\n');
    expect((await cli(['-C', rig.dir, '-q', 'build'])).err).toBe('');
  });

  it('exits 1 when a target failed, and builds the rest', async () => {
    const rig = new Rig(FILES);
    rig.remove('in/b.txt');
    const { code, err } = await cli(['-C', rig.dir, 'build']);
    expect(code).toBe(1);
    expect(err).toContain('text/b/2024-01: input "text" is not there: in/b.txt, and no rule makes it');
    expect(rig.read('table.csv')).toBe('n\n1\n1\n1\n');
  });

  it('gives JSON lines whose last two kinds are a contract', async () => {
    const rig = new Rig(FILES);
    const { out } = await cli(['-C', rig.dir, 'build', '--json']);
    const events = lines(out);
    const last = events.at(-1);
    expect(Object.keys(last ?? {}).slice(0, 11)).toEqual([
      'type',
      'asOf',
      'runId',
      'executed',
      'restored',
      'checked',
      'fresh',
      'absent',
      'failed',
      'blocked',
      'seconds',
    ]);
    expect(last).toMatchObject({
      type: 'build-finished',
      asOf: '2024-03-31T23:59:00Z',
      runId: null,
      executed: 7,
    });
    // Which of them is the first to end is not said.
    const ended = events.filter(({ type }) => type === 'target-finished');
    expect(ended.find(({ target }) => target === 'text/a/2024-01')).toMatchObject({
      outcome: 'executed',
      reasons: [{ kind: 'new', name: 'text/a/2024-01' }],
      seconds: expect.any(Number),
    });
  });

  it('with -n says what would be built and builds nothing', async () => {
    const rig = new Rig(FILES);
    const { code, out } = await cli(['-C', rig.dir, 'build', '-n', 'text/a']);
    expect(code).toBe(0);
    expect(out).toContain('text a 2024-01..2024-03 (3): never built');
    expect(rig.has('.pipeline')).toBe(false);
    await cli(['-C', rig.dir, 'build']);
    expect((await cli(['-C', rig.dir, 'build', '-n'])).out).toBe('nothing to do\n');
  });

  it('takes common options before and after the command', async () => {
    const rig = new Rig(FILES);
    const before = await cli(['-C', rig.dir, '--set', 'symbols=[a]', '--json', 'status']);
    const after = await cli(['status', '--json', '--set', 'symbols=[a]', '-C', rig.dir]);
    expect(after.out).toBe(before.out);
    expect(lines(after.out)[0]).toMatchObject({ counts: { stale: 4 } });
  });

  it('narrows by time as people say it', async () => {
    const rig = new Rig(FILES);
    const { out } = await cli([
      '-C',
      rig.dir,
      'build',
      '-n',
      'text',
      '--from',
      '2024-02-10',
      '--to',
      '2024-02-11',
      '--json',
    ]);
    expect(lines(out)[0]).toMatchObject({
      targets: [{ target: 'text/a/2024-02' }, { target: 'text/b/2024-02' }],
    });
  });
});

describe('--from and --to without selectors', () => {
  it('leave rules without partitions in time alone, which would pull in all that they fan in', async () => {
    const rig = new Rig(FILES);
    await cli(['-C', rig.dir, '-q', 'build', '--from', '2024-02', '--to', '2024-02']);
    expect(rig.has('text/b-2024-02.txt')).toBe(true);
    expect([rig.has('text/b-2024-01.txt'), rig.has('table.csv')]).toEqual([false, false]);
  });

  it('have nothing to narrow where no rule has partitions in time', async () => {
    const rig = new Rig({
      'pipeline.yaml': 'version: 1\nrules:\n  one: { out: { text: x.txt }, run: "echo 1 > ${out.text}" }\n',
    });
    expect(await cli(['-C', rig.dir, 'build', '--from', '2024'])).toEqual({
      code: 2,
      out: '',
      err: 'error: no rule that is built by default has partitions in time for --from and --to to narrow\n  = leave them out\n\n1 error\n',
    });
  });
});

describe('an output path as a selector', () => {
  it('may be absolute, as shells complete it', async () => {
    const rig = new Rig(FILES);
    const { out } = await cli(['-C', rig.dir, 'status', '--json', `+${rig.path('text/a-2024-01.txt')}`]);
    expect(lines(out)[0]).toMatchObject({ targets: [{ target: 'text/a/2024-01' }] });
  });
});

describe('outputs that would overwrite what the build is made of', () => {
  it('are mistakes of the manifest, and nothing runs', async () => {
    const manifest = `version: 1
configs: [c.yaml]
rules:
  a: { out: { x: .pipeline/x }, run: "echo > \${out.x}" }
  b: { out: { x: pipeline.yaml }, run: "echo > \${out.x}" }
  c: { out: { x: "c.\${s}" }, for: [s], run: "echo > \${out.x}" }
  d: { out: { x: tasks/ }, task: ./tasks/t.js }
dimensions: { s: [json, yaml] }
`;
    const rig = new Rig({
      'pipeline.yaml': manifest,
      'c.yaml': '{}\n',
      'tasks/t.js': 'export default { version: 1, run() {} };\n',
    });
    const { code, err } = await cli(['-C', rig.dir, 'build']);
    expect(code).toBe(2);
    expect(err.split('\n').filter((line) => line.startsWith('error:'))).toEqual([
      'error: output "x" of rule "a" would lie among the private state of builds',
      'error: output "x" of rule "b" would overwrite pipeline.yaml, which this build is made of',
      'error: output "x" of rule "c" would overwrite c.yaml, which this build is made of',
      'error: output "x" of rule "d" would overwrite tasks/t.js, which this build is made of',
    ]);
    expect(rig.read('pipeline.yaml')).toBe(manifest);
  });
});

describe('status', () => {
  it('says what is stale and why, ranges compressed, and with --check exits 3', async () => {
    const rig = new Rig(FILES);
    await cli(['-C', rig.dir, 'build']);
    expect((await cli(['-C', rig.dir, 'status', '--check'])).code).toBe(0);
    rig.write('in/a.txt', '9\n');
    const { code, out } = await cli(['-C', rig.dir, 'status', '--check']);
    expect(code).toBe(3);
    expect(out).toContain('text a 2024-01..2024-03 (3): input text in/a.txt changed');
    expect(out).toContain('table: waits for text/a/2024-01');
  });

  it('as JSON has the shape that scripts rely on', async () => {
    const rig = new Rig(FILES);
    await cli(['-C', rig.dir, 'build']);
    rig.write('in/a.txt', '9\n');
    const { out } = await cli(['-C', rig.dir, 'status', '--json', 'text/a/2024-01', 'table']);
    expect(JSON.parse(out)).toEqual({
      asOf: '2024-03-31T23:59:00Z',
      counts: { fresh: 0, stale: 1, pending: 1, absent: 0, failed: 0, blocked: 0, unknown: 0 },
      targets: [
        {
          target: 'text/a/2024-01',
          state: 'stale',
          reasons: [
            {
              kind: 'input',
              name: 'text in/a.txt',
              was: expect.stringMatching(/^[0-9a-f]{64}$/),
              is: expect.any(String),
            },
          ],
        },
        {
          target: 'table',
          state: 'pending',
          reasons: ['2024-01', '2024-02', '2024-03'].map((month) => ({
            kind: 'upstream',
            name: `text/a/${month}`,
          })),
        },
      ],
    });
  });
});

describe('why', () => {
  it('lists every part then and now', async () => {
    const rig = new Rig(FILES);
    await cli(['-C', rig.dir, 'build']);
    rig.write('in/a.txt', '9\n');
    const { code, out } = await cli(['-C', rig.dir, 'why', 'text/a/2024-01']);
    expect(code).toBe(0);
    expect(out).toMatch(/^text\/a\/2024-01 {2}stale\n {2}input text in\/a\.txt changed\n/);
    expect(out).toMatch(/≠ +input +text in\/a\.txt/);
    expect(out).toMatch(/= +param +month/);
  });

  it('takes one target', async () => {
    const rig = new Rig(FILES);
    const { code, err } = await cli(['-C', rig.dir, 'why', 'text/a']);
    expect({ code, err }).toEqual({
      code: 2,
      err: 'error: why takes one target, and "text/a" is 3 targets\n  = give all its keys, e.g. bars/BTCUSDT/2024-01\n',
    });
  });
});

describe('graph', () => {
  it('draws rules by default and targets with selectors', async () => {
    const rig = new Rig(FILES);
    expect((await cli(['-C', rig.dir, 'graph', '--format', 'mermaid'])).out).toBe(
      'flowchart LR\n  n0["text[symbol, month]"]\n  n1["table"]\n  n0 -- "texts" --> n1\n',
    );
    const targets = JSON.parse((await cli(['-C', rig.dir, 'graph', 'table', '--format', 'json'])).out);
    expect(targets.nodes).toHaveLength(7);
    expect(targets.edges).toContainEqual({ from: 'text/b/2024-02', to: 'table', input: 'texts' });
  });
});

describe('query', () => {
  it('reads built tables by name, as table, CSV and JSON', async () => {
    const rig = new Rig(FILES);
    const sql = 'select count(*) as n, sum(n) as total from "table"';
    const early = await cli(['-C', rig.dir, 'query', sql]);
    expect(early.code).toBe(1);
    expect(early.err).toContain('pipeline build');
    await cli(['-C', rig.dir, 'build']);
    expect((await cli(['-C', rig.dir, 'query', sql, '--format', 'csv'])).out).toBe('n,total\n6,9\n');
    expect((await cli(['-C', rig.dir, 'query', sql, '--json'])).out).toMatch(
      /^\[\{"n":6,"total":"?9"?\}\]\n$/,
    );
    expect((await cli(['-C', rig.dir, 'query', sql])).out).toBe('n  total\n6      9\n');
  });
});

describe('query after a symbol was dropped', () => {
  it('leaves its rows out, as a clean build would', async () => {
    const tables = `version: 1
dimensions: { symbol: "\${symbols}" }
configs: [config.yaml]
rules:
  table: { for: [symbol], out: { table: "tables/\${symbol}.csv" }, run: "(echo n; echo 1) > \${out.table}" }
`;
    const rig = new Rig({ ...FILES, 'pipeline.yaml': tables });
    await cli(['-C', rig.dir, 'build']);
    const sql = 'select count(*) as n from "table"';
    expect((await cli(['-C', rig.dir, 'query', sql])).out).toBe('n\n2\n');
    expect((await cli(['-C', rig.dir, '--set', 'symbols=[b]', 'query', sql])).out).toBe('n\n1\n');
  });
});

describe('usage errors', () => {
  it.each([
    [
      ['bild'],
      "error: unknown command 'bild'\n(Did you mean build?)\n(pipeline --help lists commands and options)\n",
    ],
    [
      ['build', '--as-of', 'yesterday'],
      'error: --as-of yesterday is no instant\n  = write it as 2025-08-22T23:59:00Z (UTC), a day as 2025-08-22, or `now`\n',
    ],
    [
      // Date.parse would take it for 1 March.
      ['build', '--as-of', '2024-02-30T00:00:00Z'],
      'error: --as-of 2024-02-30T00:00:00Z is no instant\n  = write it as 2025-08-22T23:59:00Z (UTC), a day as 2025-08-22, or `now`\n',
    ],
    [
      ['build', '--from', 'now'],
      'error: --from now is no instant\n  = write a year as 2024, a month as 2024-08, a day as 2024-08-01, or an instant as 2024-08-01T12:00:00Z (UTC)\n',
    ],
    [
      ['-C', 'config.yaml', 'build'],
      'error: -C config.yaml is no folder\n  = name the folder that pipeline.yaml lies in\n',
    ],
    [['build', '-j', '0'], 'error: -j 0 is no number of jobs\n  = give a whole number from 1, e.g. -j 4\n'],
    [
      ['build', '--from', '2024-05', '--to', '2024-04'],
      'error: --from 2024-05 lies after --to 2024-04\n  = swap them\n',
    ],
    [
      ['build', 'tabel'],
      'error: unknown selector "tabel": no rule, alias or output path of that name\n  = did you mean "table"?\n\n1 error\n',
    ],
    [['graph', '--format', 'png'], 'error: --format png: no such format\n  = formats: dot, mermaid, json\n'],
  ])('%j exits 2 and says what is expected', async (args, message) => {
    const rig = new Rig(FILES);
    const { code, err } = await cli([...args], { cwd: rig.dir });
    expect({ code, err }).toEqual({ code: 2, err: message });
  });

  it('a future as-of is one', async () => {
    const rig = new Rig(FILES);
    const { code, err } = await cli(['-C', rig.dir, 'build', '--as-of', '2024-06-01T00:00:00Z'], {
      now: () => Date.UTC(2024, 4, 1),
    });
    expect({ code, err }).toEqual({
      code: 2,
      err: 'error: --as-of 2024-06-01T00:00:00Z lies in the future: that minute has not ended\n  = use `--as-of now` for the last minute that has\n',
    });
  });

  it('a folder that is not there, or holds no manifest, is one', async () => {
    const rig = new Rig({});
    const missing = await cli(['-C', 'nowhere', 'build'], { cwd: rig.dir });
    expect(missing).toEqual({
      code: 2,
      out: '',
      err: 'error: -C nowhere: no such folder\n  = make one with `pipeline init DIR`\n',
    });
    const empty = await cli(['build'], { cwd: rig.dir });
    expect(empty.code).toBe(2);
    expect(empty.err).toContain('pipeline.yaml');
  });

  it('a broken manifest is printed with its place, and exits 2', async () => {
    const rig = new Rig({
      ...FILES,
      'pipeline.yaml': FILES['pipeline.yaml']
        .replace('  table:', '  table:')
        .replace('failed: omit', 'faild: omit'),
    });
    const { code, err } = await cli(['-C', rig.dir, 'build']);
    expect(code).toBe(2);
    expect(err).toMatch(/pipeline\.yaml:9:\d+/);
    expect(err).toContain('did you mean "failed"?');
  });
});

describe('init', () => {
  it('writes a workspace that loads, and never over one that is there', async () => {
    const rig = new Rig({});
    const { code, out } = await cli(['init', 'mine'], { cwd: rig.dir });
    expect(code).toBe(0);
    expect(out).toContain('next: pipeline -C mine build');
    const status = await cli(['-C', 'mine', 'status', '--json', 'listing'], { cwd: rig.dir });
    expect(status.err).toBe('');
    expect(JSON.parse(status.out)).toMatchObject({ counts: { stale: 10 } });
    const again = await cli(['init', 'mine'], { cwd: rig.dir });
    expect(again).toEqual({
      code: 2,
      out: '',
      err: 'error: mine holds a pipeline.yaml already: nothing was written\n  = name another folder\n',
    });
  });
});

describe('schema', () => {
  it('prints the JSON Schema of the manifest', async () => {
    const { code, out } = await cli(['schema']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ type: 'object', properties: { rules: {} } });
  });
});

describe('help', () => {
  it('lists the commands and exits 0', async () => {
    const { code, out } = await cli(['--help']);
    expect(code).toBe(0);
    for (const command of [
      'build',
      'status',
      'why',
      'graph',
      'coverage',
      'gaps',
      'query',
      'init',
      'demo',
      'doctor',
      'schema',
    ])
      expect(out).toContain(`  ${command} `);
  });
});

describe('what is absent', () => {
  const ABSENT = {
    'pipeline.yaml': `version: 1
dimensions: { s: [a, b, c] }
rules:
  ask: { for: [s], in: { answer: "in/\${s}.json" }, out: { text: "asked/\${s}.txt" }, task: ./ask.mjs }
  copy: { for: [s], in: { text: { rule: ask } }, out: { text: "copies/\${s}.txt" }, run: "cat \${in.text} > \${out.text}" }
`,
    'ask.mjs': `import { readFileSync } from 'node:fs';
export default { version: 1, run: (ctx) => JSON.parse(readFileSync(ctx.inputs.answer, 'utf8')) };
`,
    'in/a.json': '{ "absent": "no a.zip", "recheckAfter": 86400000 }',
    'in/b.json': '{ "absent": "no b.zip", "recheckAfter": 172800000 }',
    'in/c.json': '{ "absent": "gone for good" }',
  };

  it('is told with its reason, and from when on it is asked again', async () => {
    const rig = new Rig(ABSENT);
    expect((await cli(['-C', rig.dir, 'build'])).code).toBe(0);
    const { out } = await cli(['-C', rig.dir, 'status']);
    expect(out.replaceAll(/\d{4}-\d\d-\d\dT[\d:]{8}Z/g, 'TIME')).toBe(
      [
        'ask   3 absent',
        '  ask a..b (2): absent: no *.zip, asked again from TIME or later',
        '  ask c: absent: gone for good',
        'copy  3 absent',
        '  copy a..b (2): absent: no *.zip, ask/* absent',
        '  copy c: absent: gone for good, ask/c absent',
        '6 targets: 6 absent',
        '',
      ].join('\n'),
    );
    const told = JSON.parse((await cli(['-C', rig.dir, 'status', '--json'])).out) as {
      readonly targets: readonly { readonly target: string; readonly absent: object }[];
    };
    expect(told.targets.find(({ target }) => target === 'ask/a')).toEqual({
      target: 'ask/a',
      state: 'absent',
      reasons: [],
      absent: { reason: 'no a.zip', recheckAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
  });

  it('is explained by why', async () => {
    const rig = new Rig(ABSENT);
    await cli(['-C', rig.dir, 'build']);
    const { out } = await cli(['-C', rig.dir, 'why', 'ask/a']);
    const [head, reason = '', empty] = out.split('\n');
    expect([head, reason.replace(/\d{4}-\d\d-\d\dT[\d:]{8}Z/, 'TIME'), empty]).toEqual([
      'ask/a  absent',
      '  absent: no a.zip, asked again from TIME',
      '',
    ]);
    expect((await cli(['-C', rig.dir, 'why', 'copy/c'])).out).toContain(
      'copy/c  absent\n  absent: gone for good\n  ask/c absent\n',
    );
  });
});
