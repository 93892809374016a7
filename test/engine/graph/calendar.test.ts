import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calendarKeys,
  everyOf,
  nested,
  timeKey,
  timeKeyAt,
  timeKeyBeside,
} from '../../../src/engine/graph/calendar.ts';
import { formatInstant } from '../../../src/engine/manifest/instant.ts';
import type { Every } from '../../../src/engine/manifest/model.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const EVERY: readonly Every[] = ['year', 'month', 'week', 'day', 'hour'];
/** Longest stretch that a property looks at, so that a case stays small. */
const STRETCH: Readonly<Record<Every, number>> = {
  year: 200 * 366 * DAY,
  month: 20 * 366 * DAY,
  week: 10 * 366 * DAY,
  day: 3 * 366 * DAY,
  hour: 40 * DAY,
};

const every = fc.constantFrom(...EVERY);
const instant = fc.integer({
  min: Date.parse('0002-01-01T00:00:00Z'),
  max: Date.parse('9700-01-01T00:00:00Z'),
});
const stretch = fc
  .tuple(every, instant, fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([each, from, part]) => ({ every: each, from, to: from + 1 + Math.floor(part * STRETCH[each]) }));

describe('partitions of a calendar', () => {
  it('tile the time between their edges, without hole or overlap, whatever the step', () => {
    fc.assert(
      fc.property(stretch, ({ every, from, to }) => {
        const keys = calendarKeys(every, from, to);
        expect(keys[0]?.start).toBeLessThanOrEqual(from);
        expect(keys[0]?.end).toBeGreaterThan(from);
        expect(keys.at(-1)?.start).toBeLessThan(to);
        expect(keys.at(-1)?.end).toBeGreaterThanOrEqual(to);
        for (const [at, key] of keys.entries()) {
          expect(key.end).toBeGreaterThan(key.start);
          if (at > 0) expect(key.start).toBe(keys[at - 1]?.end);
        }
        expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length);
      }),
    );
  });

  it('are read back from their keys, and sort by time as texts do', () => {
    fc.assert(
      fc.property(stretch, ({ every, from, to }) => {
        const keys = calendarKeys(every, from, to);
        for (const key of keys) {
          expect(timeKey(key.key)).toEqual(key);
          expect(everyOf(key.key)).toBe(every);
        }
        expect(keys.map(({ key }) => key)).toEqual(keys.map(({ key }) => key).sort());
      }),
      { numRuns: 60 },
    );
  });

  it('are as long as the calendar says, before 1970 and after 2038 too', () => {
    const lengths = (each: Every, from: string, to: string): readonly string[] =>
      calendarKeys(each, Date.parse(from), Date.parse(to)).map(
        ({ key, start, end }) => `${key} ${(end - start) / HOUR}h`,
      );
    expect(lengths('year', '1899-12-31T23:59:00Z', '1901-01-01T00:00:01Z')).toEqual([
      '1899 8760h',
      '1900 8760h',
      '1901 8760h',
    ]);
    expect(lengths('month', '1968-02-10T00:00:00Z', '1968-04-01T00:00:00Z')).toEqual([
      '1968-02 696h',
      '1968-03 744h',
    ]);
    expect(lengths('month', '2100-02-01T00:00:00Z', '2100-03-01T00:00:00Z')).toEqual(['2100-02 672h']);
    expect(lengths('week', '1969-12-28T23:00:00Z', '1970-01-05T00:00:00Z')).toEqual([
      '1969-W52 168h',
      '1970-W01 168h',
    ]);
    expect(lengths('day', '2040-02-28T12:00:00Z', '2040-03-01T00:00:00Z')).toEqual([
      '2040-02-28 24h',
      '2040-02-29 24h',
    ]);
    expect(lengths('hour', '1969-12-31T22:59:59Z', '1970-01-01T00:00:01Z')).toEqual([
      '1969-12-31T22 1h',
      '1969-12-31T23 1h',
      '1970-01-01T00 1h',
    ]);
  });

  it('are none when the edges leave no time', () => {
    for (const each of EVERY) {
      expect(calendarKeys(each, DAY, DAY)).toEqual([]);
      expect(calendarKeys(each, 2 * DAY, DAY)).toEqual([]);
      expect(calendarKeys(each, Number.NaN, DAY)).toEqual([]);
    }
  });

  it('of the first centuries are not those of the twentieth', () => {
    expect(timeKey('0050')).toEqual({
      key: '0050',
      start: Date.parse('0050-01-01T00:00:00Z'),
      end: Date.parse('0051-01-01T00:00:00Z'),
    });
    expect(timeKey('0099-12')?.end).toBe(Date.parse('0100-01-01T00:00:00Z'));
    expect(timeKeyAt('week', Date.parse('0070-06-01T00:00:00Z')).key).toMatch(/^0070-W\d\d$/);
  });
});

