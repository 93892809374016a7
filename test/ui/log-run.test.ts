import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reason } from '../../src/engine/events.ts';
import { formatLogRun } from '../../src/ui/log-run.ts';
import type { LoggedRun, LoggedTarget } from '../../src/ui/logged-run.ts';
import { textWidth } from '../../src/ui/width.ts';
import { loggedRule, loggedRun, loggedTarget } from './logged.ts';

const PLAIN = { color: false, width: 80, verbose: false };
const NEW: Reason = { kind: 'new', name: 'x' };
const ZIPS: Reason = { kind: 'input', name: 'zips', was: 'a', is: 'b' };
const DUE: Reason = { kind: 'due', name: '', was: '2026-01-04T08:00:00Z' };

const RUN = loggedRun(42, {
  runId: '2026-01-04-0123abcd',
  selectors: ['bars', 'reports'],
  from: '2026-01-01T00:00:00Z',
  options: { force: false, refresh: true, sweep: false, offline: false },
  version: '0.1.0',
  counts: { executed: 4, checked: 2, fresh: 2_400, absent: 1, failed: 1, blocked: 1 },
  rules: [
    loggedRule('listing', { counts: { checked: 2 }, busySeconds: 1.5 }),
    loggedRule('archive', {
      counts: { executed: 1, failed: 1 },
      busySeconds: 4,
      bytes: 12_345_678,
    }),
    loggedRule('bars', {
      counts: { executed: 3, fresh: 2_400 },
      busySeconds: 70,
      changes: { added: 14_400, final: 1_440, gaps_closed: 2 },
    }),
  ],
  targets: [
    loggedTarget('listing/BTCUSDT', { outcome: 'checked', reasons: [DUE] }),
    loggedTarget('listing/ETHUSDT', {
      outcome: 'checked',
      reasons: [{ ...DUE, was: '2026-01-04T07:00:00Z' }],
    }),
    loggedTarget('archive/BTCUSDT/2026-01-04', { reasons: [NEW] }),
    loggedTarget('archive/ETHUSDT/2026-01-04', {
      outcome: 'failed',
      seconds: 12,
      reasons: [NEW],
      failure: { code: 'archive-checksum', message: 'x.zip: SHA-256 is 01, expected 02' },
    }),
    loggedTarget('bars/BTCUSDT/2025-11', { reasons: [ZIPS], changes: { added: 12_960 } }),
    loggedTarget('bars/BTCUSDT/2025-12', { reasons: [ZIPS], changes: { final: 1_440, gaps_closed: 2 } }),
    loggedTarget('bars/BTCUSDT/2026-01', { reasons: [NEW, ZIPS], moreReasons: 7, changes: { added: 1_440 } }),
  ],
  warnings: [{ target: 'listing/BTCUSDT', message: 'the listing is late' }],
});

