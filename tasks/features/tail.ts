/**
 * Task: a month of bars → the closes of its last 24 hours, which is all that the features of the next month need of it:
 * a change elsewhere in the month ends here. It reckons nothing.
 */
import { defineTask, inputPath, outputPath } from '../../src/engine/task.ts';
import { monthOf, paramsSchema } from '../bars/params.ts';
import { parquetOptions } from '../bars/parquet.ts';
import { withDuckDB } from '../lib/duckdb.ts';
import { WINDOW } from './window.ts';

export default defineTask({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const { span, interval } = monthOf(ctx);
    const from = inputPath(ctx, 'bars');
    const rows = `SELECT ts, close FROM read_parquet($2) WHERE ts >= make_timestamp_ms(${span.end - WINDOW}) ORDER BY ts`;
    await withDuckDB(ctx.signal, (session) =>
      session.run(`COPY (${rows}) TO $1 (${parquetOptions(WINDOW / interval)})`, [
        outputPath(ctx, 'tail'),
        from,
      ]),
    );
    return undefined;
  },
});
