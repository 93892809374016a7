/**
 * A dataset made up for tests of the page: symbols with listing dates, halts that hit all of them, holes of every
 * cause, a failed and an absent month; prices that walk. The same seed gives the same document. It adds the figures
 * up by itself and shares no code with the reports.
 */
import { drawsOf } from '../../../tasks/binance/emulator/prng.ts';
import type { SummaryDocument, SymbolSummary } from '../../../tasks/reports/document.ts';
import type { Series } from '../../../tasks/reports/page/sparklines.ts';
import type { Cause, GapRow } from '../../../tasks/reports/rows.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const DIGEST = '0123456789abcdef'.repeat(4);

export interface Dataset {
  readonly document: SummaryDocument;
  readonly gaps: readonly GapRow[];
  readonly series: readonly Series[];
}

export interface DatasetSpec {
  readonly seed?: string;
  readonly symbols: number;
  readonly months: number;
  /** Gaps of a few minutes that nothing explains, for each symbol. */
  readonly holes?: number;
}

/** First bars of ten symbols, and halts of the exchange (docs/DOMAIN.md §2). */
const LISTED: readonly (readonly [symbol: string, first: string, price: number])[] = [
  ['BTCUSDT', '2017-08-17T04:00Z', 4_300],
  ['ETHUSDT', '2017-08-17T04:00Z', 300],
  ['BNBUSDT', '2017-11-06T03:54Z', 1.6],
  ['ADAUSDT', '2018-04-17T04:02Z', 0.26],
  ['XRPUSDT', '2018-05-04T08:11Z', 0.88],
  ['TRXUSDT', '2018-06-11T11:30Z', 0.045],
  ['DOGEUSDT', '2019-07-05T12:00Z', 0.004],
  ['SOLUSDT', '2020-08-11T06:00Z', 3.2],
  ['DOTUSDT', '2020-08-18T23:00Z', 2.9],
  ['AVAXUSDT', '2020-09-22T06:30Z', 5.1],
];
const HALTS: readonly (readonly [first: string, last: string])[] = [
  ['2018-02-08T00:29Z', '2018-02-09T09:58Z'],
  ['2018-06-26T02:00Z', '2018-06-26T11:59Z'],
  ['2018-11-14T02:00Z', '2018-11-14T08:59Z'],
  ['2019-05-15T03:00Z', '2019-05-15T12:59Z'],
  ['2020-02-19T11:36Z', '2020-02-19T17:29Z'],
  ['2021-02-11T03:41Z', '2021-02-11T04:59Z'],
  ['2021-08-13T02:00Z', '2021-08-13T06:29Z'],
  ['2023-03-24T12:40Z', '2023-03-24T13:59Z'],
];

export function dataset({ seed = 'page', symbols, months, holes = 6 }: DatasetSpec): Dataset {
  const names = monthsFrom(months);
  const made = Array.from({ length: symbols }, (_, at) => symbolOf(seed, at, names, holes));
  const all = made.map(({ symbol }) => symbol);
  const gaps = made.flatMap((each) => each.gaps);
  const level = all.some((each) => each.level === 'critical')
    ? 'critical'
    : all.some((each) => each.level === 'warning')
      ? 'warning'
      : 'ok';
  const figures = summed(all);
  const broken = all.flatMap(({ symbol, months }) =>
    months.flatMap(({ month, level }) => (level === 'critical' ? [`${symbol}/${month}`] : [])),
  );
  return {
    document: {
      version: 1,
      market: 'spot',
      interval: '1m',
      as_of: iso(end(names.at(-1)) - MINUTE),
      verdict: { level, sentence: SENTENCES[level] },
      totals: {
        symbols,
        months: symbols * months,
        ...figures,
        gaps: gaps.length,
        longest_gap_minutes: Math.max(0, ...gaps.map(({ minutes }) => minutes)),
        duplicates: 3 * symbols,
        off_grid: 43_204,
        zero_trade: 1_234_567,
        rule_breaks: symbols,
        missing_by_cause: byCause(gaps),
        rows_by_source: { monthly: figures.present, daily: 0, rest: 0 },
      },
      gates: gatesOf(symbols, symbols * months, broken),
      symbols: all,
      provenance: { schema_version: 1, halts_version: 1, gates_digest: DIGEST, sources_digest: DIGEST },
    },
    gaps,
    series: made.map((each) => each.series),
  };
}

const SENTENCES = {
  ok: 'Every gate is passed: no bar is missing without an excuse that is known.',
  warning: 'Good but for a few months: coverage is below 99 % in some of them.',
  critical: 'Not to be relied on as a whole: coverage is below 95 % in months of some symbols.',
} as const;