describe('one build in full', () => {
  it('says how it was asked for, what each rule did, why, what changed and what failed', () => {
    expect(formatLogRun(RUN, PLAIN)).toBe(
      [
        'build 42',
        '  when     2026-01-05 08:00:01 UTC',
        '  took     1m 05s',
        '  as of    2026-01-04T23:59:00Z',
        '  run      2026-01-04-0123abcd',
        '  asked    build bars reports --from 2026-01-01T00:00:00Z --refresh',
        '  by       pipeline 0.1.0',
        '  targets  built 4, checked 2, 2,400 fresh, 1 absent, 1 failed, 1 blocked',
        '  changed  14,400 added, 1,440 final, 2 gaps closed',
        '',
        'rule     ran  failed    took    bytes       rate  changed',
        'listing    2            1.5s',
        'archive    1       1    4.0s  12.3 MB  3.09 MB/s',
        'bars       3          1m 10s                      14,400 added, 1,440 final, …',
        '',
        'why',
        '  listing BTCUSDT..ETHUSDT (2): checked, recheck due (last asked 2026-01-04T07:…',
        '  archive BTCUSDT 2026-01-04: never built',
        '  archive ETHUSDT 2026-01-04: failed, never built',
        '  bars BTCUSDT 2025-11..2025-12 (2): input zips changed',
        '  bars BTCUSDT 2026-01: never built, input zips changed and 7 more',
        '',
        'target                outcome   took  changed',
        'bars/BTCUSDT/2025-11  executed  0.8s  12,960 added',
        'bars/BTCUSDT/2025-12  executed  0.8s  1,440 final, 2 gaps closed',
        'bars/BTCUSDT/2026-01  executed  0.8s  1,440 added',
        '',
        'failed    archive/ETHUSDT/2026-01-04  12.0s  archive-checksum: x.zip: SHA-256 is 01, expected 02',
        '',
        'warning   listing/BTCUSDT  the listing is late',
        '',
      ].join('\n'),
    );
  });

  it('leaves out what there is nothing of', () => {
    expect(formatLogRun(loggedRun(1, { counts: { fresh: 43 } }), PLAIN)).toBe(
      [
        'build 1',
        '  when     2026-01-05 08:00:01 UTC',
        '  took     1m 05s',
        '  as of    2026-01-04T23:59:00Z',
        '  asked    build',
        '  targets  nothing to do: 43 fresh',
        '',
      ].join('\n'),
    );
  });

  it('of many with nothing to do says how many and since when', () => {
    const lines = formatLogRun(loggedRun(1, { builds: 1_288, counts: { fresh: 43 } }), PLAIN).split('\n');
    expect([lines[1], lines[2], lines[6]]).toEqual([
      '  first    2026-01-05 08:00:01 UTC',
      '  last     2026-01-05 08:01:06 UTC',
      '  targets  nothing to do 1,288 times in a row: 43 fresh',
    ]);
  });

  const headline = (name: string, run: LoggedRun): string | undefined =>
    formatLogRun(run, PLAIN)
      .split('\n')
      .find((line) => line.startsWith(`  ${name}`));

  it.each([
    ['interrupted', { ended: 'interrupted' as const }, '  ended    interrupted'],
    [
      'broken off',
      { ended: 'broken' as const, error: 'ENOSPC: no\x1bspace' },
      '  ended    broke off: ENOSPC: no\\x1bspace',
    ],
  ])('says that it was %s', (_, more, line) => {
    expect(headline('ended', loggedRun(1, more))).toBe(line);
  });

  it('spells the request as it would be typed', () => {
    const options = { force: true, refresh: true, sweep: true, offline: true };
    const run = loggedRun(1, {
      options,
      selectors: ['a', 'b'],
      moreSelectors: 150,
      to: '2026-01-01T00:00:00Z',
    });
    expect(headline('asked', run)).toBe(
      '  asked    build a b (and 150 more) --to 2026-01-01T00:00:00Z --force --refresh=all --offline',
    );
  });

  it('counts what is not listed', () => {
    const text = formatLogRun(
      loggedRun(1, {
        counts: { executed: 1_501 },
        targets: [loggedTarget('bars/a', { reasons: [NEW] })],
        moreTargets: 1_500,
        warnings: [{ target: 'bars/a', message: 'hm' }],
        moreWarnings: 3,
      }),
      PLAIN,
    );
    expect(text.split('\n').slice(-6)).toEqual([
      '  bars a: never built',
      '  and 1,500 more targets',
      '',
      'warning   bars/a  hm',
      'warning   and 3 more',
      '',
    ]);
  });
});

