import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MonthFacts } from '../../../tasks/reports/months.ts';
import type { Cause, GapRow } from '../../../tasks/reports/rows.ts';
import { CAUSES } from '../../../tasks/reports/rows.ts';
import { monthSpan, summaryOf, symbol } from './facts.ts';
import { reported } from './reported.ts';

const HOUR = 3_600_000;
const DAY = 86_400_000;
const MONTHS = ['2024-01', '2024-02', '2024-03'] as const;
const SAID = ['empty', 'unknown', 'unanswered', 'nothing'] as const;

interface Given {
  readonly kind: 'present' | 'failed' | 'not-published' | 'delisted' | 'pre-listing';
  /** Of stretches of bars: lengths, whether they are missing, and what REST said of them. */
  readonly stretches: readonly (readonly [length: number, missing: boolean, said: (typeof SAID)[number]])[];
  /** Days with a file of their own; undefined: the month has one. */
  readonly days: readonly number[] | undefined;
}

const given: fc.Arbitrary<Given> = fc.record({
  kind: fc.constantFrom(
    'present',
    'present',
    'present',
    'failed',
    'not-published',
    'delisted',
    'pre-listing',
  ),
  stretches: fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.boolean(), fc.constantFrom(...SAID)), {
    maxLength: 12,
  }),
  days: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 29 }), { maxLength: 29 }), { nil: undefined }),
});

interface Missing {
  readonly first: number;
  readonly last: number;
  readonly said: (typeof SAID)[number];
}

function missingIn(month: string, { stretches }: Given): readonly Missing[] {
  const { start, end } = monthSpan(month);
  const found: Missing[] = [];
  let at = start;
  for (const [length, missing, said] of stretches) {
    const last = Math.min(end - HOUR, at + (length - 1) * HOUR);
    if (last < at) break;
    if (missing) found.push({ first: at, last, said });
    at = last + HOUR;
  }
  return found;
}

const spelt = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
const counted = ({ first, last }: Missing) => ({ first, last, missing: (last - first) / HOUR + 1 });

function factsOf(month: string, each: Given): MonthFacts {
  const span = monthSpan(month);
  if (each.kind === 'failed')
    return { month, span, kind: 'failed', code: 'csv-malformed', roots: ['archive/X/1'] };
  if (each.kind !== 'present') return { month, span, kind: 'absent', reason: `sources/X: ${each.kind}` };
  const missing = missingIn(month, each);
  // A gap of the summary goes on over what REST said different things of.
  const gaps: [first: number, last: number][] = [];
  for (const { first, last } of missing) {
    const previous = gaps.at(-1);
    if (previous !== undefined && previous[1] + HOUR === first) previous[1] = last;
    else gaps.push([first, last]);
  }
  const said = (what: Missing['said']) => missing.filter((one) => one.said === what).map(counted);
  const texts = gaps.map(([first, last]) => [spelt(first), spelt(last)] as const);
  const files = each.days?.map((day) => ({ name: `X-1h-${month}-${String(day).padStart(2, '0')}.zip` }));
  const summary = summaryOf('X', month, texts, {
    step: HOUR,
    empty_at_source: said('empty'),
    unknown_symbol: said('unknown'),
    unanswered: said('unanswered').map((one) => ({ ...one, code: 'rest-banned' })),
    ...(files === undefined ? {} : { files }),
  });
  return { month, span, kind: 'present', summary };
}

/** By the order of precedence, for one bar: nothing of how the reports are made. */
function causeOf(bar: number, month: string, each: Given, until: number): Cause {
  if (bar > until) return 'delisted';
  switch (each.kind) {
    case 'pre-listing':
    case 'delisted':
    case 'not-published':
      return each.kind;
    case 'failed':
      return 'quarantined';
    case 'present': {
      const day = Math.floor((bar - monthSpan(month).start) / DAY) + 1;
      if (each.days !== undefined && !each.days.includes(day)) return 'not-published';
      const said = missingIn(month, each).find(({ first, last }) => first <= bar && bar <= last)?.said;
      return said === 'empty' || said === 'unknown' ? 'confirmed-empty' : 'unknown';
    }
  }
}

function barsOf({ first_missing, last_missing }: GapRow): readonly number[] {
  const [first, last] = [Date.parse(first_missing), Date.parse(last_missing)];
  return Array.from({ length: (last - first) / HOUR + 1 }, (_, index) => first + index * HOUR);
}

it('every missing bar is in one gap, under the first cause that holds, and all figures add up', () => {
  fc.assert(
    fc.property(fc.tuple(given, given, given), (months) => {
      const facts = months.map((each, index) => factsOf(MONTHS[index] ?? '', each));
      // Listed long before: what is told apart here is no matter of the first file.
      const { coverage, gaps } = reported([symbol('2023-01', ...facts)], { step: HOUR });
      const gone = facts.findIndex((month) => month.kind === 'absent' && /delisted/.test(month.reason));
      const before = gone < 1 ? undefined : facts[gone - 1];
      const until = before?.kind === 'present' ? (before.summary.last_ts ?? Infinity) : Infinity;

      const due = new Map<number, Cause>();
      for (const [index, each] of months.entries()) {
        const month = MONTHS[index] ?? '';
        const { start, end } = monthSpan(month);
        const missing = missingIn(month, each);
        for (let bar = start; bar < end; bar += HOUR) {
          const there =
            each.kind === 'present' && !missing.some((one) => one.first <= bar && bar <= one.last);
          if (!there) due.set(bar, causeOf(bar, month, each, until));
        }
      }
      // Which holes are at the edge of a file is looked at in gaps-property.test.ts.
      const told = gaps.flatMap((gap) =>
        barsOf(gap).map((bar) => [bar, gap.cause === 'archive-defect' ? 'unknown' : gap.cause] as const),
      );
      expect(told).toEqual([...due].sort(([a], [b]) => a - b));
      for (const [index, gap] of gaps.entries()) {
        expect(gap.missing).toBe(barsOf(gap).length);
        expect(CAUSES).toContain(gap.cause);
        const next = gaps[index + 1];
        const touches = next && Date.parse(gap.last_missing) + HOUR === Date.parse(next.first_missing);
        if (touches) expect(next.cause).not.toBe(gap.cause);
      }

      const all = coverage.at(-1);
      const sum = (of: 'expected' | 'present' | 'missing' | 'excused'): number =>
        coverage.slice(0, -1).reduce((total, row) => total + row[of], 0);
      for (const figure of ['expected', 'present', 'missing', 'excused'] as const) {
        expect(all?.[figure]).toBe(sum(figure));
      }
      for (const row of coverage) expect(row.present + row.missing).toBe(row.expected);
      expect(all).toMatchObject({
        missing: due.size,
        excused: [...due.values()].filter((cause) => ['pre-listing', 'delisted', 'halt'].includes(cause))
          .length,
        gaps: gaps.length,
        longest_gap_minutes: Math.max(0, ...gaps.map(({ minutes }) => minutes)),
      });
    }),
    { numRuns: 60 },
  );
});
