import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/engine/task.ts';
import type { ChooseOptions, Sources } from '../../../tasks/binance/choose.ts';
import { choose } from '../../../tasks/binance/choose.ts';
import { keyFor } from '../../../tasks/binance/layout.ts';
import type { Entry, Listing } from '../../../tasks/binance/listing-file.ts';
import { monthOfKey, overlaps, spanOf } from '../../../tasks/binance/time-keys.ts';

type Listed = Pick<Listing, 'monthly' | 'daily'>;
const DAY = 86_400_000;
const series = { market: 'spot', symbol: 'BTCUSDT', interval: '1m' } as const;

function listed(...timeKeys: readonly string[]): Listed {
  const entries = (length: number): Record<string, Entry> =>
    Object.fromEntries(timeKeys.filter((key) => key.length === length).map((key) => [key, entry(key)]));
  return { monthly: entries(7), daily: entries(10) };
}

function entry(timeKey: string): Entry {
  return { key: keyFor(series, timeKey), size: 1, etag: timeKey, lastModified: '2024-01-01T00:00:00.000Z' };
}

/** The as-of is the last minute of the day before `until`. */
function range(from: string, until: string, preferDaily: readonly string[] = []): ChooseOptions {
  return { start: spanAt(from).start, asOf: spanAt(until).start - 60_000, preferDaily };
}

function spanAt(key: string): Span {
  const span = spanOf(key);
  if (span === undefined) throw new Error(`bad key in the test: ${key}`);
  return span;
}

const names = (sources: Sources) => ({
  files: Object.keys(sources.files),
  others: Object.keys(sources.others),
});

describe('a month', () => {
  it('is served by its monthly file once that is listed, whatever days are listed beside it', () => {
    const sources = choose(listed('2024-01', '2024-01-01', '2024-01-02'), range('2024-01', '2024-02'));
    expect(names(sources)).toEqual({ files: ['2024-01'], others: ['2024-01-01', '2024-01-02'] });
    expect(sources.months).toEqual({ '2024-01': { served: 'monthly', provisional: false } });
  });

  it('is served by its days, provisionally, until then', () => {
    const sources = choose(listed('2024-01', '2024-02-01', '2024-02-03'), range('2024-01', '2024-02-04'));
    expect(names(sources)).toEqual({ files: ['2024-01', '2024-02-01', '2024-02-03'], others: [] });
    expect(sources.months['2024-02']).toEqual({ served: 'daily', provisional: true });
  });

  it('of prefer_daily is served by its days, and not provisionally', () => {
    const sources = choose(
      listed('2020-12', '2020-12-01', '2020-12-02'),
      range('2020-12', '2021-01', ['2020-12']),
    );
    expect(names(sources)).toEqual({ files: ['2020-12-01', '2020-12-02'], others: ['2020-12'] });
    expect(sources.months['2020-12']).toEqual({ served: 'daily', provisional: false });
  });

  it('of prefer_daily without days is served by its monthly file', () => {
    const sources = choose(listed('2020-12'), range('2020-12', '2021-01', ['2020-12']));
    expect(names(sources)).toEqual({ files: ['2020-12'], others: [] });
    expect(sources.months['2020-12']).toEqual({ served: 'monthly', provisional: false });
  });

  it('without files is either before the first one or not published', () => {
    const { months, first } = choose(listed('2024-02', '2024-04'), range('2024-01', '2024-06'));
    expect(months).toEqual({
      '2024-01': { served: 'none', provisional: true, reason: 'pre-listing' },
      '2024-02': { served: 'monthly', provisional: false },
      '2024-03': { served: 'none', provisional: true, reason: 'not-published' },
      '2024-04': { served: 'monthly', provisional: false },
      '2024-05': { served: 'none', provisional: true, reason: 'not-published' },
    });
    expect(first).toBe('2024-02');
  });

  it('without files after the last one is delisted once that is more than 45 days old', () => {
    const reasons = (until: string, ...more: readonly string[]) => {
      const { months } = choose(listed('2024-01', '2024-02-10', ...more), range('2024-01', until));
      return Object.fromEntries(
        Object.entries(months).flatMap(([key, { reason }]) => (reason ? [[key, reason]] : [])),
      );
    };
    // The file ends when 11 February begins: 45 days later it is 27 March.
    expect(reasons('2024-03-27')).toEqual({ '2024-03': 'not-published' });
    expect(reasons('2024-03-28')).toEqual({ '2024-03': 'delisted' });
    expect(reasons('2024-06')).toEqual({
      '2024-03': 'delisted',
      '2024-04': 'delisted',
      '2024-05': 'delisted',
    });
    // A name that is used again: what lies between two files is a hole.
    expect(reasons('2024-06', '2024-05-20')).toEqual({
      '2024-03': 'not-published',
      '2024-04': 'not-published',
    });
    expect(reasons('2024-09', '2024-05-20')).toEqual({
      '2024-03': 'not-published',
      '2024-04': 'not-published',
      '2024-06': 'delisted',
      '2024-07': 'delisted',
      '2024-08': 'delisted',
    });
  });

  it('in which the last day is listed is not delisted, whenever the range begins', () => {
    const { months } = choose(listed('2024-01', '2024-02-10'), range('2024-02-15', '2024-06'));
    expect(months['2024-02']).toEqual({ served: 'none', provisional: true, reason: 'not-published' });
    expect(months['2024-03']).toEqual({ served: 'none', provisional: true, reason: 'delisted' });
  });

  it('is not delisted as of a day before files that are listed by now', () => {
    const { months } = choose(listed('2024-01', '2024-06'), range('2024-01', '2024-05'));
    expect(months['2024-04']).toEqual({ served: 'none', provisional: true, reason: 'not-published' });
  });

  it('in which the first day is listed is not before the listing', () => {
    const { months, first } = choose(listed('2024-02-10'), range('2024-01', '2024-02-05'));
    expect(first).toBe('2024-02-10');
    expect(months['2024-01']).toMatchObject({ reason: 'pre-listing' });
    expect(months['2024-02']).toEqual({ served: 'none', provisional: true, reason: 'not-published' });
  });
});

