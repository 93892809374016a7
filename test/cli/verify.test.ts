/** `pipeline verify` as a contract: table, JSON, exit codes and messages. */
import { describe, expect, it } from 'vitest';
import { BuildState } from '../../src/engine/state/workspace-state.ts';
import { Rig } from '../rig.ts';
import { cli } from './cli.ts';

const FILES = {
  'pipeline.yaml': `version: 1
configs: [config.yaml]
dimensions: { symbol: "\${symbols}" }
as_of: "2024-03-31T23:59:00Z"
rules:
  rows: { for: [symbol], in: { text: "in/\${symbol}.csv" }, out: { rows: "rows/\${symbol}.csv" }, run: "cat \${in.text} > \${out.rows}" }
  all: { in: { rows: { rule: rows } }, out: { text: all.txt }, run: "cat \${in.rows} > \${out.text}" }
`,
  'config.yaml': 'symbols: [a, b]\n',
  'in/a.csv': 'n,text\n1,one\n2,two\n',
  'in/b.csv': 'n,text\n3,three\n',
};

async function built(): Promise<Rig> {
  const rig = new Rig(FILES);
  expect((await cli(['-C', rig.dir, 'build'])).code).toBe(0);
  return rig;
}

function interruption(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('interrupted')) };
}

describe('verify', () => {
  it('exits 0 and says in one line what it did', async () => {
    const rig = await built();
    expect(await cli(['-C', rig.dir, 'verify'])).toEqual({
      code: 0,
      out: 'verified: 3 files read, 3 targets made again, 3 outputs compared (as of 2024-03-31T23:59:00Z): all as pipeline.lock says\n',
      err: '',
    });
    expect(await cli(['-C', rig.dir, '-q', 'verify'])).toEqual({ code: 0, out: '', err: '' });
    expect((await cli(['-C', rig.dir, 'verify', 'rows/a'])).out).toMatch(/^verified: 1 file read, 1 target /);
    expect((await cli(['-C', rig.dir, 'verify', '--sample', '1', 'rows', '-j', '1'])).out).toMatch(
      /^verified: 1 file read, 1 target /,
    );
  });

  it('exits 3 with a table of what differs, and the first rows that do', async () => {
    const rig = await built();
    rig.write('rows/a.csv', 'n,text\n1,one\n2,twe\n');
    rig.remove('all.txt');
    rig.edit('in/b.csv', (text) => text.replace('three', 'thirty'));
    const { code, out, err } = await cli(['-C', rig.dir, 'verify']);
    expect({ code, err }).toEqual({ code: 3, err: '' });
    const digest = '[0-9a-f]{12}';
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^target {2}path +locked +in place +made again$/),
      expect.stringMatching(`^all     all.txt     ${digest}  missing       ${digest}$`),
      expect.stringMatching(`^rows/a  rows/a.csv  ${digest}  ${digest}  as locked$`),
      expect.stringMatching(`^rows/b  rows/b.csv  ${digest}  as locked     ${digest}$`),
      '',
      'rows/a.csv: 1 row differs',
      '    row 2',
      '      text: twe in place, two made again',
      'rows/b.csv: 1 row differs',
      '    row 1',
      '      text: three in place, thirty made again',
      '',
      '3 files not as pipeline.lock says: 2 files read, 3 targets made again, 3 outputs compared (as of 2024-03-31T23:59:00Z)',
      '',
    ]);
  });

  it('exits 1 when a target fails, and says of what nothing can be said', async () => {
    const rig = await built();
    rig.remove('in/a.csv');
    const { code, out } = await cli(['-C', rig.dir, 'verify']);
    expect(code).toBe(1);
    expect(
      out,
    ).toBe(`failed  rows/a  input-missing: rows/a: input "text" is not there: in/a.csv, and no rule makes it
  hint: put the file in place, or mark the input \`optional: true\`

nothing can be said of these, since what they are made of is missing, differs or failed:
  all

1 failed, 1 unproven: 3 files read, 1 target made again, 1 output compared (as of 2024-03-31T23:59:00Z)
`);
  });

  it('gives one JSON document', async () => {
    const rig = await built();
    rig.write('rows/a.csv', 'n,text\n1,one\n2,twe\n');
    const { code, out } = await cli(['-C', rig.dir, '--json', 'verify']);
    expect(code).toBe(3);
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(JSON.parse(out)).toEqual({
      asOf: '2024-03-31T23:59:00Z',
      counts: { read: 3, rebuilt: 3, compared: 3 },
      differing: [
        {
          target: 'rows/a',
          path: 'rows/a.csv',
          kind: 'output',
          locked: digest,
          inPlace: digest,
          rebuilt: digest,
          difference: {
            summary: '1 row differs',
            sameValues: false,
            rows: [{ row: 2, cells: [{ column: 'text', inPlace: 'twe', rebuilt: 'two' }] }],
          },
        },
      ],
      failures: [],
      unproven: [],
    });
  });

  it('annotates a run of GitHub Actions', async () => {
    const rig = await built();
    rig.remove('all.txt');
    rig.remove('in/b.csv');
    const { err } = await cli(['-C', rig.dir, 'verify'], { env: { GITHUB_ACTIONS: 'true' } });
    expect(err.split('\n')).toEqual([
      '::error::all.txt of all is not as pipeline.lock says',
      '::error::rows/b: input "text" is not there: in/b.csv, and no rule makes it%0Aput the file in place, or mark the input `optional: true`',
      '',
    ]);
  });

  it('waits for a build, or with --no-wait says who is there', async () => {
    const rig = await built();
    const building = await BuildState.open(rig.dir, {
      holder: 'process 1, build',
      wait: false,
      onWaiting: () => undefined,
      signal: new AbortController().signal,
    });
    expect(await cli(['-C', rig.dir, 'verify', '--no-wait'])).toEqual({
      code: 1,
      out: '',
      err: 'error: a build holds this workspace: process 1, build\n  = leave out --no-wait to wait for it\n',
    });
    const waiting = cli(['-C', rig.dir, 'verify']);
    await building?.close();
    expect((await waiting).code).toBe(0);
  });

  it('ends with 130 when it is interrupted', async () => {
    const rig = await built();
    rig.edit('pipeline.yaml', (text) => text.replace('cat ${in.text} >', 'sleep 60; cat ${in.text} >'));
    const { signal, abort } = interruption();
    const verifying = cli(['-C', rig.dir, '-v', 'verify'], {
      signal,
      stderr: { write: (line) => line.startsWith('started') && abort(), isTTY: false },
    });
    expect(await verifying).toMatchObject({ code: 130, out: '' });
    expect(rig.files('.pipeline/tmp')).toEqual([]);
  });

  it('takes its as-of from the lockfile, whatever the day', async () => {
    const rig = await built();
    rig.edit('pipeline.yaml', (text) => text.replace('as_of: "2024-03-31T23:59:00Z"\n', ''));
    const { code, out } = await cli(['-C', rig.dir, 'verify']);
    expect(code).toBe(0);
    expect(out).toContain('(as of 2024-03-31T23:59:00Z)');
  });

  it.each([
    [
      ['--as-of', '2024-02-01', 'verify'],
      'error: --as-of 2024-02-01 contradicts pipeline.lock, which says 2024-03-31T23:59:00Z\n  = leave out --as-of\n',
    ],
    [
      ['verify', '--sample', '0'],
      'error: --sample 0 is no number of targets\n  = give a whole number from 1, e.g. --sample 10\n',
    ],
    [
      ['verify', '--sample', '0x10'],
      'error: --sample 0x10 is no number of targets\n  = give a whole number from 1, e.g. --sample 10\n',
    ],
    [
      ['verify', 'rows/c'],
      'error: selector "rows/c": "c" is no key of dimension "symbol"\n  = its keys: a, b\n\n1 error\n',
    ],
  ])('refuses %j', async (args, message) => {
    const rig = await built();
    const { code, err, out } = await cli(['-C', rig.dir, ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toBe(message);
  });

  it('of a sample is not content with a lockfile that has lost its lines', async () => {
    const rig = await built();
    rig.edit('pipeline.lock', (text) => text.split('\n').slice(0, 2).join('\n').concat('\n'));
    for (const selector of [[], ['rows/a']]) {
      const { code, out } = await cli(['-C', rig.dir, 'verify', '--sample', '1', ...selector]);
      expect(code).toBe(3);
      expect(out).toContain('rows/a  rows/a.csv  no line');
    }
  });

  it('refuses a lockfile of the future', async () => {
    const rig = await built();
    rig.edit('pipeline.lock', (text) => text.replace('as-of 2024', 'as-of 2924'));
    expect(await cli(['-C', rig.dir, 'verify'])).toEqual({
      code: 2,
      out: '',
      err: 'error: pipeline.lock says as-of 2924-03-31T23:59:00Z, which lies in the future\n  = set the clock of this machine, or take a lockfile that was built in the past\n',
    });
  });

  it('needs a lockfile that can be read', async () => {
    const rig = await built();
    rig.edit('pipeline.lock', (text) => `${text}nonsense\n`);
    const bad = await cli(['-C', rig.dir, 'verify']);
    expect(bad.code).toBe(2);
    expect(bad.err).toMatch(
      /^error: pipeline\.lock:6: expected a line that begins with .*, found "nonsense"\n$/,
    );
    rig.remove('pipeline.lock');
    expect(await cli(['-C', rig.dir, 'verify'])).toEqual({
      code: 2,
      out: '',
      err: 'error: verify compares with pipeline.lock, and there is none here\n  = run `pipeline build` once, which writes it, and commit it\n',
    });
  });
});
