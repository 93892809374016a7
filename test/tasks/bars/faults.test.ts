/** A regular series with faults put into it, one to a stretch of three minutes: each is counted, and nothing else is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Member, Span } from '../../../src/engine/task.ts';
import merge from '../../../tasks/bars/merge.ts';
import normalize from '../../../tasks/bars/normalize.ts';
import type { MergeParams, Params } from '../../../tasks/bars/params.ts';
import { fakeContext, scratch } from '../context.ts';
import { member, zippedIn } from './real.ts';
import type { RawRow } from './rows.ts';
import { bar, csvOf, restRow } from './rows.ts';

const MINUTES = 240;
const START = Date.UTC(2020, 0, 1);
const SPAN = { start: START, end: START + MINUTES * 60_000 };
const at = (minute: number): number => START + minute * 60_000;
const NONE = { trades: 0, volume: 0, quote: 0, takerBase: 0, takerQuote: 0 };

/** Closes go up and down by a thousandth: 100, 100.1, 100, … */
const regular = (minute: number): RawRow =>
  bar(at(minute), { close: minute % 2 === 0 ? 100 : 100.1, open: 100, high: 101, low: 99, quote: 200 });

/** The rows that stand in the file instead of the three of a stretch, of which the middle one is at fault. */
const FAULTS = {
  missing: ([first, , last]) => [first, last],
  filled: ([first, , last]) => [first, last],
  twice: ([first, row, last]) => [first, row, row, last],
  contradicted: ([first, row, last]) => [first, row, { ...row, takerQuote: 7 }, last],
  offGrid: ([first, row, last]) => [first, { ...row, openTime: row.openTime + 14_789 }, last],
  late: ([first, row, last]) => [first, last, row],
  short: ([first, row, last]) => [first, { ...row, closeTime: row.closeTime - 1 }, last],
  still: (rows) => rows.map((row) => ({ ...row, ...NONE, close: rows[0].close })),
  jump: ([first, row, last]) => [first, { ...row, close: 200, high: 200 }, last],
  high: ([first, row, last]) => [first, { ...row, high: 99.5, quote: 198 }, last],
  low: ([first, row, last]) => [first, { ...row, low: 100.5, quote: 202 }, last],
  price: ([first, row, last]) => [first, { ...row, low: 0 }, last],
  volume: ([first, row, last]) => [first, { ...row, takerBase: -1 }, last],
  taker: ([first, row, last]) => [first, { ...row, takerBase: 3 }, last],
  quote: ([first, row, last]) => [first, { ...row, quote: 203 }, last],
  noTrades: ([first, row, last]) => [first, { ...row, trades: 0 }, last],
  noVolume: ([first, row, last]) => [first, { ...row, ...NONE, trades: 1 }, last],
} as const satisfies Readonly<Record<string, (rows: Stretch) => readonly RawRow[]>>;

type Stretch = readonly [RawRow, RawRow, RawRow];
type Fault = keyof typeof FAULTS;

/** Of a file with these faults, by stretch, and of rows before and after the span; REST has what is `filled`. */
async function summaryOf(faults: ReadonlyMap<number, Fault>, before: number, after: number) {
  const folder = scratch();
  const rows: RawRow[] = Array.from({ length: before }, (_, index) => regular(index - before));
  const filled: RawRow[] = [];
  for (let stretch = 0; stretch < MINUTES / 3; stretch++) {
    const three = [regular(3 * stretch), regular(3 * stretch + 1), regular(3 * stretch + 2)] as const;
    const fault = faults.get(stretch);
    rows.push(...(fault === undefined ? three : FAULTS[fault](three)));
    if (fault === 'filled') filled.push(three[1]);
  }
  for (let index = 0; index < after; index++) rows.push(regular(MINUTES + index));
  const zip = member(zippedIn(folder, 'BTCUSDT-1m-2020-01', csvOf(rows)));
  return { rows: rows.length, summary: await mergedFrom(folder, zip, fillOf(folder, filled), SPAN) };
}

function fillOf(folder: string, rows: readonly RawRow[]): string {
  const fill = join(folder, 'fill.json');
  const said = { version: 2, empty: [], unknown_symbol: [], unanswered: [], rows: rows.map(restRow) };
  writeFileSync(fill, JSON.stringify(said));
  return fill;
}

