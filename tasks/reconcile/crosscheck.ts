/**
 * Task: a month of our bars, and the publisher's own longer bars of it → where the longer bars that can be made of ours
 * say something else. It mends nothing, and does not say who is right.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineTask, inputPath } from '../../src/engine/task.ts';
import { gapsSchema } from '../bars/documents.ts';
import { isoSeconds } from '../bars/grid.ts';
import { monthOf, paramsSchema } from '../bars/params.ts';
import { readBars } from '../bars/parquet.ts';
import { withDuckDB } from '../lib/duckdb.ts';
import { intervalMs, unevenly } from '../lib/interval.ts';
import { jsonText } from '../lib/json-text.ts';
import { writeOutput } from '../lib/write-output.ts';
import { toCsv } from '../reports/csv.ts';
import type { Columns } from '../reports/rows.ts';
import { listed } from './listed.ts';
import type { LongerDifference } from './longer-bars.ts';
import { compareLonger } from './longer-bars.ts';

const params = paramsSchema.extend({ against: z.string() }).superRefine(({ interval, against }, ctx) => {
  const refused = unevenly(interval, against);
  if (refused !== undefined) ctx.addIssue({ code: 'custom', path: ['against'], message: refused });
});

export default defineTask({
  version: 1,
  params,
  async run(ctx) {
    const month = monthOf(ctx);
    const { symbol, market, interval, against } = ctx.params;
    const length = intervalMs(against);
    if (length === undefined) throw new Error(`${ctx.target}: unchecked interval ${against}`);
    const { files } = gapsSchema.parse(JSON.parse(await readFile(inputPath(ctx, 'published'), 'utf8')));
    if (files.length === 0) return { absent: `the archive has no file of ${against} for ${month.month}` };
    const [ours, publisher] = await withDuckDB(ctx.signal, async (session) => [
      await readBars(session, inputPath(ctx, 'bars')),
      await readBars(session, inputPath(ctx, 'longer')),
    ]);

    const list = listed<Row>();
    const { bars, classes, columns } = compareLonger(ours, publisher, month, length, (difference) =>
      list.add(rowOf(difference)),
    );
    if (bars.expected === 0) return { absent: `no bar of ${against} lies within ${month.month} so far` };
    const document = {
      version: 1,
      symbol,
      market,
      interval,
      against,
      month: month.month,
      start: isoSeconds(month.span.start),
      end: isoSeconds(month.span.end),
      files,
      bars: { ...bars },
      classes: { ...classes },
      columns: { ...columns },
      differences: { ...list.counts },
    };
    const unwritten =
      (await writeOutput(ctx, 'differences', toCsv(COLUMNS, list.rows))) ??
      (await writeOutput(ctx, 'summary', jsonText(document)));
    return unwritten && { failed: unwritten };
  },
});

interface Row {
  readonly ts: string;
  readonly class: string;
  readonly column: string;
  readonly ours: string;
  readonly publisher: string;
  /** What ours is made of, and what it is to be made of. */
  readonly bars: number;
  readonly expected: number;
}

const COLUMNS: Columns<Row> = {
  ts: 'instant',
  class: 'text',
  column: 'text',
  ours: 'text',
  publisher: 'text',
  bars: 'count',
  expected: 'count',
};

function rowOf({ ts, of, column, ours, publisher, bars, expected }: LongerDifference): Row {
  const spelt = (value: number): string =>
    column === 'bar' ? (value === 1 ? 'present' : 'missing') : String(value);
  return {
    ts: isoSeconds(ts),
    class: of,
    column,
    ours: spelt(ours),
    publisher: spelt(publisher),
    bars,
    expected,
  };
}
