/** The task against one statement of SQL that says the same over both months at once, knowing no tails and no grid. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { intervalMs } from '../../../tasks/lib/interval.ts';
import type { Row } from './months.ts';
import { DAY, FEATURES, inScratch, MINUTE, resampled, rowsOf, tailOf, writeMonth } from './months.ts';

const BORDER = Date.UTC(2024, 1, 1);
/** As many days before the border, and after it. */
const DAYS = 2;

/** `$1`: the bars of both months; STEP, LENGTH, FROM and END in milliseconds. */
const PLAIN = `
WITH bars AS (
  SELECT epoch_ms(ts) AS opens, * FROM read_parquet([$1, $2])
), returns AS (
  SELECT opens, CASE WHEN opens - lag(opens) OVER w = STEP THEN ln(close / lag(close) OVER w) END AS r
  FROM bars WINDOW w AS (ORDER BY opens)
), longer AS (
  SELECT opens // LENGTH * LENGTH AS start, first(open ORDER BY opens) AS open, max(high) AS high, min(low) AS low,
    last(close ORDER BY opens) AS close, sum(volume::DECIMAL(30, 8)) AS volume,
    sum(quote_volume::DECIMAL(30, 8)) AS quote, sum(trades) AS trades, sum(taker_buy_base::DECIMAL(30, 8)) AS base,
    sum(taker_buy_quote::DECIMAL(30, 8)) AS taken, count(*) AS parts, bit_or(flags) AS flags
  FROM bars GROUP BY start
), chained AS (
  SELECT *, CASE WHEN start - lag(start) OVER w = LENGTH THEN ln(close / lag(close) OVER w) END AS change
  FROM longer WINDOW w AS (ORDER BY start)
)
SELECT start, open, high, low, close, volume, quote, trades, base, taken, parts, LENGTH // STEP, flags, change,
  (SELECT sqrt(sum(r * r)) FROM returns WHERE opens < start + LENGTH AND opens >= start + LENGTH - 86400000),
  (SELECT count(r) FROM returns WHERE opens < start + LENGTH AND opens >= start + LENGTH - 86400000)
FROM chained WHERE start >= FROM_ AND start + LENGTH <= END_ ORDER BY start`;

/** Bars on the grid of an interval, a quarter of an hour of them where it is a minute, with holes of any length. */
function series(step: number) {
  const amount = fc.integer({ min: 0, max: 10 ** 12 }).map((units) => units / 1e8);
  const bar = fc.record({
    close: fc.integer({ min: 1, max: 10 ** 7 }).map((cents) => cents / 100),
    spread: fc.integer({ min: 0, max: 100 }),
    volume: amount,
    quote_volume: amount,
    trades: fc.nat({ max: 50 }),
    taker_buy_base: amount,
    taker_buy_quote: amount,
    flags: fc.constantFrom(0, 0, 0, 1, 2, 8, 16),
  });
  const stretch = fc.record({
    hole: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: (2 * DAY) / step })),
    bars: fc.array(bar, { minLength: 1, maxLength: 25 }),
  });
  const begin = fc.nat({ max: (DAYS * DAY) / step });
  return fc.tuple(begin, fc.array(stretch, { minLength: 1, maxLength: 12 })).map(([skipped, stretches]) => {
    const rows: Row[] = [];
    let ts = BORDER - DAYS * DAY + skipped * step;
    for (const { hole, bars } of stretches) {
      ts += hole * step;
      for (const { spread, ...values } of bars) {
        rows.push({ ts, ...values, open: values.close, high: values.close + spread, low: values.close / 2 });
        ts += step;
      }
    }
    return rows.filter((row) => row.ts < BORDER + DAYS * DAY);
  });
}

const lengths = fc.constantFrom(['1m', '5m'], ['1m', '1h'], ['1m', '1d'], ['1h', '1h'], ['15m', '4h']);
const given = lengths.chain(([interval = '', to = '']) =>
  fc.record({
    interval: fc.constant(interval),
    to: fc.constant(to),
    rows: series(intervalMs(interval) ?? 0),
    /** The watermark, in minutes after the border. */
    end: fc.integer({ min: 1, max: (DAYS * DAY) / MINUTE }),
  }),
);

it('longer bars, returns and volatility are those of plain SQL, over the border of two months and any holes', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ interval, to, rows, end }) => {
      const span = { start: BORDER, end: BORDER + end * MINUTE };
      const before = rows.filter(({ ts }) => ts < BORDER);
      const step = intervalMs(interval) ?? 0;
      const month = rows.filter(({ ts }) => ts >= BORDER && ts + step <= span.end);
      const januaryBars = await writeMonth(inScratch('january.parquet'), before);
      const bars = await writeMonth(inScratch('february.parquet'), month);
      const january = { start: Date.UTC(2024, 0, 1), end: BORDER };
      const tail = await tailOf({ span: january, bars: januaryBars, interval });

      const { result, path } = await resampled({
        span,
        bars,
        interval,
        to,
        ...(before.length === 0 ? {} : { before: tail }),
      });
      const sql = PLAIN.replaceAll('STEP', `${step}`)
        .replaceAll('LENGTH', `${intervalMs(to)}`)
        .replaceAll('FROM_', `${BORDER}`)
        .replaceAll('END_', `${span.end}`);
      const expected = await rowsOf(sql, januaryBars, bars);
      if (expected.length === 0) {
        expect(result).toEqual({ absent: `no bar of ${to} has ended in 2024-01` });
        return;
      }
      expect(result).toBeUndefined();
      const found = await rowsOf(FEATURES, path);
      // Sums are of decimals on both sides, and equal; logarithms may differ in their last bit.
      expect(found.map((row) => row.slice(0, 13))).toEqual(expected.map((row) => row.slice(0, 13)));
      expect(found.map((row) => row.slice(13))).toEqual(expected.map((row) => row.slice(13).map(nearly)));
    }),
    { numRuns: 30 },
  );
});

function nearly(value: number | string | null | undefined): unknown {
  return typeof value === 'number' ? expect.closeTo(value, 10) : value;
}
