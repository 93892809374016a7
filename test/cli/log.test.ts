import { describe, expect, it } from 'vitest';
import { recordRun } from '../../src/engine/state/history.ts';
import { busyRun, idleRun } from '../engine/history/runs.ts';
import { Rig } from '../rig.ts';
import { cli, lines } from './cli.ts';

const MADE = '2026-01-04-0123abcd';

/** A workspace with three records, and no manifest: something done, twice nothing to do, something failed. */
function kept(): Rig {
  const rig = new Rig({});
  const failure = { code: 'archive-checksum', message: 'x.zip: SHA-256 is 01, expected 02' };
  recordRun(rig.dir, busyRun(65, { runId: MADE }));
  recordRun(rig.dir, idleRun(5, { runId: MADE }));
  recordRun(rig.dir, idleRun(10, { runId: MADE }));
  recordRun(rig.dir, {
    ...busyRun(2, { runId: '2026-01-04-4567abcd', selectors: ['archive'] }),
    counts: { ...idleRun(1).counts, failed: 1 },
    targets: [{ target: 'archive/A', outcome: 'failed', seconds: 1, reasons: [], moreReasons: 0, failure }],
  });
  return rig;
}

describe('log', () => {
  it('lists the last builds, the newest first', async () => {
    const { code, out, err } = await cli(['-C', kept().dir, 'log']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      [
        '#        when (UTC)       as of    took  ran  failed  what changed',
        '3  2026-01-05 08:00  2026-01-04    2.0s    0       1',
        '2  2026-01-05 09:05  2026-01-04    1.0s    0          nothing to do, 2 times',
        '1  2026-01-05 08:00  2026-01-04  1m 05s    1',
        '',
      ].join('\n'),
    );
  });

  it('lists twenty, or so many as -n says', async () => {
    const rig = new Rig({});
    for (let at = 1; at <= 25; at++) recordRun(rig.dir, busyRun(at));
    const numbers = async (...args: readonly string[]): Promise<unknown> => {
      const { out } = await cli(['-C', rig.dir, 'log', '--json', ...args]);
      return (JSON.parse(out).runs as { number: number }[]).map(({ number }) => number);
    };
    expect(await numbers()).toEqual(Array.from({ length: 20 }, (_, at) => 25 - at));
    expect(await numbers('-n', '2')).toEqual([25, 24]);
    expect(await numbers('-n', '100')).toHaveLength(25);
  });

  it('says that there is none', async () => {
    const rig = new Rig({});
    expect(await cli(['-C', rig.dir, 'log'])).toEqual({ code: 0, out: 'no builds yet\n', err: '' });
    expect(await cli(['-C', rig.dir, 'log', '--json'])).toEqual({ code: 0, out: '{"runs":[]}\n', err: '' });
    expect(rig.has('.pipeline')).toBe(false);
  });

  it('works beside a manifest that is broken', async () => {
    const rig = kept();
    rig.write('pipeline.yaml', 'not: [a manifest');
    expect(await cli(['-C', rig.dir, 'log'])).toMatchObject({ code: 0, err: '' });
  });

  it('tells of damage, and shows the rest', async () => {
    const rig = kept();
    rig.edit('.pipeline/history', (text) => text.replace('"number":2', '"number":9'));
    const { code, out, err } = await cli(['-C', rig.dir, 'log', '--json']);
    expect({ code, err }).toEqual({
      code: 0,
      err: `warning: ${rig.path('.pipeline/history')}: 1 build left out: damaged\n`,
    });
    expect(JSON.parse(out)).toMatchObject({ runs: [{ number: 3 }, { number: 1 }] });
  });

  it('leaves the history of a newer version to that version', async () => {
    const rig = new Rig({ '.pipeline/history': 'pipeline history 2\n' });
    expect(await cli(['-C', rig.dir, 'log'])).toEqual({
      code: 2,
      out: '',
      err: `error: ${rig.path('.pipeline/history')}:1: written by a newer pipeline (history version 2, this one reads 1): use that version, or move the file away to begin a new one\n`,
    });
  });
});

