import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLag } from '../../tasks/lag.ts';
import { INTERVALS, intervalMs } from '../../tasks/lib/interval.ts';
import { scratch } from './context.ts';

const AS_OF = Date.UTC(2024, 2, 31, 23, 59);

/** Paths newest first; what is undefined is not there. */
function paths(...texts: readonly (string | undefined)[]): readonly string[] {
  const folder = scratch();
  return texts.map((text, at) => {
    const path = join(folder, `${at}.json`);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  });
}

function summary(last: string | null, interval = '1m'): string {
  return JSON.stringify({ interval, last_ts: last });
}

function of(summaries: readonly string[], asOf = AS_OF) {
  return readLag([{ symbol: 'A', summaries }], asOf);
}

describe('the lag of a symbol', () => {
  it.each([
    ['1m', '2024-03-31T23:59:00Z', 0],
    ['1m', '2024-03-31T23:56:00Z', 180],
    ['1s', '2024-03-31T23:59:59Z', 0],
    ['1s', '2024-03-31T23:59:00Z', 59],
    ['1h', '2024-03-31T23:00:00Z', 0],
    ['1h', '2024-03-31T20:00:00Z', 3 * 3_600],
    ['1d', '2024-03-29T00:00:00Z', 2 * 86_400],
  ])('of %s bars up to %s is %d seconds', (interval, last, lagSeconds) => {
    expect(of(paths(summary(last, interval))).lag).toEqual([{ symbol: 'A', newest: last, lagSeconds }]);
  });

  it('is nothing for bars that cannot have ended, and never less', () => {
    const noon = Date.UTC(2024, 2, 31, 12, 29);
    expect(of(paths(summary('2024-03-31T11:00:00Z', '1h')), noon).lag[0]?.lagSeconds).toBe(0);
    expect(of(paths(summary('2024-03-31T23:59:00Z')), noon).lag[0]?.lagSeconds).toBe(0);
  });

  it('is of the newest month that has a bar', () => {
    const found = of(
      paths(undefined, summary(null), summary('2024-01-31T23:59:00Z'), summary('2023-12-31T23:59:00Z')),
    );
    expect(found).toEqual({
      lag: [{ symbol: 'A', newest: '2024-01-31T23:59:00Z', lagSeconds: 60 * 86_400 }],
      unreadable: [],
    });
  });

  it('opens no file beyond the first that tells', () => {
    const [first, second] = paths(summary('2024-03-31T23:59:00Z'), 'not JSON');
    expect(of([first ?? '', second ?? '']).unreadable).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['no summary', '{"last_ts":5}'],
    ['of an unknown interval', summary('2024-03-31T23:59:00Z', '7m')],
    ['with no instant', summary('yesterday')],
  ])('names a file that is %s', (_, text) => {
    const [bad = '', good = ''] = paths(text, summary('2024-03-30T23:59:00Z'));
    expect(of([bad, good])).toEqual({
      lag: [{ symbol: 'A', newest: '2024-03-30T23:59:00Z', lagSeconds: 86_400 }],
      unreadable: [bad],
    });
  });

  it('names a folder in the place of a file', () => {
    const folder = join(scratch(), 'summary.json');
    mkdirSync(folder);
    expect(of([folder])).toEqual({
      lag: [{ symbol: 'A', newest: null, lagSeconds: null }],
      unreadable: [folder],
    });
  });

  it('is none where nothing was built', () => {
    expect(readLag([{ symbol: 'A', summaries: [] }], AS_OF).lag).toEqual([
      { symbol: 'A', newest: null, lagSeconds: null },
    ]);
    expect(readLag([], AS_OF)).toEqual({ lag: [], unreadable: [] });
  });

  it('counts whole bars, whatever the interval and the as-of', () => {
    const [path = ''] = paths(summary(null));
    fc.assert(
      fc.property(
        fc.constantFrom(...INTERVALS),
        fc.integer({ min: 0, max: 50_000_000 }),
        fc.nat(1_000),
        (interval, minutes, back) => {
          const step = intervalMs(interval) ?? Number.NaN;
          const asOf = minutes * 60_000;
          const newestDue = Math.floor((asOf + 60_000) / step) * step - step;
          const newest = newestDue - back * step;
          fc.pre(newest >= 0);
          writeFileSync(path, summary(new Date(newest).toISOString(), interval));
          expect(of([path], asOf).lag[0]?.lagSeconds).toBe((back * step) / 1_000);
        },
      ),
    );
  });
});