describe('why targets ran', () => {
  const why = (targets: readonly LoggedTarget[]): readonly string[] => {
    const lines = formatLogRun(loggedRun(1, { targets }), PLAIN).trimEnd().split('\n');
    return lines.slice(lines.indexOf('why') + 1);
  };
  const month = (at: number, more: Partial<LoggedTarget> = {}): LoggedTarget =>
    loggedTarget(`bars/BTCUSDT/2021-0${at}`, { reasons: [ZIPS], ...more });

  it('does not bridge what was not touched', () => {
    expect(why([month(1), month(2), month(5, { apart: true }), month(6)])).toEqual([
      '  bars BTCUSDT 2021-01..2021-02 (2): input zips changed',
      '  bars BTCUSDT 2021-05..2021-06 (2): input zips changed',
    ]);
  });

  it('keeps rules apart whose partitions are the same', () => {
    const of = (rule: string, key: string) => loggedTarget(`${rule}/${key}`, { reasons: [NEW] });
    expect(why([of('listing', 'A'), of('listing', 'B'), of('sources', 'A'), of('sources', 'B')])).toEqual([
      '  listing A..B (2): never built',
      '  sources A..B (2): never built',
    ]);
  });

  it('keeps outcomes apart', () => {
    expect(
      why([
        month(1, { outcome: 'executed' }),
        month(2, { outcome: 'checked' }),
        month(3, { outcome: 'absent' }),
        month(4, { outcome: 'failed' }),
        month(5, { reasons: [] }),
      ]),
    ).toEqual([
      '  bars BTCUSDT 2021-01: input zips changed',
      '  bars BTCUSDT 2021-02: checked, input zips changed',
      '  bars BTCUSDT 2021-03: absent, input zips changed',
      '  bars BTCUSDT 2021-04: failed, input zips changed',
      '  bars BTCUSDT 2021-05: executed',
    ]);
  });

  it('says that there were more reasons, and how many where all have as many', () => {
    expect(why([month(1, { moreReasons: 2 }), month(2, { moreReasons: 2 })])).toEqual([
      '  bars BTCUSDT 2021-01..2021-02 (2): input zips changed and 2 more',
    ]);
    expect(why([month(1, { moreReasons: 2 }), month(2)])).toEqual([
      '  bars BTCUSDT 2021-01..2021-02 (2): input zips changed and more',
    ]);
  });
});

describe('when verbose', () => {
  it('each target has a line, with its time', () => {
    const text = formatLogRun(RUN, { ...PLAIN, verbose: true });
    expect(text.split('\n').slice(22, 30)).toEqual([
      'target                      outcome    took  changed',
      'listing/BTCUSDT             checked    0.8s',
      'listing/ETHUSDT             checked    0.8s',
      'archive/BTCUSDT/2026-01-04  executed   0.8s',
      'archive/ETHUSDT/2026-01-04  failed    12.0s',
      'bars/BTCUSDT/2025-11        executed   0.8s  12,960 added',
      'bars/BTCUSDT/2025-12        executed   0.8s  1,440 final, 2 gaps closed',
      'bars/BTCUSDT/2026-01        executed   0.8s  1,440 added',
    ]);
  });
});

describe('rates', () => {
  it('are not told of a moment', () => {
    const rules = [loggedRule('archive', { bytes: 5_000, busySeconds: 0.05 })];
    const lines = formatLogRun(loggedRun(1, { rules }), PLAIN).split('\n');
    expect(lines.slice(-3)).toEqual(['rule     ran  took  bytes', 'archive    1  0.1s   5 kB', '']);
  });
});

describe('the tables', () => {
  it('fit any width, with and without colours', () => {
    const target = fc.record({
      target: fc.constantFrom('bars/A/2021-01', 'bars/A/2021-02', 'archive/指数/x', 'reports'),
      outcome: fc.constantFrom('executed', 'checked', 'absent'),
      changes: fc.dictionary(fc.constantFrom('added', 'gaps_closed'), fc.nat()),
      moreReasons: fc.nat({ max: 3 }),
      reasons: fc.array(fc.constantFrom(NEW, ZIPS, DUE), { maxLength: 3 }),
    } as const);
    const rule = fc.record({
      rule: fc.constantFrom('bars', 'archive'),
      busySeconds: fc.double({ min: 0, max: 1e5, noNaN: true }),
      bytes: fc.nat(),
      changes: fc.dictionary(fc.constantFrom('added', 'gaps_closed'), fc.nat()),
    });
    fc.assert(
      fc.property(
        fc.array(target, { maxLength: 6 }),
        fc.array(rule, { maxLength: 3 }),
        fc.integer({ min: 20, max: 120 }),
        fc.boolean(),
        (targets, rules, width, color) => {
          const run = loggedRun(1, {
            targets: targets.map(({ target: name, ...more }) => loggedTarget(name, more)),
            rules: rules.map(({ rule: name, ...more }) => loggedRule(name, more)),
          });
          const [, ...paragraphs] = formatLogRun(run, { color, width, verbose: true }).split('\n\n');
          for (const line of paragraphs.join('\n').split('\n'))
            expect(textWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
