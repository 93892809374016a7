/**
 * Task: a month of bars, and the last day of the month before if there is one → the month in longer bars, with returns
 * and volatility. It knows paths and columns; what the figures are is reckoned elsewhere.
 */
import { z } from 'zod';
import { defineTask, inputPath, outputPath, sha256File } from '../../src/engine/task.ts';
import { monthOf, paramsSchema } from '../bars/params.ts';
import { parquetOptions, readBars } from '../bars/parquet.ts';
import { withDuckDB } from '../lib/duckdb.ts';
import { intervalMs, unevenly } from '../lib/interval.ts';
import type { Features } from './reckon.ts';
import { COLUMNS, featuresOf } from './reckon.ts';
import { NO_CLOSES, readCloses } from './window.ts';

/** Of the columns and their meaning: raise it when a reader of old files would be misled by new ones. */
const SCHEMA_VERSION = '1';

const params = paramsSchema.extend({ to: z.string() }).superRefine(({ interval, to }, ctx) => {
  const refused = unevenly(interval, to);
  if (refused !== undefined) ctx.addIssue({ code: 'custom', path: ['to'], message: refused });
});

export default defineTask({
  version: 1,
  params,
  async run(ctx) {
    const month = monthOf(ctx);
    const { symbol, market, interval, to } = ctx.params;
    const length = intervalMs(to);
    if (length === undefined) throw new Error(`${ctx.target}: unchecked interval ${to}`);
    const from = inputPath(ctx, 'bars');
    const tail = ctx.inputs['before'] === undefined ? undefined : inputPath(ctx, 'before');

    return withDuckDB(ctx.signal, async (session) => {
      const before = tail === undefined ? NO_CLOSES : await readCloses(session, tail);
      const features = featuresOf(await readBars(session, from), before, month, length);
      if (features.rows === 0) return { absent: `no bar of ${to} has ended in ${month.month}` };
      const metadata = {
        schema_version: SCHEMA_VERSION,
        symbol,
        month: month.month,
        interval: to,
        market,
        source_interval: interval,
        bars_sha256: await sha256File(from),
        before_sha256: tail === undefined ? '' : await sha256File(tail),
      };
      const columns = COLUMNS.map((name) => [name, features[name]] as const);
      await session.lend(columns, (lent) =>
        session.run(
          `COPY (SELECT ${TO_FILE} FROM ${lent}) TO $1 (${parquetOptions(features.rows, metadata)})`,
          [outputPath(ctx, 'bars')],
        ),
      );
      return undefined;
    });
  },
});

/** Doubles go over; what is none is no value. */
const TYPES: Partial<Record<keyof Features, (name: string) => string>> = {
  ts: (name) => `make_timestamp_ms(${name}::BIGINT)`,
  trades: (name) => `${name}::BIGINT`,
  bars: (name) => `${name}::INTEGER`,
  expected: (name) => `${name}::INTEGER`,
  flags: (name) => `${name}::INTEGER`,
  vol_bars: (name) => `${name}::INTEGER`,
  log_return: (name) => `CASE WHEN isnan(${name}) THEN NULL ELSE ${name} END`,
  realised_vol: (name) => `CASE WHEN isnan(${name}) THEN NULL ELSE ${name} END`,
};

const TO_FILE = COLUMNS.map((name) => `${TYPES[name]?.(name) ?? name} AS ${name}`).join(', ');
