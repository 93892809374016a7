import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reason, TargetState, TargetStatus } from '../../src/engine/events.ts';
import { condense } from '../../src/engine/standing.ts';
import { formatStatus } from '../../src/ui/status-table.ts';
import { textWidth } from '../../src/ui/width.ts';

const PLAIN = { color: false, width: 100, verbose: false };
const CODE: Reason = { kind: 'code', name: 'tasks/bars/normalize.ts', was: 'a', is: 'b' };

function target(name: string, state: TargetState = 'fresh', ...reasons: Reason[]): TargetStatus {
  return { target: name, state, reasons };
}

function months(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `2021-${String(from + index).padStart(2, '0')}`);
}

describe('the status of all targets', () => {
  it('says where the log of what failed lies, of several that of the first', () => {
    const bad: Reason = { kind: 'failed', name: 'archive-corrupt', is: 'bad CRC-32' };
    const log = (name: string): string => `.pipeline/logs/${name}.log`;
    const failed = (name: string): TargetStatus => ({ ...target(name, 'failed', bad), log: log(name) });
    const targets = [
      ...months(3, 7).map((month) => failed(`bars/A/${month}`)),
      failed('bars/B/2021-03'),
      target('bars/C/2021-03', 'failed', bad),
    ];
    expect(formatStatus(targets, PLAIN)).toBe(
      [
        'bars  7 failed',
        '  bars A 2021-03..2021-07 (5): failed: bad CRC-32',
        '    log of the first: .pipeline/logs/bars/A/2021-03.log',
        '  bars B 2021-03: failed: bad CRC-32',
        '    log: .pipeline/logs/bars/B/2021-03.log',
        '  bars C 2021-03: failed: bad CRC-32',
        '7 targets: 7 failed',
        '',
      ].join('\n'),
    );
  });

  it('counts states by rule and compresses runs of partitions', () => {
    const zips: Reason = { kind: 'input', name: 'zips', was: 'a', is: 'b' };
    const targets = [
      target('listing/BTCUSDT', 'stale', { kind: 'due', name: '', was: '2026-01-02T03:04:05Z' }),
      ...months(1, 2).map((month) => target(`bars/BTCUSDT/${month}`)),
      ...months(3, 7).map((month) => target(`bars/BTCUSDT/${month}`, 'stale', CODE)),
      target('bars/ETHUSDT/2021-02', 'absent'),
      target('bars/ETHUSDT/2021-03', 'stale', zips),
      target('bars/ETHUSDT/2021-04', 'failed', { kind: 'failed', name: 'archive-corrupt: bad CRC-32' }),
      target('bars/ETHUSDT/2021-05', 'blocked', { kind: 'upstream', name: 'archive/ETHUSDT/2021-05' }),
      target('features/SOLUSDT', 'unknown', { kind: 'upstream', name: 'listing/SOLUSDT' }),
      target('reports', 'pending', { kind: 'upstream', name: 'bars/BTCUSDT/2021-03' }),
    ];
    expect(formatStatus(targets, PLAIN)).toBe(
      [
        'listing   1 stale',
        '  listing BTCUSDT: recheck due (last asked 2026-01-02T03:04:05Z)',
        'bars      2 fresh, 1 absent, 6 stale, 1 blocked, 1 failed',
        '  bars BTCUSDT 2021-03..2021-07 (5): code changed tasks/bars/normalize.ts',
        '  bars ETHUSDT 2021-02: absent',
        '  bars ETHUSDT 2021-03: input zips changed',
        '  bars ETHUSDT 2021-04: failed: archive-corrupt: bad CRC-32',
        '  bars ETHUSDT 2021-05: blocked, waits for archive/ETHUSDT/2021-05',
        'features  1 unknown',
        '  features SOLUSDT: unknown, waits for listing/SOLUSDT',
        'reports   1 pending',
        '  reports: waits for bars/BTCUSDT/2021-03',
        '14 targets: 2 fresh, 1 absent, 1 unknown, 7 stale, 1 pending, 1 blocked, 1 failed',
        '',
      ].join('\n'),
    );
  });

  it('says nothing of rules that are fresh but their number', () => {
    expect(formatStatus([target('a/x'), target('a/y')], PLAIN)).toBe('a  2 fresh\n2 targets: 2 fresh\n');
    expect(formatStatus([target('a')], PLAIN)).toBe('a  1 fresh\n1 target: 1 fresh\n');
    expect(formatStatus([], PLAIN)).toBe('no targets\n');
  });

  it('breaks a run at another symbol, a fresh target, another state and another reason', () => {
    const targets = [
      target('bars/A/2021-01', 'stale', CODE),
      target('bars/B/2021-02', 'stale', CODE),
      target('bars/B/2021-03'),
      target('bars/B/2021-04', 'stale', CODE),
      target('bars/B/2021-05', 'pending', CODE),
      target('bars/B/2021-06', 'pending', CODE, { kind: 'forced', name: '' }),
    ];
    expect(formatStatus(targets, PLAIN).split('\n').slice(1, -2)).toEqual([
      '  bars A 2021-01: code changed tasks/bars/normalize.ts',
      '  bars B 2021-02: code changed tasks/bars/normalize.ts',
      '  bars B 2021-04: code changed tasks/bars/normalize.ts',
      '  bars B 2021-05: pending, code changed tasks/bars/normalize.ts',
      '  bars B 2021-06: pending, code changed tasks/bars/normalize.ts, forced',
    ]);
  });

  it('takes reasons for the same that differ in the partition alone', () => {
    const missing = (month: string): Reason => ({
      kind: 'output',
      name: `out/month=${month}/bars.parquet`,
      is: 'missing',
    });
    const waits = (month: string): Reason => ({ kind: 'upstream', name: `archive/B/${month}` });
    const targets = [
      ...months(1, 3).map((month) => target(`bars/B/${month}`, 'stale', missing(month))),
      ...months(4, 5).map((month) => target(`bars/B/${month}`, 'pending', waits(month))),
      target('bars/B/2021-06', 'pending', waits('2021-06-01')),
      target('bars/B/2021-07', 'pending', waits('2021-07')),
    ];
    expect(formatStatus(targets, PLAIN).split('\n').slice(1, -2)).toEqual([
      '  bars B 2021-01..2021-03 (3): output out/month=*/bars.parquet missing',
      '  bars B 2021-04..2021-05 (2): waits for archive/B/*',
      '  bars B 2021-06: waits for archive/B/2021-06-01',
      '  bars B 2021-07: waits for archive/B/2021-07',
    ]);
  });

  it('tells how old what is fresh, but due, is', () => {
    const due = (was: string): Reason => ({ kind: 'due', name: 'listing/x', was });
    const targets = [
      target('listing/A', 'fresh', due('2026-01-02T03:04:05.100Z')),
      target('listing/B', 'fresh', due('2026-01-02T03:04:01.200Z')),
      target('listing/C'),
      target('listing/D', 'fresh', due('2026-01-02T03:04:07.300Z')),
    ];
    expect(formatStatus(targets, PLAIN)).toBe(
      [
        'listing  4 fresh',
        '  listing A..B (2): fresh, recheck due (last asked 2026-01-02T03:04:01Z or later)',
        '  listing D: fresh, recheck due (last asked 2026-01-02T03:04:07Z)',
        '4 targets: 4 fresh',
        '',
      ].join('\n'),
    );
  });

  it('says first why a target failed', () => {
    const reasons = ['a', 'b', 'c'].map((name): Reason => ({ kind: 'input', name }));
    const failure: Reason = { kind: 'failed', name: 'archive-corrupt', is: 'x.zip: bad CRC-32' };
    expect(formatStatus([target('archive/B', 'failed', ...reasons, failure)], PLAIN)).toContain(
      '  archive B: failed: x.zip: bad CRC-32, input a changed, input b changed and 1 more\n',
    );
  });

  it('compresses parameters that hold the partition', () => {
    const param = (month: string): Reason => ({ kind: 'param', name: 'params.month', is: `"${month}"` });
    expect(
      formatStatus(
        months(1, 3).map((month) => target(`bars/${month}`, 'stale', param(month))),
        PLAIN,
      ).split('\n')[1],
    ).toBe('  bars 2021-01..2021-03 (3): param month appeared: "*"');
  });

  it('shows three reasons, or all when verbose, and never takes different ones for the same', () => {
    const reasons = ['a', 'b', 'c', 'd', 'e'].map((name): Reason => ({ kind: 'input', name, is: 'x' }));
    const targets = [target('r/1', 'stale', ...reasons), target('r/2', 'stale', ...reasons.slice(0, 4))];
    expect(formatStatus(targets, PLAIN).split('\n').slice(1, 3)).toEqual([
      '  r 1: input a appeared, input b appeared, input c appeared and 2 more',
      '  r 2: input a appeared, input b appeared, input c appeared and 1 more',
    ]);
    expect(formatStatus(targets, { ...PLAIN, verbose: true })).toContain(
      'input d appeared, input e appeared\n',
    );
  });

  it('crops lines to the width', () => {
    expect(
      formatStatus([target('bars/BTCUSDT/2021-03', 'stale', CODE)], { ...PLAIN, width: 40 }).split('\n')[1],
    ).toBe('  bars BTCUSDT 2021-03: code changed ta…');
  });

  it('shows control characters in names', () => {
    const text = formatStatus([target('bars/\x1b[2J', 'stale', { kind: 'input', name: '\x07' })], PLAIN);
    expect(text).toContain('  bars \\x1b[2J: input \\x07 changed\n');
  });

  it('paints the names', () => {
    expect(
      formatStatus([target('bars/B', 'stale', CODE)], { ...PLAIN, color: true })
        .split('\n')
        .slice(0, 2),
    ).toEqual([
      '\x1b[1mbars\x1b[22m  1 stale',
      '\x1b[33m  bars B\x1b[39m: code changed tasks/bars/normalize.ts',
    ]);
  });

  const reason = fc.record({
    kind: fc.constantFrom('input', 'upstream', 'output', 'forced'),
    name: fc.constantFrom('a', '2021-01', 'x/2021-02'),
  } as const);
  const anyStatus = fc.record({
    target: fc
      .tuple(
        fc.constantFrom('bars', 'staged', 'reports'),
        fc.array(fc.constantFrom('A', 'B', '2021-01', '2021-02'), { maxLength: 3 }),
      )
      .map(([rule, keys]) => [rule, ...keys].join('/')),
    state: fc.constantFrom<TargetState>(
      'fresh',
      'stale',
      'pending',
      'absent',
      'failed',
      'blocked',
      'unknown',
    ),
    reasons: fc.array(reason, { maxLength: 2 }),
  });

  it('loses no target: the counts of the listed lines add up, rule by rule', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { minLength: 1, maxLength: 40 }), (targets) => {
        const lines = formatStatus(targets, { ...PLAIN, width: Number.POSITIVE_INFINITY })
          .trimEnd()
          .split('\n');
        for (const rule of ['bars', 'staged', 'reports']) {
          const listed = lines.filter((line) => line.startsWith(`  ${rule}`));
          const sum = listed.reduce(
            (count, line) => count + Number(/^[^:]* \((\d+)\):/.exec(line)?.[1] ?? 1),
            0,
          );
          expect(sum).toBe(
            targets.filter(
              (one) => one.target.split('/')[0] === rule && (one.state !== 'fresh' || one.reasons.length > 0),
            ).length,
          );
        }
        expect(lines.at(-1)).toMatch(new RegExp(`^${targets.length} targets?: `));
      }),
    );
  });

  it('says the same where plainly fresh targets are only counted', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { maxLength: 40 }), (targets) => {
        expect(formatStatus(condense(targets), PLAIN)).toBe(formatStatus(targets, PLAIN));
      }),
    );
  });

  it('fits any width, with and without colours', () => {
    fc.assert(
      fc.property(
        fc.array(anyStatus, { maxLength: 20 }),
        fc.integer({ min: 20, max: 90 }),
        fc.boolean(),
        (targets, width, color) => {
          for (const line of formatStatus(targets, { color, width, verbose: true }).split('\n')) {
            expect(textWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });
});
