/** `build --locked` and the as-of of the lockfile, as typed: exit codes, tables, and what is refused. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/engine/hash.ts';
import { Rig } from '../rig.ts';
import type { Ran } from './cli.ts';
import { cli, lines } from './cli.ts';

const NOW = Date.parse('2024-03-10T12:00:00Z');
const LOCK = 'pipeline.lock';
const MANIFEST = `version: 1
dimensions: { day: { every: day, from: "2024-03-08T00:00:00Z" } }
rules:
  daily: { for: [day], out: { text: "out/\${day}" }, run: "echo \${day} \${day.end} > \${out.text}" }
`;

function workspace(manifest = MANIFEST): Rig {
  return new Rig({ 'pipeline.yaml': manifest });
}

async function pipeline(rig: Rig, args: readonly string[], now = NOW): Promise<Ran> {
  return cli(['-C', rig.dir, ...args], { now: () => now });
}

describe('build --locked', () => {
  it('without a lockfile says where one comes from', async () => {
    expect(await pipeline(workspace(), ['build', '--locked'])).toEqual({
      code: 2,
      out: '',
      err: 'error: --locked builds what pipeline.lock says, and there is none here\n  = run `pipeline build` once, which writes it, and commit it\n',
    });
  });

  it('takes the as-of of the lockfile, whatever day it is, and exits 0 when the same comes out', async () => {
    const rig = workspace();
    expect((await pipeline(rig, ['build', '-q'])).code).toBe(0);
    for (const path of rig.files('out')) rig.remove(path);
    const { code, out } = await pipeline(rig, ['build', '--locked', '-q'], NOW + 5 * 86_400_000);
    expect([code, out]).toEqual([0, '']);
    expect(rig.files('out')).toEqual(['out/2024-03-08', 'out/2024-03-09']);
    expect((await pipeline(rig, ['build', '-q'], NOW + 86_400_000)).code).toBe(0);
    expect(rig.files('out')).toHaveLength(3);
  });

  it('exits 3 with a table of what differs, which with --json stands in the last event', async () => {
    const rig = workspace();
    await pipeline(rig, ['build', '-q']);
    const is = sha256(rig.read('out/2024-03-08'));
    rig.edit(LOCK, (text) => text.replace(is, 'f'.repeat(64)).replace(/^output daily\/2024-03-09 .*\n/m, ''));
    expect(await pipeline(rig, ['build', '--locked', '-q'])).toEqual({
      code: 3,
      out: [
        '2 files differ from pipeline.lock',
        'target            path            locked        is',
        `daily/2024-03-08  out/2024-03-08  ffffffffffff  ${is.slice(0, 12)}`,
        `daily/2024-03-09  out/2024-03-09  no line       ${sha256(rig.read('out/2024-03-09')).slice(0, 12)}`,
        '',
      ].join('\n'),
      err: '',
    });
    const { code, out } = await pipeline(rig, ['build', '--locked', '-q', '--json']);
    const last = lines(out).at(-1);
    expect([code, last?.['type'], last?.['differing']]).toEqual([
      3,
      'build-finished',
      [
        { target: 'daily/2024-03-08', path: 'out/2024-03-08', locked: 'f'.repeat(64), is },
        {
          target: 'daily/2024-03-09',
          path: 'out/2024-03-09',
          locked: null,
          is: sha256(rig.read('out/2024-03-09')),
        },
      ],
    ]);
  });

  it('says in which rows a file differs from the locked one that it has replaced', async () => {
    const rig = workspace(
      'version: 1\nrules:\n  rows: { in: { text: in.csv }, out: { rows: rows.csv }, run: "cat ${in.text} > ${out.rows}" }\n',
    );
    rig.write('in.csv', 'n,text\n1,one\n2,two\n');
    await pipeline(rig, ['build', '-q']);
    const locked = sha256(rig.read('rows.csv'));
    rig.write('in.csv', 'n,text\n1,one\n2,twelve\n3,three\n');
    const is = sha256(rig.read('in.csv'));
    expect(await pipeline(rig, ['build', '--locked', '-q'])).toEqual({
      code: 3,
      out: [
        '1 file differs from pipeline.lock',
        'target  path      locked        is',
        `rows    rows.csv  ${locked.slice(0, 12)}  ${is.slice(0, 12)}`,
        '',
        'rows.csv: 2 rows differ',
        '    row 2',
        '      text: two as locked, twelve as built',
        '    row 3',
        '      n: nothing as locked, 3 as built',
        '      text: nothing as locked, three as built',
        '',
      ].join('\n'),
      err: '',
    });
    const { out } = await pipeline(rig, ['build', '--locked', '-q', '--json']);
    expect(lines(out).at(-1)?.['differing']).toEqual([
      {
        target: 'rows',
        path: 'rows.csv',
        locked,
        is,
        difference: {
          summary: '2 rows differ',
          rows: [
            { row: 2, cells: [{ column: 'text', locked: 'two', is: 'twelve' }] },
            {
              row: 3,
              cells: [
                { column: 'n', locked: null, is: '3' },
                { column: 'text', locked: null, is: 'three' },
              ],
            },
          ],
        },
      },
    ]);
  });

  it('exits 1 when a target fails as well', async () => {
    const rig = workspace(
      `${MANIFEST}  bad: { in: { text: in.txt }, out: { text: bad.txt }, run: "cp \${in.text} \${out.text}" }\n`,
    );
    rig.write('in.txt', 'x');
    await pipeline(rig, ['build', '-q']);
    rig.edit(LOCK, (text) => text.replace(/^output daily\/2024-03-09 .*\n/m, ''));
    rig.remove('in.txt');
    expect((await pipeline(rig, ['build', '--locked', '-q'])).code).toBe(1);
  });

  it('with -n says what it would build, and builds nothing', async () => {
    const rig = workspace();
    await pipeline(rig, ['build', '-q']);
    rig.remove('out/2024-03-08');
    const { code, out } = await pipeline(rig, ['build', '--locked', '-n'], NOW + 86_400_000);
    expect([code, out.includes('2024-03-08'), out.includes('2024-03-10')]).toEqual([0, true, false]);
    expect(rig.has('out/2024-03-08')).toBe(false);
  });

  it.each([
    [
      ['--as-of', '2024-03-08'],
      'error: --as-of 2024-03-08 contradicts --locked: pipeline.lock says 2024-03-09T23:59:00Z\n  = leave out --as-of\n',
    ],
    [
      ['--refresh'],
      'error: --refresh contradicts --locked, which asks no listing\n  = leave out one of them\n',
    ],
  ])('refuses %j', async (args, err) => {
    const rig = workspace();
    await pipeline(rig, ['build', '-q']);
    expect(await pipeline(rig, ['build', '--locked', ...args])).toEqual({ code: 2, out: '', err });
    expect((await pipeline(rig, ['build', '--locked', '-q', '--as-of', '2024-03-09'])).code).toBe(0);
  });

  it('refuses a lockfile of the future, and one that cannot be read', async () => {
    const rig = workspace();
    await pipeline(rig, ['build', '-q']);
    expect(await pipeline(rig, ['build', '--locked'], NOW - 86_400_000 * 3)).toEqual({
      code: 2,
      out: '',
      err: 'error: pipeline.lock says as-of 2024-03-09T23:59:00Z, which lies in the future\n  = set the clock of this machine, or take a lockfile that was built in the past\n',
    });
    rig.write(LOCK, 'pipeline.lock 2\n');
    const message =
      'error: pipeline.lock:1: written by a newer pipeline (version 2 of the format, this one reads 1): use that version\n';
    expect(await pipeline(rig, ['build', '--locked'])).toEqual({ code: 2, out: '', err: message });
    expect(await pipeline(rig, ['build', '-q'])).toEqual({ code: 2, out: '', err: message });
    // Who only looks is not held up by it.
    expect((await pipeline(rig, ['status'])).code).toBe(0);
  });
});

describe('the as-of of a command that is given none', () => {
  it('is yesterday’s last minute, or that of the lockfile where it is later', async () => {
    const rig = workspace();
    await pipeline(rig, ['build', '-q', '--as-of', 'now']);
    expect(rig.read(LOCK).split('\n')[1]).toBe('as-of 2024-03-10T11:59:00Z');
    const asOf = async (now: number): Promise<unknown> =>
      (JSON.parse((await pipeline(rig, ['status', '--json'], now)).out) as { asOf: unknown }).asOf;
    expect(await asOf(NOW)).toBe('2024-03-10T11:59:00Z');
    expect(await asOf(NOW + 86_400_000)).toBe('2024-03-10T23:59:00Z');
    // A clock that was wrong when the lockfile was written does not take everything along.
    expect(await asOf(NOW - 86_400_000)).toBe('2024-03-08T23:59:00Z');
    await pipeline(rig, ['build', '-q']);
    expect(rig.read(LOCK).split('\n')[1]).toBe('as-of 2024-03-10T11:59:00Z');
  });
});

describe('init', () => {
  it('tells git to keep the lines of both sides of a merge, and leaves attributes alone that are there', async () => {
    const rig = new Rig({ 'there/.gitattributes': '* text\n' });
    expect((await cli(['init', rig.path('new')])).code).toBe(0);
    expect(rig.read('new/.gitattributes')).toBe(
      'pipeline.lock text eol=lf merge=union\npipeline.lock.d/** text eol=lf merge=union\n',
    );
    expect((await cli(['init', rig.path('there')])).code).toBe(0);
    expect(rig.read('there/.gitattributes')).toBe('* text\n');
  });
});
