/**
 * Task: a month's staged rows and what REST gave for its gaps → the final table, its summary beside it. A row from
 * REST counts only where the files have none. It asks nobody and mends nothing.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { canonicalJson, defineTask, inputPath, outputPath, sha256 } from '../../src/engine/task.ts';
import type { Session } from '../lib/duckdb.ts';
import { withDuckDB } from '../lib/duckdb.ts';
import { jsonText } from '../lib/json-text.ts';
import type { Changes } from './changes.ts';
import { changesBetween } from './changes.ts';
import { daysOf } from './days.ts';
import type { GapsDocument, Summary } from './documents.ts';
import { answeredOf, extentOf, gapsSchema, isProvisional } from './documents.ts';
import { checkBars } from './gate.ts';
import { countWithin, gapsIn, isoSeconds } from './grid.ts';
import { noBarText } from './no-bars.ts';
import { flatsIn, jumpsIn } from './oddities.ts';
import type { MergeParams, MonthOf } from './params.ts';
import { mergeParamsSchema, monthOf } from './params.ts';
import { readBars, writeBars } from './parquet.ts';
import type { FillDocument } from './rest-rows.ts';
import { parseRestRows, rowsText } from './rest-rows.ts';
import { countBreaks, countFlags } from './rules.ts';
import type { Bars } from './table.ts';
import { newBars, SOURCES } from './table.ts';
import type { Merged } from './union.ts';
import { fillFrom } from './union.ts';

/** Of the columns and their meaning: raise it when a reader of old files would be misled by new ones. */
const SCHEMA_VERSION = '1';

export default defineTask({
  version: 1,
  params: mergeParamsSchema,
  async run(ctx) {
    const month = monthOf(ctx);
    const gaps = gapsSchema.parse(JSON.parse(await readFile(inputPath(ctx, 'gaps'), 'utf8')));
    const fillPath = inputPath(ctx, 'fill');
    const fill = parseRestRows(await readFile(fillPath, 'utf8'), relative(ctx.workspace, fillPath));
    if (!fill.ok) return { failed: fill.failure };

    return withDuckDB(ctx.signal, async (session) => {
      const staged = await readBars(session, inputPath(ctx, 'staged'));
      const merged = fillFrom(staged, fill.klines, month, {
        market: ctx.params.market,
        interval: month.interval,
        provisional: isProvisional(gaps.plan),
      });
      if (merged.bars.rows === 0) {
        return { absent: whyNone(gaps, month) };
      }
      const broken = checkBars(merged.bars, month.span, month.interval, `bars of ${ctx.target}`);
      if (broken !== undefined) return { failed: broken };

      const files: Summary['files'] =
        merged.filled > 0 ? [...gaps.files, answerOf(ctx.params, month, fill.document)] : gaps.files;
      const unwritten = await publish(ctx, session, merged.bars, month, files);
      if (unwritten !== undefined) return { failed: unwritten };
      const summary = summaryOf(ctx.params, month, merged, {
        gaps,
        fill: fill.document,
        files,
      });
      await writeFile(outputPath(ctx, 'summary'), jsonText(summary));
      const changes = await changesSince(ctx, session, merged.bars);
      return changes === undefined ? undefined : { changes };
    });
  },
});

type Files = Summary['files'];

/** Files without a bar of the month are something else than no files. Another listing is another plan: nothing is asked again. */
function whyNone({ files, plan }: GapsDocument, { month }: MonthOf): string {
  return files.length === 0 ? (plan?.reason ?? 'not-published') : noBarText(month, files);
}

/**
 * REST answers have no file name of their own here: they go by the month that they help to make. The digest is of the
 * rows alone: what could not be asked for is no part of the table.
 */
function answerOf(
  { symbol, interval }: MergeParams,
  { month }: MonthOf,
  { rows }: FillDocument,
): Files[number] {
  const name = `${symbol}-${interval}-${month}.rest.json`;
  return { name, sha256: sha256(rowsText(rows)), kind: 'rest', rows: rows.length, expected: null };
}

/** What is otherwise than in the table in place: without one all is new, and of one that cannot be read nothing is said. */
async function changesSince(
  { workspace, finalOutputs, signal }: TaskContext<MergeParams>,
  session: Session,
  bars: Bars,
): Promise<Changes | undefined> {
  const path = join(workspace, finalOutputs['bars'] ?? '');
  let before: Bars;
  try {
    before = existsSync(path) ? await readBars(session, path) : newBars(0);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  return changesBetween(before, bars);
}

/** Writes the table and looks at what the file says of itself. */
async function publish(
  ctx: TaskContext<MergeParams>,
  session: Session,
  bars: Bars,
  { month }: MonthOf,
  files: Files,
): Promise<TaskFailure | undefined> {
  const { symbol, interval, market } = ctx.params;
  const path = outputPath(ctx, 'bars');
  const sources = canonicalJson(files.map(({ name, sha256 }) => ({ name, sha256 })));
  await writeBars(session, path, bars, {
    schema_version: SCHEMA_VERSION,
    symbol,
    month,
    interval,
    market,
    sources,
  });
  const [written] = await session.doubles(
    'SELECT unnest([num_rows, num_row_groups])::DOUBLE FROM parquet_file_metadata($1)',
    [path],
  );
  if (written?.[0] === bars.rows && written[1] === 1) return undefined;
  return {
    code: 'gate-written',
    message: `bars of ${ctx.target}: the file has ${written?.[0]} rows in ${written?.[1]} row groups, expected ${bars.rows} in 1`,
    hint: 'this is a defect of the pipeline: please report it',
  };
}

/** What the rows were made of, and what was said of those that are not there. */
interface Origin {
  readonly gaps: GapsDocument;
  readonly fill: FillDocument;
  readonly files: Files;
}

function summaryOf(
  { symbol, market, interval: spelt, checks }: MergeParams,
  { month, span, interval }: MonthOf,
  { bars, duplicates, conflicts, outside, outOfOrder }: Merged,
  { gaps: { counts }, fill, files }: Origin,
) {
  const rowsFrom = SOURCES.map((_, code) =>
    bars.source.reduce((sum, from) => sum + (from === code ? 1 : 0), 0),
  );
  const [monthly = 0, daily = 0, rest = 0] = rowsFrom;
  const holes = gapsIn(bars.ts, span, interval);
  return {
    version: 2,
    symbol,
    market,
    interval: spelt,
    month,
    start: isoSeconds(span.start),
    end: isoSeconds(span.end),
    expected: countWithin(span, interval),
    rows: bars.rows,
    ...extentOf(bars.ts, holes),
    ...answeredOf(holes, fill, interval),
    min_low: bars.low.reduce((least, low) => Math.min(least, low), Number.POSITIVE_INFINITY),
    max_high: bars.high.reduce((most, high) => Math.max(most, high), Number.NEGATIVE_INFINITY),
    ...countFlags(bars),
    duplicates: counts.duplicates + duplicates,
    conflicts: counts.conflicts + conflicts,
    outside: counts.outside + outside,
    out_of_order: counts.out_of_order + outOfOrder,
    breaks: countBreaks(bars, market),
    jumps: jumpsIn(bars, interval, checks.jump_sigma),
    flats: flatsIn(bars, interval, checks.flat_bars),
    days: daysOf(bars),
    sources: { monthly, daily, rest },
    files: files.map((file) => ({ ...file })),
  } satisfies Summary;
}
