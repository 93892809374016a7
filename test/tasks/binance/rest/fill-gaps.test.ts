import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerName, barOf } from '../../../../tasks/binance/rest/answer-file.ts';
import { Answers } from '../../../../tasks/binance/rest/answers.ts';
import type { Filled } from '../../../../tasks/binance/rest/fill-gaps.ts';
import { fillGaps } from '../../../../tasks/binance/rest/fill-gaps.ts';
import type { Range } from '../../../../tasks/lib/ranges.ts';
import { scratch } from '../../context.ts';
import { at, range, SERIES, STEP } from './answered.ts';
import { FakeExchange, TROUBLE } from './fake-exchange.ts';

const DAY = 86_400_000;
const RECHECK = 30 * DAY;
const NOW = Date.UTC(2024, 5, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(() => vi.useRealTimers());

class Month {
  readonly workspace = scratch();
  readonly folder = join(this.workspace, 'answers');
  readonly lines: string[] = [];
  readonly progressed: (readonly [number, number])[] = [];
  /** Absolute paths, as of the last run. */
  kept: readonly string[] = [];

  /** One run of the task; `client` undefined: offline. */
  async fill(gaps: readonly Range[], client: FakeExchange | undefined): Promise<Filled> {
    const { workspace, folder } = this;
    const opened = await Answers.in({
      workspace,
      folder,
      series: SERIES,
      step: STEP,
      warn: (line) => this.lines.push(line),
    });
    if (!opened.ok) throw new Error(opened.failure.message);
    await opened.value.consult(gaps);
    const filled = await fillGaps({
      answers: opened.value,
      client,
      series: SERIES,
      step: STEP,
      gaps,
      recheck: RECHECK,
      log: (line) => this.lines.push(line),
      progress: (done, total) => this.progressed.push([done, total]),
    });
    this.kept = opened.value.paths;
    return filled;
  }

  get names(): readonly string[] {
    return readdirSync(this.folder).sort();
  }
}

const name = (first: number, last: number): string => answerName(range(first, last));
const bars = ({ document }: Filled): readonly number[] =>
  document.rows.map((each) => (barOf(each, STEP) - at(0)) / STEP);
const upTo = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('gaps', () => {
  it('get the rows that REST has, and only their own', async () => {
    const month = new Month();
    const exchange = new FakeExchange(10_000);
    const filled = await month.fill([range(10, 14), range(20, 20)], exchange);
    expect(bars(filled)).toEqual([10, 11, 12, 13, 14, 20]);
    expect(filled).toMatchObject({ failure: undefined, recheckAfter: undefined });
    expect(filled.document).toMatchObject({ empty: [], unknownSymbol: [], unanswered: [] });
    // Close together, they are one question.
    expect(exchange.asked).toEqual([[10, 20]]);
    expect(month.kept).toEqual([join(month.folder, name(10, 20))]);
    expect(month.progressed).toEqual([[11, 11]]);
  });

  it('far apart are asked for each by itself, a long one by the thousand', async () => {
    const month = new Month();
    const exchange = new FakeExchange(20_000);
    const filled = await month.fill([range(0, 2_499), range(4_000, 4_000), range(5_001, 5_001)], exchange);
    expect(bars(filled)).toEqual([...upTo(0, 2_499), 4_000, 5_001]);
    expect(exchange.asked).toEqual([
      [0, 2_499],
      [1_000, 2_499],
      [2_000, 2_499],
      [4_000, 4_000],
      [5_001, 5_001],
    ]);
    expect(month.progressed.at(-1)).toEqual([2_502, 2_502]);
  });

  it('that REST has not either are found empty by one question, and not asked for by the next build', async () => {
    const month = new Month();
    const exchange = new FakeExchange(20_000, (bar) => bar < 100 || bar > 6_000);
    const gaps = [range(100, 6_000)];
    const filled = await month.fill(gaps, exchange);
    expect(filled.document).toEqual({ rows: [], empty: gaps, unknownSymbol: [], unanswered: [] });
    expect(exchange.asked).toHaveLength(1);
    expect(filled.recheckAfter).toBe(RECHECK);
    vi.setSystemTime(NOW + 10 * DAY);
    const again = await month.fill(gaps, exchange);
    expect(exchange.asked).toHaveLength(1);
    expect(again).toEqual({ ...filled, recheckAfter: RECHECK - 10 * DAY });
    expect(month.kept).toEqual([join(month.folder, name(100, 6_000))]);
  });

  it('half of which are empty get a question for each page and one for the rest', async () => {
    const exchange = new FakeExchange(20_000, (bar) => bar < 1_500 || bar > 2_000);
    const filled = await new Month().fill([range(0, 2_000)], exchange);
    expect(bars(filled)).toEqual(upTo(0, 1_499));
    expect(filled.document.empty).toEqual([range(1_500, 2_000)]);
    expect(exchange.asked).toEqual([
      [0, 2_000],
      [1_000, 2_000],
      [1_500, 2_000],
    ]);
  });

  it('are asked for only where no stored answer covers them', async () => {
    const month = new Month();
    await month.fill([range(50, 59)], new FakeExchange(10_000));
    const exchange = new FakeExchange(10_000);
    const filled = await month.fill([range(50, 69), range(1_999, 1_999)], exchange);
    expect(exchange.asked).toEqual([
      [60, 69],
      [1_999, 1_999],
    ]);
    expect(bars(filled)).toEqual([...upTo(50, 69), 1_999]);
    expect(month.names).toEqual([name(50, 69), name(1_999, 1_999)]);
  });

  it('of a symbol that REST does not know are asked for once', async () => {
    const month = new Month();
    const exchange = new FakeExchange(10_000);
    exchange.knowsSymbol = false;
    const gaps = [range(0, 9), range(3_000, 3_009), range(6_000, 6_009)];
    const filled = await month.fill(gaps, exchange);
    expect(filled.document).toEqual({ rows: [], empty: [], unknownSymbol: gaps, unanswered: [] });
    expect(filled).toMatchObject({ failure: undefined, recheckAfter: RECHECK });
    expect(exchange.asked).toHaveLength(1);
    await month.fill(gaps, exchange);
    expect(exchange.asked).toHaveLength(1);
  });
});

describe('bars that are young', () => {
  it('are left out while they are open, and asked for when they have closed', async () => {
    const month = new Month();
    const exchange = new FakeExchange(50);
    const filled = await month.fill([range(40, 52)], exchange);
    expect(bars(filled)).toEqual(upTo(40, 49));
    expect(filled.document.unanswered).toEqual([{ ...range(50, 52), code: 'too-recent' }]);
    expect(filled).toMatchObject({ failure: undefined, recheckAfter: 45_000 });
    expect(month.names).toEqual([name(40, 49)]);
    exchange.now = 53;
    expect(bars(await month.fill([range(40, 52)], exchange))).toEqual(upTo(40, 52));
    expect(exchange.asked).toEqual([
      [40, 49],
      [50, 52],
    ]);
    expect(month.names).toEqual([name(40, 52)]);
  });

  it('and have hardly closed are left out as well: their last trades may still be on the way', async () => {
    const month = new Month();
    const exchange = new FakeExchange(50);
    exchange.secondsPast = 14;
    const filled = await month.fill([range(40, 49)], exchange);
    expect(bars(filled)).toEqual(upTo(40, 48));
    expect(filled.document).toMatchObject({
      empty: [],
      unanswered: [{ ...range(49, 49), code: 'too-recent' }],
    });
    expect(filled).toMatchObject({ failure: undefined, recheckAfter: 1_000 });
    exchange.secondsPast = 15;
    expect(bars(await month.fill([range(40, 49)], exchange))).toEqual(upTo(40, 49));
  });

  it('and not there are not called empty before five minutes have passed', async () => {
    const month = new Month();
    const exchange = new FakeExchange(50, (bar) => bar < 42);
    const filled = await month.fill([range(40, 49)], exchange);
    expect(bars(filled)).toEqual([40, 41]);
    expect(filled.document.empty).toEqual([range(42, 44)]);
    expect(filled.document.unanswered).toEqual([{ ...range(45, 49), code: 'too-recent' }]);
    expect(filled.recheckAfter).toBe(30_000);
    expect(month.names).toEqual([name(40, 44)]);
    exchange.now = 55;
    const later = await month.fill([range(40, 49)], exchange);
    expect(later.document).toMatchObject({ empty: [range(42, 49)], unanswered: [] });
    expect(exchange.asked.at(-1)).toEqual([45, 49]);
  });

  it('and not there are called empty where later ones are there', async () => {
    const filled = await new Month().fill([range(40, 49)], new FakeExchange(50, (bar) => bar !== 47));
    expect(filled.document).toMatchObject({ empty: [range(47, 47)], unanswered: [] });
  });
});

describe('an exchange that does not know the symbol', () => {
  it('yet says nothing of bars that are young: it may have been listed just now', async () => {
    const month = new Month();
    const exchange = new FakeExchange(50);
    exchange.knowsSymbol = false;
    const filled = await month.fill([range(40, 49)], exchange);
    expect(filled.document).toMatchObject({
      unknownSymbol: [range(40, 44)],
      unanswered: [{ ...range(45, 49), code: 'too-recent' }],
    });
    const first = await new Month().fill([range(46, 49)], exchange);
    expect(first.document).toMatchObject({ unknownSymbol: [], unanswered: [range(46, 49)] });
    exchange.knowsSymbol = true;
    expect(bars(await month.fill([range(40, 49)], exchange))).toEqual(upTo(45, 49));
  });

  it('any more, and then does again, is asked again after 30 days', async () => {
    const month = new Month();
    const exchange = new FakeExchange(10_000);
    exchange.knowsSymbol = false;
    await month.fill([range(10, 19)], exchange);
    exchange.knowsSymbol = true;
    vi.setSystemTime(NOW + 29 * DAY);
    expect(bars(await month.fill([range(10, 19)], exchange))).toEqual([]);
    vi.setSystemTime(NOW + RECHECK);
    const filled = await month.fill([range(10, 19)], exchange);
    expect(bars(filled)).toEqual(upTo(10, 19));
    expect(filled).toMatchObject({ document: { unknownSymbol: [] }, recheckAfter: undefined });
  });
});

describe('bars that were empty', () => {
  const gaps = [range(100, 199)];

  async function emptyOnce() {
    const month = new Month();
    const there = new Set<number>();
    const exchange = new FakeExchange(10_000, (bar) => !(bar >= 100 && bar < 200) || there.has(bar));
    await month.fill(gaps, exchange);
    exchange.asked.splice(0);
    return { month, exchange, there };
  }

  it('are asked for again after 30 days, and count as empty for 30 more', async () => {
    const { month, exchange } = await emptyOnce();
    vi.setSystemTime(NOW + RECHECK);
    const filled = await month.fill(gaps, exchange);
    expect(exchange.asked).toEqual([[100, 199]]);
    expect(filled).toMatchObject({ document: { empty: gaps }, recheckAfter: RECHECK });
    expect(month.names).toEqual([name(100, 199)]);
    expect(readFileSync(join(month.folder, name(100, 199)), 'utf8')).toContain(
      '"asked_at": "2024-07-01T00:00:00.000Z"',
    );
  });

  it('become rows where REST has them after all', async () => {
    const { month, exchange, there } = await emptyOnce();
    there.add(150);
    vi.setSystemTime(NOW + RECHECK);
    const filled = await month.fill(gaps, exchange);
    expect(bars(filled)).toEqual([150]);
    expect(filled.document.empty).toEqual([range(100, 149), range(151, 199)]);
  });

  it('stay what they are where they cannot be asked for again, until the next day', async () => {
    const { month, exchange } = await emptyOnce();
    vi.setSystemTime(NOW + RECHECK);
    exchange.failsFrom = 0;
    const filled = await month.fill(gaps, exchange);
    expect(filled).toMatchObject({ document: { empty: gaps }, failure: undefined, recheckAfter: DAY });
    expect(month.lines).toEqual(['what REST did not have could not be asked for again: the line was cut']);
    const offline = await month.fill(gaps, undefined);
    expect(offline).toMatchObject({ document: { empty: gaps }, failure: undefined, recheckAfter: DAY });
    expect(month.lines.at(-1)).toBe(
      '100 bars that REST did not have are due to be asked for again: not offline',
    );
  });

  it('never cost a row that was there once', async () => {
    const month = new Month();
    const there = new Set([10, 11, 12]);
    const exchange = new FakeExchange(10_000, (bar) => there.has(bar));
    await month.fill([range(10, 19)], exchange);
    there.clear();
    vi.setSystemTime(NOW + RECHECK);
    const filled = await month.fill([range(10, 19)], exchange);
    expect(bars(filled)).toEqual([10, 11, 12]);
    expect(exchange.asked.at(-1)).toEqual([13, 19]);
    exchange.knowsSymbol = false;
    vi.setSystemTime(NOW + 3 * RECHECK);
    const unknown = await month.fill([range(10, 19)], exchange);
    expect(bars(unknown)).toEqual([10, 11, 12]);
    expect(unknown.document).toMatchObject({ empty: [], unknownSymbol: [range(13, 19)] });
  });
});

describe('a clock', () => {
  it('that was ahead when bars were found empty does not keep them from being asked for again', async () => {
    const month = new Month();
    const exchange = new FakeExchange(10_000, (bar) => bar !== 15);
    vi.setSystemTime(NOW + 3 * 365 * DAY);
    await month.fill([range(10, 19)], exchange);
    vi.setSystemTime(NOW);
    exchange.asked.splice(0);
    expect((await month.fill([range(10, 19)], exchange)).recheckAfter).toBe(RECHECK);
    await month.fill([range(10, 19)], exchange);
    expect(exchange.asked).toEqual([[15, 15]]);
  });

  it.each([-1, 1])('that is %i hours off changes nothing', async (hours) => {
    const month = new Month();
    const exchange = new FakeExchange(50, (bar) => bar !== 15);
    vi.setSystemTime(NOW + hours * 3_600_000);
    const filled = await month.fill([range(10, 52)], exchange);
    vi.setSystemTime(NOW);
    expect(await month.fill([range(10, 52)], exchange)).toMatchObject({ document: filled.document });
    exchange.asked.splice(0);
    await month.fill([range(10, 49)], exchange);
    expect(exchange.asked).toEqual([]);
  });
});

describe('what cannot be asked for', () => {
  it('is named with the code of the failure; what came before it is stored and not asked for again', async () => {
    const month = new Month();
    const exchange = new FakeExchange(10_000);
    exchange.failsFrom = 2;
    const gaps = [range(0, 2_999), range(5_000, 5_000)];
    const filled = await month.fill(gaps, exchange);
    expect(filled.failure).toEqual(TROUBLE);
    expect(bars(filled)).toEqual(upTo(0, 1_999));
    expect(filled.document.unanswered).toEqual([
      { ...range(2_000, 2_999), code: 'http-cut' },
      { ...range(5_000, 5_000), code: 'http-cut' },
    ]);
    expect(month.names).toEqual([name(0, 1_999)]);
    exchange.failsFrom = Number.POSITIVE_INFINITY;
    exchange.asked.splice(0);
    expect(bars(await month.fill(gaps, exchange))).toEqual([...upTo(0, 2_999), 5_000]);
    expect(exchange.asked).toEqual([
      [2_000, 2_999],
      [5_000, 5_000],
    ]);
  });

  it('offline is what no stored answer covers, and the failure says how much that is', async () => {
    const month = new Month();
    await month.fill([range(0, 9)], new FakeExchange(10_000));
    expect(await month.fill([range(0, 9)], undefined)).toMatchObject({ failure: undefined });
    const filled = await month.fill([range(0, 19)], undefined);
    expect(bars(filled)).toEqual(upTo(0, 9));
    expect(filled.document.unanswered).toEqual([{ ...range(10, 19), code: 'offline' }]);
    expect(filled.failure).toEqual({
      code: 'offline',
      message:
        '10 bars of BTCUSDT at 1m from 2024-01-01T00:10:00Z to 2024-01-01T00:19:00Z are in no file and no stored answer, and --offline forbids to ask for them',
      hint: 'build once without --offline, or leave gaps as they are with binance.fill: none',
    });
  });
});

describe('a stored answer', () => {
  it('that is deleted is asked for again', async () => {
    const month = new Month();
    const exchange = new FakeExchange(10_000);
    const first = await month.fill([range(0, 9)], exchange);
    rmSync(join(month.folder, name(0, 9)));
    expect(await month.fill([range(0, 9)], exchange)).toEqual(first);
    expect(exchange.asked).toHaveLength(2);
  });

  it('that is damaged is asked for again, and so it is said', async () => {
    const month = new Month();
    const exchange = new FakeExchange(10_000);
    const first = await month.fill([range(0, 9)], exchange);
    writeFileSync(join(month.folder, name(0, 9)), '{');
    expect(await month.fill([range(0, 9)], exchange)).toEqual(first);
    expect(month.lines).toHaveLength(1);
  });
});

it('comes to the same however the bars were asked for before: in pieces, in any order, with failures in between', async () => {
  const holes = fc.uniqueArray(fc.integer({ min: 0, max: 3_999 }), { maxLength: 40 });
  const edge = fc.integer({ min: 0, max: 3_999 });
  const pieces = fc.array(fc.tuple(edge, edge, fc.option(fc.integer({ min: 0, max: 2 }))), { maxLength: 6 });
  const runs = fc.tuple(holes, pieces, fc.uniqueArray(edge, { minLength: 2, maxLength: 8 }));
  await fc.assert(
    fc.asyncProperty(runs, async ([missing, before, edges]) => {
      const lacks = new Set(missing);
      const sorted = [...edges].sort((a, b) => a - b);
      const gaps = sorted.flatMap((first, index) => {
        const last = sorted[index + 1];
        return index % 2 === 0 && last !== undefined ? [range(first, last - 1)] : [];
      });
      const exchange = new FakeExchange(10_000, (bar) => !lacks.has(bar));
      const month = new Month();
      for (const [a, b, fails] of before) {
        exchange.failsFrom = exchange.asked.length + (fails ?? Number.POSITIVE_INFINITY);
        await month.fill([range(Math.min(a, b), Math.max(a, b))], exchange);
      }
      exchange.failsFrom = Number.POSITIVE_INFINITY;
      const { document } = await month.fill(gaps, exchange);
      expect(document).toEqual((await new Month().fill(gaps, exchange)).document);
      const wanted = gaps.flatMap(({ first, last }) => upTo((first - at(0)) / STEP, (last - at(0)) / STEP));
      expect(document.rows.map((each) => (each[0] - at(0)) / STEP)).toEqual(
        wanted.filter((bar) => !lacks.has(bar)),
      );
      const calls = exchange.asked.length;
      await month.fill(gaps, exchange);
      expect(exchange.asked).toHaveLength(calls);
    }),
    { numRuns: 25 },
  );
});
