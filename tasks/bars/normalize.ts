/**
 * Task: a month's ZIPs → one typed, floored, deduplicated, sorted table, and what it lacks of the month. It knows
 * neither where the ZIPs come from nor how gaps are filled.
 */
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineTask, outputPath } from '../../src/engine/task.ts';
import { withDuckDB } from '../lib/duckdb.ts';
import { jsonText } from '../lib/json-text.ts';
import { giveBack } from '../lib/scratch.ts';
import { limitsSchema, readSettings } from '../lib/settings.ts';
import type { Batch, Collected } from './collect.ts';
import { collect } from './collect.ts';
import type { GapsDocument, Plan, SourceFile } from './documents.ts';
import { extentOf, isProvisional, planSchema } from './documents.ts';
import { countWithin, gapsIn, isoSeconds } from './grid.ts';
import type { MonthOf } from './params.ts';
import { monthOf, paramsSchema } from './params.ts';
import { writeBars } from './parquet.ts';
import { applyRules, countFlags } from './rules.ts';
import { columnsOf } from './table.ts';
import { rowsOfZip, zipsOf } from './zip-rows.ts';

const settingsSchema = z.looseObject({ limits: limitsSchema });

export default defineTask({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(settingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const month = monthOf(ctx);
    const plan = planSchema.parse(ctx.values['plan'] ?? null);

    const batches: Batch[] = [];
    const files: SourceFile[] = [];
    const zips = zipsOf(ctx.members['zips'] ?? []);
    for (const [index, zip] of zips.entries()) {
      ctx.signal.throwIfAborted();
      const read = await rowsOfZip(ctx.params, zip, settings.value.limits);
      if (!read.ok) return { failed: read.failure };
      batches.push(read.batch);
      files.push(read.file);
      ctx.progress(index + 1, zips.length, 'files');
    }

    const collected = collect(batches, month.span, month.interval);
    giveBack(...batches.map(({ klines }) => klines.values));
    const { bars } = collected;
    applyRules(bars, {
      market: ctx.params.market,
      interval: month.interval,
      provisional: isProvisional(plan),
    });
    await withDuckDB(ctx.signal, (session) => writeBars(session, outputPath(ctx, 'bars'), bars));
    await writeFile(outputPath(ctx, 'gaps'), jsonText(gapsDocument(collected, month, plan, files)));
    giveBack(...columnsOf(bars));
    return undefined;
  },
});

function gapsDocument(
  { bars, duplicates, conflicts, outside, outOfOrder }: Collected,
  { span, interval }: MonthOf,
  plan: Plan,
  files: readonly SourceFile[],
) {
  return {
    version: 2,
    start: isoSeconds(span.start),
    end: isoSeconds(span.end),
    expected: countWithin(span, interval),
    rows: bars.rows,
    ...extentOf(bars.ts, gapsIn(bars.ts, span, interval)),
    counts: { ...countFlags(bars), duplicates, conflicts, outside, out_of_order: outOfOrder },
    plan,
    files: [...files],
  } as const satisfies GapsDocument;
}