/** The summary that both tasks come to, as the manifest chains them. */
async function mergedFrom(workspace: string, zip: Member, fill: string, month: Span) {
  const params = { market: 'spot' as const, symbol: 'BTCUSDT', interval: '1m' };
  const partition = { keys: { symbol: 'BTCUSDT', month: '2020-01' }, spans: { month } };
  const staging = fakeContext<Params>({
    workspace,
    params,
    partition,
    values: { plan: { served: 'monthly', provisional: false } },
    members: { zips: [zip] },
    out: { bars: 'staged.parquet', gaps: 'gaps.json' },
  });
  await normalize.run(staging);
  const { bars: staged, gaps } = staging.outputs;
  const ctx = fakeContext<MergeParams>({
    workspace,
    params: { ...params, checks: { jump_sigma: 3, flat_bars: 3 } },
    partition,
    inputs: { staged, gaps, fill },
    out: { bars: 'bars.parquet', summary: 'summary.json' },
  });
  await merge.run(ctx);
  return JSON.parse(readFileSync(ctx.outputs['summary'] ?? '', 'utf8'));
}

const fault = fc.constantFrom(...(Object.keys(FAULTS) as readonly Fault[]));
const given = fc.record({
  faults: fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: MINUTES / 3 - 1 }), fault), {
      // More jumps than these are no jumps any more: they are how the series goes.
      maxLength: 12,
      selector: ([stretch]) => stretch,
    })
    .map((list) => new Map(list)),
  before: fc.nat({ max: 2 }),
  after: fc.nat({ max: 2 }),
});

it('every fault that is put into a series is counted, and nothing else is', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ faults, before, after }) => {
      const { rows, summary } = await summaryOf(faults, before, after);
      const of = (...names: readonly Fault[]): number =>
        [...faults.values()].filter((each) => names.includes(each)).length;
      const present = MINUTES - of('missing');
      expect(summary).toMatchObject({
        expected: MINUTES,
        rows: present,
        gaps: { length: of('missing') },
        duplicates: of('twice', 'contradicted'),
        conflicts: of('contradicted'),
        off_grid: of('offGrid'),
        out_of_order: of('late'),
        outside: before + after,
        short_close: of('short'),
        zero_trade: of('noTrades') + 3 * of('still'),
        provisional: 0,
        price_rule: of('high', 'low', 'price'),
        volume_rule: of('volume', 'taker', 'quote', 'noTrades', 'noVolume'),
        breaks: {
          high: of('high'),
          low: of('low'),
          price: of('price'),
          volume: of('volume'),
          taker: of('taker'),
          quote_volume: of('quote'),
          zero_trades: of('noTrades', 'noVolume'),
        },
        // There and back.
        jumps: { count: 2 * of('jump') },
        flats: { count: of('still'), longest: of('still') === 0 ? 0 : 3 },
        sources: { monthly: present - of('filled'), daily: 0, rest: of('filled') },
      });
      expect(summary.files.map((file: object) => ({ ...file, sha256: '' }))).toEqual([
        { name: 'BTCUSDT-1m-2020-01.zip', sha256: '', kind: 'monthly', rows, expected: null },
        ...(of('filled') === 0
          ? []
          : [
              {
                name: 'BTCUSDT-1m-2020-01.rest.json',
                sha256: '',
                kind: 'rest',
                rows: of('filled'),
                expected: null,
              },
            ]),
      ]);
      const jumps = [...faults].flatMap(([stretch, each]) =>
        each === 'jump' ? [3 * stretch + 1, 3 * stretch + 2] : [],
      );
      const { largest } = summary.jumps;
      expect([null, ...jumps.map(at)]).toContain(largest === null ? null : Date.parse(largest.ts));
      expect(largest === null).toBe(jumps.length === 0);
    }),
    { numRuns: 30 },
  );
});

it('the summary of an ordinary month is small', async () => {
  const month = { start: START, end: Date.UTC(2020, 1) };
  const minutes = (month.end - month.start) / 60_000;
  const rows = Array.from({ length: minutes }, (_, minute) => ({
    ...regular(minute),
    quote: 200.123_456_78,
  }));
  const folder = scratch();
  const zip = member(zippedIn(folder, 'BTCUSDT-1m-2020-01', csvOf(rows)));
  const summary = await mergedFrom(folder, zip, fillOf(folder, []), month);
  expect(summary.days).toHaveLength(31);
  expect(readFileSync(join(folder, '.tmp/summary/summary.json'), 'utf8').length).toBeLessThan(3_000);
});