function symbolOf(seed: string, at: number, months: readonly string[], holes: number) {
  const [known, first, price] = LISTED[at % LISTED.length] ?? ['NONE', '2017-08-17T04:00Z', 1];
  const symbol = at < LISTED.length ? known : `${known.slice(0, -4)}${at}USDT`;
  const draw = drawsOf(`${seed} ${symbol}`);
  const [from, to] = [start(months[0]), end(months.at(-1))];
  const listed = Math.max(from, Date.parse(first));
  const gaps: GapRow[] = [];
  const miss = (a: number, b: number, cause: Cause, evidence: string): void => {
    const [open, close] = [Math.max(a, cause === 'pre-listing' ? from : listed), Math.min(b, to - MINUTE)];
    if (
      open > close ||
      gaps.some((gap) => Date.parse(gap.first_missing) <= close && open <= Date.parse(gap.last_missing))
    )
      return;
    const missing = (close - open) / MINUTE + 1;
    gaps.push({
      symbol,
      first_missing: iso(open),
      last_missing: iso(close),
      missing,
      minutes: missing,
      cause,
      evidence,
    });
  };
  miss(from, listed - MINUTE, 'pre-listing', `first listed file ${first.slice(0, 7)}`);
  for (const [a, b] of HALTS)
    miss(Date.parse(a), Date.parse(b), 'halt', 'halts.yaml 1: the exchange told so');
  const pick = (): string => months[Math.floor(months.length / 3) + draw(Math.ceil(months.length / 2))] ?? '';
  const failed = at % 4 === 1 && months.length > 3 ? pick() : undefined;
  const absent = at % 5 === 3 && months.length > 3 ? pick() : undefined;
  if (failed !== undefined)
    miss(start(failed), end(failed) - MINUTE, 'quarantined', `archive-crc archive/${symbol}/${failed}`);
  if (absent !== undefined) miss(start(absent), end(absent) - MINUTE, 'not-published', 'no listed file');
  const causes: readonly Cause[] = ['unknown', 'confirmed-empty', 'archive-defect', 'not-published'];
  for (let hole = 0; hole < holes; hole++) {
    const a = listed + draw((to - listed) / MINUTE) * MINUTE;
    const length = hole === 0 ? 400 + draw(2_500) : 1 + draw(90);
    miss(a, a + (length - 1) * MINUTE, causes[draw(causes.length)] ?? 'unknown', 'REST has no bar of it');
  }
  gaps.sort((a, b) => (a.first_missing < b.first_missing ? -1 : 1));
  const rows = months.map((month) => monthOf(month, gaps, { failed, absent }));
  const figures = summed(rows.map(({ figures }) => figures));
  const level = rows.reduce<'ok' | 'warning' | 'critical'>(
    (worst, { of }) => (WORSE.indexOf(of.level) > WORSE.indexOf(worst) ? of.level : worst),
    'ok',
  );
  const made: SymbolSummary = {
    symbol,
    status: failed !== undefined ? 'failed' : level,
    level,
    first_ts: listed < to ? iso(listed) : null,
    last_ts: listed < to ? iso(to - MINUTE) : null,
    lag_minutes: listed < to ? (at % 3 === 2 ? 1_440 * at + 7 : 0) : null,
    ...figures,
    gaps: gaps.length,
    longest_gap_minutes: Math.max(0, ...gaps.map(({ minutes }) => minutes)),
    provisional: 0,
    files: { count: months.length, digest: DIGEST },
    months: rows.map(({ of }) => of),
  };
  return { symbol: made, gaps, series: { symbol, days: daysOf(draw, listed, to, price) } };
}

const WORSE = ['ok', 'warning', 'critical'] as const;

function monthOf(
  month: string,
  gaps: readonly GapRow[],
  { failed, absent }: { readonly failed: string | undefined; readonly absent: string | undefined },
) {
  const [from, to] = [start(month), end(month)];
  const within = (some: readonly GapRow[]): number =>
    some.reduce((sum, gap) => {
      const a = Math.max(from, Date.parse(gap.first_missing));
      const b = Math.min(to - MINUTE, Date.parse(gap.last_missing));
      return sum + Math.max(0, (b - a) / MINUTE + 1);
    }, 0);
  const expected = (to - from) / MINUTE;
  const missing = within(gaps);
  const excused = within(gaps.filter(({ cause }) => cause === 'pre-listing' || cause === 'halt'));
  const figures = { expected, present: expected - missing, missing, excused };
  const adjusted = cut(figures.present, expected - excused);
  const level: (typeof WORSE)[number] =
    adjusted === null || adjusted >= 0.99 ? 'ok' : adjusted >= 0.95 ? 'warning' : 'critical';
  const status = month === failed ? 'failed' : month === absent || excused === expected ? 'absent' : level;
  const of = {
    month,
    status,
    level,
    coverage_raw: cut(figures.present, expected),
    coverage_adjusted: adjusted,
    missing,
    excused,
  } as const;
  return { of, figures };
}

