/**
 * A small exchange with faults of every kind, known bar by bar, against what the reports say of it. Bars are of an
 * hour: half a year of several symbols is soon looked through.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gapsIn, isoSeconds } from '../../../tasks/bars/grid.ts';
import type { Sources } from '../../../tasks/binance/choose.ts';
import { choose } from '../../../tasks/binance/choose.ts';
import { daysOf, monthOfKey, spanOf } from '../../../tasks/binance/time-keys.ts';
import type { Range } from '../../../tasks/lib/ranges.ts';
import { common, countIn, joined } from '../../../tasks/lib/ranges.ts';
import { haltedBars } from '../../../tasks/quality/halts.ts';
import { isExcused } from '../../../tasks/reports/gaps.ts';
import type { MonthFacts, SymbolFacts } from '../../../tasks/reports/months.ts';
import { reckon } from '../../../tasks/reports/reckon.ts';
import type { Cause } from '../../../tasks/reports/rows.ts';
import { CAUSES } from '../../../tasks/reports/rows.ts';
import type { Summary } from '../../../tasks/reports/summary.ts';
import { parseSummary } from '../../../tasks/reports/summary.ts';
import { monthSpan, summaryJson, summaryOf } from './facts.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONTHS = ['2024-01', '2024-02', '2024-03', '2024-04', '2024-05', '2024-06'] as const;
const START = Date.UTC(2024, 0, 1);
/** Long before the end, so that what is delisted by then is known to be gone. */
const MARCH = Date.UTC(2024, 2, 1);
const ENTRY = { key: '', size: 1, etag: '', lastModified: '' };

type ValueOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

const hours = (most: number) => fc.integer({ min: 0, max: most });
const place = {
  month: fc.integer({ min: 0, max: 5 }),
  at: hours(743),
  length: fc.integer({ min: 1, max: 60 }),
};

/** What is wrong with the files of a symbol. */
const fault = fc.oneof(
  fc.record({ kind: fc.constant('hole' as const), ...place }),
  fc.record({ kind: fc.constantFrom('cut-head' as const, 'cut-tail' as const), ...place }),
  fc.record({
    kind: fc.constantFrom('no-day' as const, 'refused' as const, 'unpublished' as const),
    ...place,
  }),
);
type Fault = ValueOf<typeof fault>;

const symbolArb = fc.record({
  /** Hours after the start of the history, in its first month; null: long before. */
  listed: fc.option(fc.integer({ min: 1, max: 600 })),
  /** Hours after the start of March, in the two months after it; null: it is traded still. */
  delisted: fc.option(hours(61 * 24 - 1)),
  cadences: fc.tuple(...MONTHS.map(() => fc.constantFrom('monthly' as const, 'daily' as const))),
  faults: fc.array(fault, { maxLength: 8 }),
  fill: fc.constantFrom('rest' as const, 'rest' as const, 'none' as const),
  /** Of days in turn: what REST is like. */
  rest: fc.array(fc.constantFrom('has' as const, 'empty' as const, 'unknown' as const, 'banned' as const), {
    minLength: 1,
    maxLength: 7,
  }),
});
type Symbol = ValueOf<typeof symbolArb>;

const haltArb = (from: number, most: number) =>
  fc.array(fc.tuple(hours(most), fc.integer({ min: 1, max: 40 })), { maxLength: 4 }).map((halts) =>
    joined(
      halts.map(([at, length]) => ({ first: from + at * HOUR, last: from + (at + length - 1) * HOUR })),
      HOUR,
    ),
  );

const worldArb = fc.record({
  watermark: fc.constantFrom(Date.UTC(2024, 6, 1), Date.UTC(2024, 5, 17, 11)),
  /** Neither hits a first or a last bar of a symbol: these tell when it was listed. */
  known: haltArb(Date.UTC(2024, 1, 1), 600),
  unknown: haltArb(Date.UTC(2024, 4, 1), 700),
  symbols: fc.array(symbolArb, { minLength: 1, maxLength: 3 }),
});
type World = ValueOf<typeof worldArb>;

