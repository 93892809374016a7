/** Measurements held against the committed budget. Nothing is measured here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../bench/budget.ts';
import { budgetSchema, judge, passes, resultsIn, verdictLine } from '../../bench/budget.ts';

const BUDGET: Budget = {
  measured: 'here, 2026-11-23',
  limits: [
    { result: { part: 'noop', size: 200 }, figure: 'ratio_to_ninja', at_most: 3, bar: 1 },
    { result: { part: 'download' }, figure: 'seconds.ours', at_least: 0.5, bar: 0.95 },
  ],
};

function linesFor(printed: string): readonly string[] {
  return judge(BUDGET, resultsIn(printed)).map(verdictLine);
}

function passesFor(printed: string): boolean {
  return passes(judge(BUDGET, resultsIn(printed)));
}

describe('the budget of measurements', () => {
  it('is met within the bar, kept within the limit, and missed beyond it, in either direction', () => {
    const within = `> pipeline@0.1.0 bench
{"part":"noop","size":2000,"ratio_to_ninja":9}
{"part":"noop","size":200,"ratio_to_ninja":2.5}
{"part":"download","seconds":{"ours":0.95}}
`;
    expect(linesFor(within)).toEqual([
      'within budget noop 200: ratio_to_ninja 2.50, at most 3 (bar 1)',
      'bar met       download: seconds.ours 0.95, at least 0.5 (bar 0.95)',
    ]);
    expect(passesFor(within)).toBe(true);

    const beyond = `{"part":"noop","size":200,"ratio_to_ninja":3.01}
{"part":"download","seconds":{"ours":0.49}}
`;
    expect(linesFor(beyond)).toEqual([
      'missed        noop 200: ratio_to_ninja 3.01, at most 3 (bar 1)',
      'missed        download: seconds.ours 0.49, at least 0.5 (bar 0.95)',
    ]);
    expect(passesFor(beyond)).toBe(false);
  });

  it('says what was not measured, be it for want of the peer', () => {
    const printed =
      '{"part":"noop","size":200,"ratio_to_ninja":null}\n{"part":"download","seconds":{"ours":1}}\n';
    expect(linesFor(printed)).toEqual([
      'not measured  noop 200: ratio_to_ninja at most 3 (bar 1)',
      'bar met       download: seconds.ours 1.00, at least 0.5 (bar 0.95)',
    ]);
    expect(passesFor(printed)).toBe(true);
  });

  it('is not kept by a run that measured nothing of it', () => {
    expect(passesFor('{"part":"rest","calls":3}\n')).toBe(false);
    expect(passesFor('')).toBe(false);
  });

  it('is well-formed as it is committed, and nowhere stricter than its own bar', () => {
    const text = readFileSync(new URL('../../bench/budget.json', import.meta.url), 'utf8');
    const { limits } = budgetSchema.parse(JSON.parse(text));
    const stricter = limits.filter(({ at_most: most, at_least: least, bar }) =>
      most === undefined ? (least ?? 0) > bar : most < bar,
    );
    expect(limits.length).toBeGreaterThan(0);
    expect(stricter).toEqual([]);
  });
});