describe('log RUN', () => {
  it('takes a number, `last`, or a run_id: of several builds at it the one that made it', async () => {
    const { dir } = kept();
    const number = async (run: string): Promise<unknown> =>
      lines((await cli(['-C', dir, 'log', run, '--json'])).out)[0]?.['number'];
    expect(await number('2')).toBe(2);
    expect(await number('last')).toBe(3);
    expect(await number(MADE)).toBe(1);
  });

  it('says all of one build', async () => {
    const { code, out } = await cli(['-C', kept().dir, 'log', 'last']);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'build 3',
        '  when     2026-01-05 08:00:00 UTC',
        '  took     2.0s',
        '  as of    2026-01-04T23:59:00Z',
        '  run      2026-01-04-4567abcd',
        '  asked    build archive',
        '  targets  10 fresh, 1 failed',
        '',
        'why',
        '  archive A: failed',
        '',
        'failed    archive/A  1.0s  archive-checksum: x.zip: SHA-256 is 01, expected 02',
        '',
      ].join('\n'),
    );
  });

  it('with --verbose lists every target', async () => {
    const { out } = await cli(['-C', kept().dir, '-v', 'log', 'last']);
    expect(out).toContain('\ntarget     outcome  took\narchive/A  failed   1.0s\n');
  });

  it('as JSON is the record', async () => {
    const { out } = await cli(['-C', kept().dir, 'log', '1', '--json']);
    expect(JSON.parse(out)).toEqual({ number: 1, builds: 1, ...busyRun(65, { runId: MADE }) });
  });
});

describe('log, asked wrongly,', () => {
  it.each([
    [['log', '9'], 'there is no build 9', 'the last is 3, the oldest that is kept 1'],
    [
      ['log', '2026-01-04-0123abce'],
      'there is no build with run_id "2026-01-04-0123abce"',
      `did you mean "${MADE}"? (the last build is number 3)`,
    ],
    [
      ['log', 'lats'],
      'there is no build with run_id "lats"',
      `known run_ids: 2026-01-04-4567abcd, ${MADE} (the last build is number 3)`,
    ],
    [['log', '-n', '0'], '-n 0 is no number of builds', 'give a whole number from 1, e.g. -n 50'],
    [['log', '-n', 'x'], '-n x is no number of builds', 'give a whole number from 1, e.g. -n 50'],
  ])('%j exits 2 and says what there is', async (args, message, hint) => {
    expect(await cli(['-C', kept().dir, ...args])).toEqual({
      code: 2,
      out: '',
      err: `error: ${message}\n  = ${hint}\n`,
    });
  });

  it('or before any build, exits 2', async () => {
    expect(await cli(['-C', new Rig({}).dir, 'log', 'last'])).toEqual({
      code: 2,
      out: '',
      err: 'error: there is no build last: no builds yet\n  = make one with `pipeline build`\n',
    });
  });
});

describe('after builds', () => {
  it('log tells what they did and why', async () => {
    const rig = new Rig({
      'pipeline.yaml': `version: 1
dimensions: { month: { every: month, from: "2024-01-01T00:00:00Z" } }
as_of: "2024-03-31T23:59:00Z"
rules:
  text: { for: [month], in: { text: in.txt }, out: { text: "text/\${month}.txt" }, run: "cat \${in.text} > \${out.text}" }
  table: { in: { texts: { rule: text } }, out: { table: table.csv }, run: "cat \${in.texts} > \${out.table}" }
`,
      'in.txt': '1\n',
    });
    const build = (...args: readonly string[]) => cli(['-C', rig.dir, 'build', ...args]);
    await build();
    await build();
    rig.write('in.txt', '2\n');
    await build('text', '--from', '2024-02', '--refresh');
    const { out } = await cli(['-C', rig.dir, 'log', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      runs: [
        { number: 3, counts: { executed: 2 } },
        { number: 2, counts: { executed: 0, fresh: 4 } },
        { number: 1, counts: { executed: 4 } },
      ],
    });
    const last = await cli(['-C', rig.dir, 'log', 'last']);
    expect(last.out).toContain('\n  asked    build text --from 2024-02-01T00:00:00Z --refresh\n');
    expect(last.out).toContain('\nwhy\n  text 2024-02..2024-03 (2): input text in.txt changed\n');
    // The value belongs to the option: the selector after it is one.
    expect((await build('--refresh=all', 'text')).code).toBe(0);
    expect((await cli(['-C', rig.dir, 'log', 'last'])).out).toContain(
      '\n  asked    build text --refresh=all\n',
    );
  });
});