const within = (ranges: readonly Range[], bar: number): boolean =>
  ranges.some(({ first, last }) => first <= bar && bar <= last);

/** Each bar is asked about many times. */
function memo<T>(of: (bar: number) => T): (bar: number) => T {
  const known = new Map<number, T>();
  return (bar) => {
    if (!known.has(bar)) known.set(bar, of(bar));
    return known.get(bar) as T;
  };
}

const monthAt = memo((bar) => new Date(bar).toISOString().slice(0, 7));
const dayAt = memo((bar) => new Date(bar).toISOString().slice(0, 10));

/** What there is of one symbol, bar by bar. */
function truthOf(world: World, symbol: Symbol) {
  const first = symbol.listed === null ? Number.NEGATIVE_INFINITY : START + symbol.listed * HOUR;
  const last = symbol.delisted === null ? Number.POSITIVE_INFINITY : MARCH + symbol.delisted * HOUR;
  const trades = (bar: number): boolean =>
    bar >= first && bar <= last && !within(world.known, bar) && !within(world.unknown, bar);
  const lives = ({ start, end }: { start: number; end: number }): boolean => end > first && start <= last;
  /** Neither the first nor the last bar lies in it: it can be gone, and nobody takes the listing for another. */
  const inner = (key: string): boolean => {
    const span = spanOf(key) ?? { start: 0, end: 0 };
    return (
      lives(span) && !(span.start <= first && first < span.end) && !(span.start <= last && last < span.end)
    );
  };
  const hit = (kind: Fault['kind'], month: string): readonly Fault[] =>
    symbol.faults.filter((one) => one.kind === kind && MONTHS[one.month] === month);
  // Without both of them no file would have come for more than 45 days: who trades still would look delisted.
  const soleOfLate = (month: string): boolean =>
    month === '2024-05' && hit('unpublished', '2024-06').length > 0;
  const dayOf = ({ month, at }: Fault): string => daysOf(MONTHS[month] ?? '')[at % 28] ?? '';

  const refused = new Set<string>(MONTHS.filter((month) => inner(month) && hit('refused', month).length > 0));
  const keys = MONTHS.flatMap((month, index) => {
    if (inner(month) && hit('unpublished', month).length > 0 && !soleOfLate(month)) return [];
    if (symbol.cadences[index] === 'monthly') return lives(monthSpan(month)) ? [month] : [];
    const gone = new Set(hit('no-day', month).map(dayOf).filter(inner));
    return daysOf(month).filter((day) => lives(spanOf(day) ?? { start: 0, end: 0 }) && !gone.has(day));
  });
  if (symbol.listed === null) keys.unshift('2023-12');

  const published = new Set(keys);
  const fileAt = (bar: number): string | undefined =>
    [monthAt(bar), dayAt(bar)].find((key) => published.has(key));
  const lost = symbol.faults.flatMap((one): readonly Range[] => {
    const month = MONTHS[one.month] ?? '';
    if (one.kind === 'hole') {
      const from = monthSpan(month).start + one.at * HOUR;
      return [{ first: from, last: from + (one.length - 1) * HOUR }];
    }
    if (one.kind !== 'cut-head' && one.kind !== 'cut-tail') return [];
    const span = spanOf(keys.includes(month) ? month : dayOf(one)) ?? { start: 0, end: 0 };
    const length = Math.min(one.length * HOUR, span.end - span.start);
    return [
      one.kind === 'cut-head'
        ? { first: span.start, last: span.start + length - HOUR }
        : { first: span.end - length, last: span.end - HOUR },
    ];
  });
  const inFile = memo(
    (bar: number): boolean =>
      fileAt(bar) !== undefined && trades(bar) && (bar === first || bar === last || !within(lost, bar)),
  );
  const said = memo((bar: number): 'row' | 'empty' | 'unknown' | 'banned' | undefined => {
    const state = symbol.rest[Math.floor(bar / DAY) % symbol.rest.length];
    if (symbol.fill === 'none' || inFile(bar)) return undefined;
    return state === 'has' ? (trades(bar) ? 'row' : 'empty') : state;
  });
  const there = (bar: number): boolean => inFile(bar) || said(bar) === 'row';
  return { first, last, keys, refused, fileAt, inFile, said, there };
}
type Truth = ReturnType<typeof truthOf>;

