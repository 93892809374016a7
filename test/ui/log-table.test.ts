import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLog } from '../../src/ui/log-table.ts';
import { textWidth } from '../../src/ui/width.ts';
import { loggedRule, loggedRun } from './logged.ts';

const PLAIN = { color: false, width: 80 };

const BUSY = loggedRun(42, {
  counts: { executed: 33, checked: 10, fresh: 2_400, failed: 1 },
  rules: [
    loggedRule('staged', { changes: { added: 14_000 } }),
    loggedRule('bars', { changes: { added: 400, final: 1_440 } }),
  ],
});
const IDLE = loggedRun(41, {
  builds: 288,
  startedAt: '2026-01-04T08:05:00.000Z',
  seconds: 0.21,
  counts: { fresh: 2_443 },
});

describe('the table of builds', () => {
  it('has a line a build: when, as of when, how long, how much ran, what changed', () => {
    expect(formatLog([BUSY, IDLE], PLAIN)).toBe(
      [
        ' #        when (UTC)       as of    took  ran  failed  what changed',
        '42  2026-01-05 08:00  2026-01-04  1m 05s   43       1  14,400 added, 1,440 final',
        '41  2026-01-04 08:05  2026-01-04    0.2s    0          nothing to do, 288 times',
        '',
      ].join('\n'),
    );
  });

  it('leaves the column of failures out when there is none, and the last one when nothing is to be said', () => {
    const run = loggedRun(7, { counts: { executed: 3 }, asOf: '2026-01-05T07:55:00Z' });
    expect(formatLog([run], PLAIN)).toBe(
      [
        '#        when (UTC)             as of    took  ran',
        '7  2026-01-05 08:00  2026-01-05 07:55  1m 05s    3',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['one build with nothing to do', loggedRun(1, { counts: { fresh: 3 } }), 'nothing to do'],
    [
      'an interruption',
      loggedRun(1, { ended: 'interrupted', rules: [loggedRule('bars', { changes: { gaps_closed: 2 } })] }),
      'interrupted, 2 gaps closed',
    ],
    [
      'what broke a build off',
      loggedRun(1, { ended: 'broken', error: 'ENOSPC:\nno space' }),
      'broke off: ENOSPC:\\nno space',
    ],
    [
      'counts in the words of the task',
      loggedRun(1, {
        counts: { executed: 1 },
        rules: [loggedRule('b', { changes: { rows_added: 1, '\x1b': 2 } })],
      }),
      '1 rows added, 2 \\x1b',
    ],
  ])('tells %s', (_, run, text) => {
    const [titles = '', line = ''] = formatLog([run], { ...PLAIN, width: 120 }).split('\n');
    expect(line.slice(titles.indexOf('what changed'))).toBe(text);
  });

  it('shows whole counts or none, however narrow it is', () => {
    const changes = { added: 1_234_567, removed: 7_654_321 };
    const run = loggedRun(1, { counts: { executed: 1 }, rules: [loggedRule('bars', { changes })] });
    const said = new Set<string>();
    for (let width = 56; width <= 100; width++) {
      const [titles = '', line = ''] = formatLog([run], { color: false, width }).split('\n');
      said.add(line.slice(titles.indexOf('what changed')));
    }
    expect([...said]).toEqual([
      '1,234,567 a…',
      '1,234,567 ad…',
      '1,234,567 add…',
      '1,234,567 added',
      '1,234,567 added, …',
      '1,234,567 added, 7,654,321 removed',
    ]);
  });

  it('paints builds that failed, and dims those with nothing to do', () => {
    const lines = formatLog([BUSY, IDLE, loggedRun(3, { counts: { executed: 1 } })], {
      ...PLAIN,
      color: true,
    }).split('\n');
    expect(lines[0]).toMatch(/^\x1b\[1m #.*\x1b\[22m$/);
    expect(lines[1]).toMatch(/^\x1b\[31m42 .*\x1b\[39m$/);
    expect(lines[2]).toMatch(/^\x1b\[2m41 .*\x1b\[22m$/);
    expect(lines[3]).toMatch(/^ 3 /);
  });

  it('fits any width, with a line for each build', () => {
    const changes = fc.dictionary(fc.constantFrom('added', 'final', 'gaps_closed', '指'), fc.nat());
    const anyRun = fc
      .record({
        number: fc.nat({ max: 100_000 }),
        ended: fc.constantFrom('done', 'interrupted', 'broken'),
        error: fc.string({ unit: 'grapheme' }),
        seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
        executed: fc.nat({ max: 1_000_000 }),
        failed: fc.nat({ max: 10 }),
        changes,
      } as const)
      .map(({ number, executed, failed, changes: counted, ...more }) =>
        loggedRun(number, {
          ...more,
          counts: { executed, failed },
          rules: [loggedRule('bars', { changes: counted })],
        }),
      );
    fc.assert(
      fc.property(
        fc.array(anyRun, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 20, max: 130 }),
        fc.boolean(),
        (runs, width, color) => {
          const lines = formatLog(runs, { color, width }).trimEnd().split('\n');
          expect(lines.length).toBe(runs.length + 1);
          for (const line of lines)
            expect(textWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