/** ISO 8601 by walking: week 1 holds 4 January, weeks begin on Monday. Weekdays from one known Monday. */
function weekLabels(firstYear: number, lastYear: number): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const aMonday = Date.parse('2001-01-01T00:00:00Z');
  const weekday = (day: number): number => ((((day - aMonday) / DAY) % 7) + 7) % 7;
  const firstOf = (year: number): number => {
    let day = Date.parse(`${year}-01-04T00:00:00Z`);
    while (weekday(day) !== 0) day -= DAY;
    return day;
  };
  for (let year = firstYear; year <= lastYear; year++) {
    let [week, day] = [1, firstOf(year)];
    const next = firstOf(year + 1);
    while (day < next) {
      for (let i = 0; i < 7; i++, day += DAY)
        labels.set(new Date(day).toISOString().slice(0, 10), `${year}-W${`${week}`.padStart(2, '0')}`);
      week++;
    }
  }
  return labels;
}

describe('ISO weeks', () => {
  it('agree with a reckoning that walks day by day through 150 years', () => {
    const labels = weekLabels(1950, 2100);
    expect(labels.size).toBeGreaterThan(150 * 365);
    for (const [day, label] of labels) {
      const at = Date.parse(`${day}T17:30:00Z`);
      const found = timeKeyAt('week', at);
      if (found.key !== label) throw new Error(`${day} lies in ${label}, not in ${found.key}`);
      if (!(found.start <= at && at < found.end)) throw new Error(`${label} does not hold ${day}`);
    }
    const known = new Set(labels.values());
    for (let year = 1950; year <= 2100; year++) {
      for (let week = 0; week <= 60; week++) {
        const key = `${year}-W${`${week}`.padStart(2, '0')}`;
        expect(timeKey(key) !== undefined, key).toBe(known.has(key));
      }
    }
  });

  it('begin and end where the standard says', () => {
    const span = (key: string): string => {
      const found = timeKey(key);
      return found === undefined ? 'none' : `${formatInstant(found.start)} ${formatInstant(found.end)}`;
    };
    expect(span('2020-W53')).toBe('2020-12-28T00:00:00Z 2021-01-04T00:00:00Z');
    expect(span('2025-W01')).toBe('2024-12-30T00:00:00Z 2025-01-06T00:00:00Z');
    expect(span('2024-W53')).toBe('none');
  });
});

describe('a text that is no time partition', () => {
  it.each([
    '',
    '202',
    '02024',
    '20245',
    '2024-',
    '2024-0',
    '2024-00',
    '2024-13',
    '2024-1',
    '2024-02-30',
    '2023-02-29',
    '2024-04-31',
    '2024-01-00',
    '2024-01-32',
    '2024-1-5',
    '2024-W00',
    '2024-W54',
    '2024-W60',
    '2024-W5',
    '2024-w05',
    '2024-01-05T24',
    '2024-01-05T7',
    '2024-02-30T00',
    '2024-01-05T07:00',
    '2024-01-05 07',
    ' 2024',
    '2024\n',
    '-2024',
    '+2024',
    '٢٠٢٤',
    'BTCUSDT',
    '2024-01-05T07Z',
    '2024/01',
  ])('is %j', (text) => {
    expect(timeKey(text)).toBeUndefined();
    expect(everyOf(text)).toBeUndefined();
  });

  it('never becomes one by accident: what is read is spelt as it was', () => {
    const near = fc.stringMatching(/^\d{3,5}(-[W\d]\d{1,2}(-\d{1,2}(T\d{1,2})?)?)?$/);
    fc.assert(
      fc.property(near, (text) => {
        const found = timeKey(text);
        const each = everyOf(text);
        expect(found === undefined).toBe(each === undefined);
        if (found !== undefined && each !== undefined) expect(timeKeyAt(each, found.start)).toEqual(found);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the partition beside another', () => {
  it('is so many places further in the calendar', () => {
    fc.assert(
      fc.property(stretch, fc.nat(), fc.nat(), ({ every, from, to }, a, b) => {
        const keys = calendarKeys(every, from, to);
        const [i, j] = [a % keys.length, b % keys.length];
        expect(timeKeyBeside(every, keys[i]?.start ?? Number.NaN, j - i)).toEqual(keys[j]);
      }),
    );
  });

  it('is none where no key can name it', () => {
    for (const each of EVERY) {
      expect(timeKeyBeside(each, 0, -100_000_000)).toBeUndefined();
      expect(timeKeyBeside(each, 0, Number.MAX_SAFE_INTEGER)).toBeUndefined();
    }
  });
});

describe('nesting', () => {
  it('holds in either direction and not for stretches that merely touch or overlap', () => {
    const [a, b] = [timeKey('2024-01'), timeKey('2024-01-31')];
    const [week, next] = [timeKey('2024-W05'), timeKey('2024-02')];
    if (!a || !b || !week || !next) throw new Error('these are keys');
    expect(nested(a, b)).toBe(true);
    expect(nested(b, a)).toBe(true);
    expect(nested(a, a)).toBe(true);
    expect(nested(a, next)).toBe(false);
    expect(nested(week, a)).toBe(false);
    expect(nested(week, next)).toBe(false);
  });
});

describe('an instant', () => {
  it('has one spelling, with the fraction cut off', () => {
    expect(formatInstant(Date.parse('2025-08-22T23:59:00Z'))).toBe('2025-08-22T23:59:00Z');
    expect(formatInstant(Date.parse('2025-08-22T23:59:00.999Z'))).toBe('2025-08-22T23:59:00Z');
    expect(formatInstant(Date.parse('1969-12-31T23:59:59Z'))).toBe('1969-12-31T23:59:59Z');
  });
});