function barsIn({ start, end }: { start: number; end: number }): readonly number[] {
  return Array.from({ length: (end - start) / HOUR }, (_, index) => start + index * HOUR);
}

/** What the task is given. */
function factsOf(name: string, truth: Truth, watermark: number): SymbolFacts {
  const of = (length: number) =>
    Object.fromEntries(truth.keys.filter((key) => key.length === length).map((key) => [key, ENTRY]));
  const sources = choose(
    { monthly: of(7), daily: of(10) },
    { asOf: watermark - 60_000, start: START, preferDaily: [] },
  );
  return {
    symbol: name,
    firstFile: sources.first,
    months: MONTHS.map((month) => monthFacts(name, month, truth, sources, watermark)),
  };
}

function monthFacts(
  name: string,
  month: string,
  truth: Truth,
  { months, files }: Sources,
  watermark: number,
): MonthFacts {
  const whole = monthSpan(month);
  const span = { start: whole.start, end: Math.min(whole.end, watermark) };
  if (truth.refused.has(month)) {
    const roots = [`archive/${name}/${month}`];
    return { month, span, kind: 'failed', code: 'archive-checksum', roots };
  }
  const plan = months[month];
  const asked = plan?.reason !== 'pre-listing' && plan?.reason !== 'delisted';
  const all = barsIn(span);
  const rows = all.filter((bar) => truth.inFile(bar) || (asked && truth.said(bar) === 'row'));
  const serving = Object.keys(files).filter((key) => monthOfKey(key) === month);
  if (rows.length === 0) return { month, span, kind: 'absent', reason: plan?.reason ?? `no bar of ${month}` };

  const gaps = gapsIn(Float64Array.from(rows), span, HOUR);
  const answer = (what: ReturnType<Truth['said']>) =>
    common(
      joined(
        all.flatMap((bar) => (asked && truth.said(bar) === what ? [{ first: bar, last: bar }] : [])),
        HOUR,
      ),
      gaps,
    ).map((range) => ({ ...range, missing: countIn(range, HOUR) }));
  const summary = summaryOf(
    name,
    month,
    gaps.map(({ first, last }) => [isoSeconds(first).slice(0, 19), isoSeconds(last).slice(0, 19)]),
    {
      span,
      step: HOUR,
      empty_at_source: answer('empty'),
      unknown_symbol: answer('unknown'),
      unanswered: answer('banned').map((range) => ({ ...range, code: 'rest-banned' })),
      files: serving.map((key) => ({
        name: `${name}-1h-${key}.zip`,
        sha256: '0'.repeat(64),
        kind: key.length === 7 ? 'monthly' : 'daily',
        rows: 1,
        expected: 1,
      })),
    },
  );
  return { month, span, kind: 'present', summary: readBack(summary, span) };
}

/** As the task reads it: figures that contradict each other are refused. */
function readBack(summary: Summary, span: { start: number; end: number }): Summary {
  const { symbol, month } = summary;
  const parsed = parseSummary(summaryJson(summary), { symbol, month, span, step: HOUR });
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.summary;
}