interface Figures {
  readonly expected: number;
  readonly present: number;
  readonly missing: number;
  readonly excused: number;
}

function summed(some: readonly Figures[]) {
  const sum = (of: (figures: Figures) => number): number => some.reduce((so, each) => so + of(each), 0);
  const [expected, present, missing, excused] = [
    sum((each) => each.expected),
    sum((each) => each.present),
    sum((each) => each.missing),
    sum((each) => each.excused),
  ];
  return {
    expected,
    present,
    missing,
    excused,
    coverage_raw: cut(present, expected),
    coverage_adjusted: cut(present, expected - excused),
  };
}

function cut(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.floor((part * 1_000_000) / whole) / 1_000_000;
}

function byCause(gaps: readonly GapRow[]): Record<Cause, number> {
  const none = {
    'pre-listing': 0,
    delisted: 0,
    halt: 0,
    quarantined: 0,
    'not-published': 0,
    'archive-defect': 0,
    'confirmed-empty': 0,
    unknown: 0,
  };
  for (const { cause, missing } of gaps) none[cause] += missing;
  return none;
}

function daysOf(draw: (n: number) => number, from: number, to: number, price: number): Series['days'] {
  const days: [string, number, number][] = [];
  let close = price;
  let drift = 0;
  for (let at = Math.floor(from / DAY) * DAY; at < to; at += DAY) {
    const pull = close > price * 25 ? -0.0015 : close < price * 2 ? 0.0015 : 0;
    drift = drift * 0.95 + pull + (draw(2_001) - 1_000) / 400_000;
    close = Math.max(price / 50, close * (1 + drift + (draw(2_001) - 1_000) / 30_000));
    // Now and then a day is missing altogether.
    if (draw(400) === 0) continue;
    days.push([
      iso(at).slice(0, 10),
      Number(close.toPrecision(6)),
      Math.round(close * (1_000 + draw(9_000)) * (1 + Math.abs(drift) * 60)),
    ]);
  }
  return days;
}

function gatesOf(symbols: number, months: number, broken: readonly string[]): SummaryDocument['gates'] {
  const passed = { broken: 0, excepted: 0, worst: 0, where: [] };
  return [
    {
      check: 'archive',
      level: 'critical',
      scope: 'month',
      threshold: 0,
      unit: 'files',
      units: months,
      ...passed,
    },
    {
      check: 'order',
      level: 'warning',
      scope: 'month',
      threshold: 0,
      unit: 'rows',
      units: months,
      ...passed,
    },
    {
      check: 'duplicates',
      level: 'warning',
      scope: 'month',
      threshold: 10,
      unit: 'rows',
      units: months,
      ...passed,
      worst: 3,
    },
    {
      check: 'price',
      level: 'critical',
      scope: 'month',
      threshold: 0,
      unit: 'bars',
      units: months,
      ...passed,
      excepted: 1,
      worst: 2,
    },
    {
      check: 'coverage',
      level: 'critical',
      scope: 'month',
      threshold: 0.95,
      unit: 'fraction',
      units: months,
      broken: broken.length,
      excepted: 0,
      worst: broken.length === 0 ? 0.9871 : 0,
      where: broken.slice(0, 5),
    },
    {
      check: 'gap',
      level: 'warning',
      scope: 'symbol',
      threshold: '24h',
      unit: 'minutes',
      units: symbols,
      ...passed,
      worst: 180,
    },
    {
      check: 'symbols',
      level: 'critical',
      scope: 'dataset',
      threshold: 0,
      unit: 'symbols',
      units: 1,
      ...passed,
    },
    {
      check: 'lag',
      level: 'info',
      scope: 'symbol',
      threshold: '2d',
      unit: 'minutes',
      units: symbols,
      ...passed,
      broken: Math.floor(symbols / 3),
      worst: 11_527,
      where: ['BNBUSDT'],
    },
  ];
}

function monthsFrom(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => iso(Date.UTC(2017, 7 + at, 1)).slice(0, 7));
}

function start(month: string | undefined): number {
  return Date.parse(`${month}-01T00:00Z`);
}

function end(month: string | undefined): number {
  const [year = 0, number = 0] = (month ?? '').split('-').map(Number);
  return Date.UTC(year, number, 1);
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
