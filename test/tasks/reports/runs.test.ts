import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../../tasks/reports/runs.ts';
import { countOf, cutAt, joinNeighbours, minutesOf, runOf } from '../../../tasks/reports/runs.ts';
import { MINUTE, ms } from './facts.ts';

/** Openings of a run's bars one by one. */
function barsOf(run: Run | undefined, step: number): number[] {
  const bars: number[] = [];
  if (run !== undefined) for (let at = run.first; at <= run.last; at += step) bars.push(at);
  return bars;
}

const steps = fc.constantFrom(1_000, MINUTE, 5 * MINUTE);
/** Moments off and on the grid. */
const moments = fc.nat(800).map((n) => n * 15_000);

describe('runs of bars', () => {
  it('count a bar when it opens in the span and ends by its end, as a walk over every second finds', () => {
    fc.assert(
      fc.property(moments, moments, steps, (start, end, step) => {
        const naive: number[] = [];
        for (let at = start; at + step <= end; at += 1_000) if (at % step === 0) naive.push(at);
        const run = runOf({ start, end }, step);
        expect(barsOf(run, step)).toEqual(naive);
        expect(run === undefined ? 0 : countOf(run, step)).toBe(naive.length);
      }),
    );
  });

  it('are cut at a moment into the bars that open before it and the others', () => {
    fc.assert(
      fc.property(fc.nat(199), fc.nat(50), moments, steps, (first, more, moment, step) => {
        const run = { first: first * step, last: (first + more) * step };
        const { before, after } = cutAt(run, moment, step);
        expect(barsOf(before, step)).toEqual(barsOf(run, step).filter((bar) => bar < moment));
        expect(barsOf(after, step)).toEqual(barsOf(run, step).filter((bar) => bar >= moment));
      }),
    );
  });

  it('are not cut at minus infinity, where nothing is known', () => {
    const run = { first: 0, last: MINUTE };
    expect(cutAt(run, Number.NEGATIVE_INFINITY, MINUTE)).toEqual({ before: undefined, after: run });
  });

  it('join to what a minute-by-minute model of labelled bars finds, however they were chopped before', () => {
    const label = fc.constantFrom('', 'a', 'b');
    fc.assert(
      fc.property(fc.array(fc.tuple(label, fc.boolean()), { maxLength: 60 }), (minutes) => {
        // The model: each minute has bars ('') or is missing with a cause; `true` chops the run before it.
        const chopped: (Run & { cause: string })[] = [];
        const whole: (Run & { cause: string })[] = [];
        for (const [index, [cause, chop]] of minutes.entries()) {
          if (cause === '') continue;
          const at = index * MINUTE;
          const same = minutes[index - 1]?.[0] === cause;
          for (const [runs, begin] of [[chopped, chop || !same] as const, [whole, !same] as const]) {
            const open = runs.pop();
            if (open !== undefined && !begin) runs.push({ ...open, last: at });
            else runs.push(...(open === undefined ? [] : [open]), { first: at, last: at, cause });
          }
        }
        const join = <T extends { cause: string } & Run>(a: T, b: T): T | undefined =>
          a.cause === b.cause ? { ...a, last: b.last } : undefined;
        expect(joinNeighbours(chopped, MINUTE, join)).toEqual(whole);
      }),
    );
  });

  it('last whole minutes, or minutes cut to 6 decimals where bars are shorter', () => {
    expect(minutesOf(2010, MINUTE)).toBe(2010);
    expect(minutesOf(3, 5 * MINUTE)).toBe(15);
    expect(minutesOf(59, 1_000)).toBe(0.983333);
    // A century of seconds: no product loses digits on the way.
    expect(minutesOf(36_525 * 86_400, 1_000)).toBe(36_525 * 1_440);
  });

  it('leave out the bar that a clipped end cuts', () => {
    const span = { start: ms('2024-01-01T00:00:30'), end: ms('2024-01-01T00:03:59') };
    expect(runOf(span, MINUTE)).toEqual({
      first: ms('2024-01-01T00:01:00'),
      last: ms('2024-01-01T00:02:00'),
    });
    expect(runOf({ start: 0, end: MINUTE - 1 }, MINUTE)).toBeUndefined();
  });
});