describe('the files', () => {
  it('serve their whole span when start or as-of falls inside it', () => {
    const options = { start: Date.UTC(2024, 0, 31, 12), asOf: Date.UTC(2024, 1, 2, 0, 0), preferDaily: [] };
    const sources = choose(listed('2024-01', '2024-02-01', '2024-02-02', '2024-02-03'), options);
    expect(names(sources)).toEqual({
      files: ['2024-01', '2024-02-01', '2024-02-02'],
      others: ['2024-02-03'],
    });
  });

  it('outside the range serve nothing', () => {
    const sources = choose(
      listed('2023-12', '2024-01', '2024-02', '2024-03-01'),
      range('2024-01', '2024-02'),
    );
    expect(names(sources)).toEqual({ files: ['2024-01'], others: ['2023-12', '2024-02', '2024-03-01'] });
    expect(Object.keys(sources.months)).toEqual(['2024-01']);
    expect(sources.first).toBe('2023-12');
  });

  it('that a minute after the as-of begins are outside', () => {
    const asOf = Date.UTC(2024, 0, 31, 23, 59);
    const at = (ms: number) =>
      Object.keys(
        choose(listed('2024-01', '2024-02'), { start: Date.UTC(2024, 0, 1), asOf: ms, preferDaily: [] })
          .files,
      );
    expect(at(asOf)).toEqual(['2024-01']);
    expect(at(asOf + 60_000)).toEqual(['2024-01', '2024-02']);
  });

  it('may be none: nothing listed, or an as-of before the start', () => {
    expect(choose(listed(), range('2024-01', '2024-02'))).toEqual({
      version: 1,
      files: {},
      others: {},
      months: { '2024-01': { served: 'none', provisional: true, reason: 'not-published' } },
      first: null,
    });
    const before = choose(listed('2024-01'), range('2024-02', '2024-01-15'));
    expect([names(before), before.months]).toEqual([{ files: [], others: ['2024-01'] }, {}]);
  });

  it('start with the first day where days of the first month are listed beside it', () => {
    const first = (...keys: readonly string[]) => choose(listed(...keys), range('2024-01', '2024-02')).first;
    expect(first('2024-01-01', '2024-01')).toBe('2024-01-01');
    expect(first('2024-02', '2024-02-01', '2024-01', '2024-01-12', '2024-01-11')).toBe('2024-01-11');
    expect(first('2024-02-01', '2024-01')).toBe('2024-01');
    expect(choose(listed('2023-12-31', '2024-01'), range('2024-01', '2024-02')).first).toBe('2023-12-31');
  });
});

const EPOCH = Date.UTC(2023, 10, 1);
const day = fc.nat(150).map((n) => new Date(EPOCH + n * DAY).toISOString().slice(0, 10));
const month = fc.constantFrom('2023-11', '2023-12', '2024-01', '2024-02', '2024-03');
const anyListing = fc
  .tuple(fc.uniqueArray(month), fc.uniqueArray(day, { maxLength: 60 }))
  .map(([months, days]) => listed(...months, ...days));