/** Of each bar that is missing, by the order of precedence; nothing here knows of gaps. */
function causesOf(world: World, truth: Truth): ReadonlyMap<number, Cause> {
  const all = barsIn({ start: START, end: world.watermark });
  const withRows = new Set(all.filter(truth.there).map(monthAt));
  const missing = (bar: number): boolean =>
    bar < world.watermark && (truth.refused.has(monthAt(bar)) || !truth.there(bar));
  const excused = (bar: number): boolean => bar < truth.first || bar > truth.last || within(world.known, bar);
  const confirmed = (bar: number): boolean => ['empty', 'unknown'].includes(truth.said(bar) ?? '');
  /** From the bar on to an end of its file all is missing, and the last of it for no other reason. */
  const cut = (bar: number, key: string): boolean => {
    const { start, end } = spanOf(key) ?? { start: 0, end: 0 };
    return [
      { edge: start, way: -HOUR },
      { edge: end - HOUR, way: HOUR },
    ].some(({ edge, way }) => {
      if (!missing(edge) || excused(edge) || confirmed(edge)) return false;
      for (let at = bar; at !== edge; at += way) if (!missing(at)) return false;
      return true;
    });
  };
  const causeOf = (bar: number): Cause => {
    const month = monthAt(bar);
    const key = truth.fileAt(bar);
    if (bar < truth.first) return 'pre-listing';
    if (bar > truth.last) return 'delisted';
    if (within(world.known, bar)) return 'halt';
    if (truth.refused.has(month)) return 'quarantined';
    if (key === undefined) return 'not-published';
    if (!withRows.has(month)) return 'unknown';
    if (confirmed(bar)) return 'confirmed-empty';
    return cut(bar, key) ? 'archive-defect' : 'unknown';
  };
  return new Map(all.filter(missing).map((bar) => [bar, causeOf(bar)]));
}

function worldFacts({ watermark, symbols }: World, truths: readonly Truth[]): readonly SymbolFacts[] {
  return symbols.map((_, index) => factsOf(`S${index}`, truths[index] as Truth, watermark));
}

it('every fault is found, with all its bars and its cause, and nothing else is', () => {
  fc.assert(
    fc.property(worldArb, (world) => {
      const truths = world.symbols.map((symbol) => truthOf(world, symbol));
      const list = world.known.map(({ first, last }) => ({
        first,
        last: last + HOUR - 60_000,
        approximate: false,
      }));
      const { symbols } = reckon(worldFacts(world, truths), {
        step: HOUR,
        watermark: world.watermark,
        halted: haltedBars({ version: 1, list }, HOUR),
      });
      for (const [index, { all }] of symbols.entries()) {
        const due = causesOf(world, truths[index] as Truth);
        const found = all.gaps.flatMap(({ first, last, cause }) =>
          barsIn({ start: first, end: last + HOUR }).map((bar) => `${bar / HOUR} ${cause}`),
        );
        // As text: lists of thousands take long to compare.
        expect(found.join('\n')).toBe([...due].map(([bar, cause]) => `${bar / HOUR} ${cause}`).join('\n'));
        expect(all).toMatchObject({
          expected: (world.watermark - START) / HOUR,
          missing: due.size,
          excused: [...due.values()].filter((cause) => isExcused({ cause })).length,
        });
        for (const [at, gap] of all.gaps.entries()) {
          const next = all.gaps[at + 1];
          expect(next?.first === gap.last + HOUR && next.cause === gap.cause).toBe(false);
          expect(gap.evidence.length).toBeGreaterThan(0);
          if (gap.cause === 'archive-defect')
            expect(gap.evidence.join()).toMatch(/^S\d-1h-2024-[-\d]+\.zip /);
        }
      }
    }),
    { numRuns: 25 },
  );
});

it('worlds have gaps of every cause', () => {
  const seen = new Set(
    fc
      .sample(worldArb, { seed: 5, numRuns: 12 })
      .flatMap((world) =>
        world.symbols.flatMap((symbol) => [...causesOf(world, truthOf(world, symbol)).values()]),
      ),
  );
  expect(CAUSES.filter((cause) => !seen.has(cause))).toEqual([]);
});
