import { describe, expect, it } from 'vitest';
import { unpacked } from '../../../tasks/reports/days.ts';
import type { Summary } from '../../../tasks/reports/summary.ts';
import { parseSummary } from '../../../tasks/reports/summary.ts';
import { MINUTE, monthSpan, ms, summaryJson, summaryOf } from './facts.ts';

const EXPECTATION = { symbol: 'BTCUSDT', month: '2024-01', span: monthSpan('2024-01'), step: MINUTE };
const GAP = { first: ms('2024-01-02'), last: ms('2024-01-02T00:59'), missing: 60 };

/** What is said of a summary with one gap of an hour after these changes. */
function problem(changes: Partial<Summary>): string {
  const summary = summaryOf('BTCUSDT', '2024-01', [['2024-01-02', '2024-01-02T00:59']]);
  const parsed = parseSummary(summaryJson({ ...summary, ...changes }), EXPECTATION);
  return parsed.ok ? 'ok' : parsed.problem;
}

describe('a summary', () => {
  it('is read with its times as epoch milliseconds', () => {
    const summary = summaryOf('BTCUSDT', '2024-01', [['2024-01-02', '2024-01-02T00:59']], { off_grid: 4 });
    expect(parseSummary(summaryJson(summary), EXPECTATION)).toEqual({ ok: true, summary });
  });

  it('of a month without any bar has neither a first nor a last one', () => {
    const summary = summaryOf('BTCUSDT', '2024-01', [['2024-01-01', '2024-01-31T23:59']]);
    expect(parseSummary(summaryJson(summary), EXPECTATION)).toEqual({ ok: true, summary });
  });

  it('is refused when it is not JSON, or not of its shape', () => {
    expect(parseSummary('{"version":1,', EXPECTATION)).toEqual({
      ok: false,
      problem: expect.stringMatching(/^it is not JSON: ./),
    });
    const json = summaryJson(summaryOf('BTCUSDT', '2024-01', [['2024-01-02', '2024-01-02T00:59']]));
    const broken = json
      .replace('"2024-01-02T00:59:00Z"', '"2024-01-02 00:59"')
      .replace('"off_grid":0', '"off_grid":-1');
    expect(parseSummary(broken, EXPECTATION)).toEqual({
      ok: false,
      problem:
        'gaps.0.last: expected an instant in UTC such as 2025-08-22T23:59:00Z, got "2024-01-02 00:59"; ' +
        'off_grid: Too small: expected number to be >=0',
    });
    expect(parseSummary(json.replace('"version":2', '"version":1'), EXPECTATION)).toEqual({
      ok: false,
      problem: 'version: Invalid input: expected 2',
    });
  });

  it('has the last close and the volume of each day, as they are written', () => {
    const days = [
      ['2024-01-01', 42_582.6, 1_234_567_890.12],
      ['2024-01-31', 1e-8, 0],
      ['2096-02-29', 0.1, -3],
    ];
    const json = summaryJson(summaryOf('BTCUSDT', '2024-01'));
    const parsed = parseSummary(json.replace('"days":[]', `"days":${JSON.stringify(days)}`), EXPECTATION);
    expect(parsed.ok && unpacked(parsed.summary.days)).toEqual(days);
  });

  it.each([
    [['2023-02-29', 1, 2], 'a day that no calendar has'],
    [['2024-01-01T00:00:00Z', 1, 2], 'an instant'],
    [['2024-01-01', 1], 'a volume that is missing'],
    [['2024-01-01', 1, null], 'a volume that is none'],
    [7, 'a number'],
  ])('is refused for %j among its days: %s', (day, _) => {
    const json = summaryJson(summaryOf('BTCUSDT', '2024-01'));
    const days = JSON.stringify([['2024-01-01', 1, 2], day]);
    expect(parseSummary(json.replace('"days":[]', `"days":${days}`), EXPECTATION)).toEqual({
      ok: false,
      problem: `days.1: expected a day, a close and a volume such as ["2024-01-31", 42582.6, 1234.5], got ${JSON.stringify(day)}`,
    });
  });

  it('is refused when it is of another month or covers another stretch', () => {
    expect(problem({})).toBe('ok');
    expect(problem({ symbol: 'ETHUSDT' })).toBe('it is of ETHUSDT/2024-01, expected BTCUSDT/2024-01');
    expect(problem({ end: ms('2024-01-20') })).toBe(
      'it covers 2024-01-01T00:00:00Z to 2024-01-20T00:00:00Z, the partition 2024-01-01T00:00:00Z to 2024-02-01T00:00:00Z',
    );
  });

  it('is refused when its figures contradict each other', () => {
    expect(problem({ expected: 44_641 })).toBe('expected: 44641, but the partition has 44640 bars');
    expect(problem({ rows: 44_640 })).toBe(
      'rows and gaps: 44640 rows and 60 missing bars are not the 44640 expected',
    );
    expect(problem({ sources: { monthly: 44_000, daily: 0, rest: 0 } })).toBe(
      'sources: they add up to 44000, not to the 44580 rows',
    );
    expect(problem({ first_ts: ms('2024-01-01T00:01') })).toBe(
      'first_ts: it is 2024-01-01T00:01:00Z, but by rows and gaps it must be 2024-01-01T00:00:00Z',
    );
    expect(problem({ last_ts: null })).toBe(
      'last_ts: it is null, but by rows and gaps it must be 2024-01-31T23:59:00Z',
    );
  });

  it('is refused when REST is said to have said something of bars that are there, or two things of one bar', () => {
    const text = (at: number) => new Date(at).toISOString().replace('.000', '');
    const half = { ...GAP, last: GAP.first + 29 * MINUTE, missing: 30 };
    const other = { first: GAP.first + 30 * MINUTE, last: GAP.last, missing: 30 };
    expect(problem({ empty_at_source: [half], unanswered: [{ ...other, code: 'offline' }] })).toBe('ok');
    expect(problem({ unknown_symbol: [GAP] })).toBe('ok');
    const says = ({ first, last, missing }: typeof GAP) =>
      `${missing} bars from ${text(first)} to ${text(last)} are no missing bars of which nothing else is said`;
    expect(problem({ empty_at_source: [GAP], unanswered: [{ ...other, code: 'offline' }] })).toBe(
      `unanswered: ${says(other)}`,
    );
    const beyond = { ...GAP, last: GAP.last + MINUTE, missing: 61 };
    expect(problem({ empty_at_source: [beyond] })).toBe(`empty_at_source: ${says(beyond)}`);
    const wrong = { ...half, missing: 29 };
    expect(problem({ unknown_symbol: [wrong] })).toBe(`unknown_symbol: ${says(wrong)}`);
  });

  it.each([
    ['counts wrongly', [{ ...GAP, missing: 61 }]],
    ['is off the grid', [{ ...GAP, first: GAP.first + 1_000, last: GAP.last + 1_000 }]],
    ['lies outside the month', [{ first: ms('2024-02-01'), last: ms('2024-02-01'), missing: 1 }]],
    ['touches the one before', [GAP, { first: GAP.last + MINUTE, last: GAP.last + MINUTE, missing: 1 }]],
    ['comes before the one before', [GAP, { first: ms('2024-01-01'), last: ms('2024-01-01'), missing: 1 }]],
    ['ends before it begins', [{ first: GAP.last, last: GAP.first, missing: -58 }]],
  ])('is refused when a gap %s', (_, gaps) => {
    const { first, last, missing } = gaps.at(-1) ?? GAP;
    const text = (at: number) => new Date(at).toISOString().replace('.000', '');
    expect(problem({ gaps })).toBe(
      missing < 0
        ? 'gaps.0.missing: Too small: expected number to be >=0'
        : `gaps.${gaps.length - 1}: ${missing} bars from ${text(first)} to ${text(last)} are no run of bars of this month after the gap before`,
    );
  });
});