const anyOptions = fc.record({
  start: fc.nat(200_000).map((minutes) => EPOCH + minutes * 60_000),
  asOf: fc.nat(220_000).map((minutes) => EPOCH + minutes * 60_000),
  preferDaily: fc.uniqueArray(month, { maxLength: 2 }),
});

describe('whatever is listed', () => {
  it('every minute is served by at most one file, and every file serves some minute of the range', () => {
    fc.assert(
      fc.property(anyListing, anyOptions, (listing, options) => {
        const spans = Object.keys(choose(listing, options).files)
          .map(spanAt)
          .sort((a, b) => a.start - b.start);
        spans.forEach((span, index) => {
          expect(span.start).toBeGreaterThanOrEqual(spans[index - 1]?.end ?? 0);
          expect(overlaps(span, { start: options.start, end: options.asOf + 60_000 })).toBe(true);
        });
      }),
    );
  });

  it('every listed file either serves or is named among the others', () => {
    fc.assert(
      fc.property(anyListing, anyOptions, (listing, options) => {
        const { files, others } = choose(listing, options);
        expect(Object.keys(files).filter((key) => key in others)).toEqual([]);
        expect({ ...files, ...others }).toEqual({ ...listing.monthly, ...listing.daily });
      }),
    );
  });

  it('every month of the range has a plan that agrees with the files', () => {
    fc.assert(
      fc.property(anyListing, anyOptions, (listing, options) => {
        const { files, months } = choose(listing, options);
        for (const [name, plan] of Object.entries(months)) {
          const serving = Object.keys(files).filter((key) => monthOfKey(key) === name);
          const expected = serving.length === 0 ? 'none' : serving[0] === name ? 'monthly' : 'daily';
          expect(plan.served).toBe(expected);
        }
        expect(Object.keys(files).every((key) => monthOfKey(key) in months)).toBe(true);
      }),
    );
  });

  it('another monthly file changes its own month only', () => {
    fc.assert(
      fc.property(anyListing, anyOptions, month, (listing, options, added) => {
        const before = choose(listing, options);
        const after = choose({ ...listing, monthly: { ...listing.monthly, [added]: entry(added) } }, options);
        const elsewhere = ({ files, months }: Sources) => [
          Object.entries(files).filter(([key]) => monthOfKey(key) !== added),
          // What is before the first listed file may move with it; what serves may not.
          Object.entries(months).flatMap(([name, { served, provisional }]) =>
            name === added ? [] : [[name, served, provisional]],
          ),
        ];
        expect(elsewhere(after)).toEqual(elsewhere(before));
      }),
    );
  });

  it('a month without files is told by where it lies: before all files, long after them, or neither', () => {
    fc.assert(
      fc.property(anyListing, anyOptions, (listing, options) => {
        const spans = Object.keys({ ...listing.monthly, ...listing.daily }).map(spanAt);
        const [first, last] = [
          Math.min(...spans.map(({ start }) => start)),
          Math.max(...spans.map(({ end }) => end)),
        ];
        const old = last + 45 * DAY < options.asOf + 60_000;
        for (const [name, { served, reason }] of Object.entries(choose(listing, options).months)) {
          const { start, end } = spanAt(name);
          const due = end <= first ? 'pre-listing' : old && start >= last ? 'delisted' : 'not-published';
          expect(reason).toBe(served !== 'none' ? undefined : spans.length === 0 ? 'not-published' : due);
        }
      }),
    );
  });

  it('a later as-of changes nothing in months that were closed, but that a symbol turns out to be delisted', () => {
    fc.assert(
      fc.property(anyListing, anyOptions, fc.nat(100_000), (listing, options, minutes) => {
        const before = choose(listing, options).months;
        const after = choose(listing, { ...options, asOf: options.asOf + minutes * 60_000 }).months;
        for (const [name, plan] of Object.entries(before)) {
          if (spanAt(name).end > options.asOf + 60_000) continue;
          const gone = plan.reason === 'not-published' && after[name]?.reason === 'delisted';
          expect(after[name]).toEqual(gone ? { ...plan, reason: 'delisted' } : plan);
        }
      }),
    );
  });

  it('the order of the listing plays no part', () => {
    const reversed = (entries: Readonly<Record<string, Entry>>) =>
      Object.fromEntries(Object.entries(entries).reverse());
    fc.assert(
      fc.property(anyListing, anyOptions, (listing, options) => {
        const other = { monthly: reversed(listing.monthly), daily: reversed(listing.daily) };
        expect(choose(other, options)).toEqual(choose(listing, options));
      }),
    );
  });
});
