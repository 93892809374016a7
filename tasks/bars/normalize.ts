/**
 * Task: a month's ZIPs → one typed, floored, deduplicated, sorted table, and what it lacks of the month. It knows
 * neither where the ZIPs come from nor how gaps are filled.
 */
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import type { Member, Span, TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { byCodeUnit, defineTask, outputPath, sha256 } from '../../src/engine/task.ts';
import { withDuckDB } from '../lib/duckdb.ts';
import { jsonText } from '../lib/json-text.ts';
import { limitsSchema, readSettings } from '../lib/settings.ts';
import type { ZipLimits } from '../lib/zip.ts';
import { readOnlyMember } from '../lib/zip.ts';
import type { Batch, Collected } from './collect.ts';
import { collect } from './collect.ts';
import type { GapsDocument, Plan } from './documents.ts';
import { extentOf, isProvisional, planSchema } from './documents.ts';
import { countWithin, gapsIn, isoSeconds } from './grid.ts';
import { parseKlines } from './kline-csv.ts';
import { misplacedFile } from './misplaced.ts';
import type { MonthOf, Params } from './params.ts';
import { monthOf, paramsSchema } from './params.ts';
import { writeBars } from './parquet.ts';
import { applyRules, countFlags } from './rules.ts';

const settingsSchema = z.looseObject({ limits: limitsSchema });

type SourceFile = GapsDocument['files'][number];

export default defineTask({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(settingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const { max_zip_bytes, max_csv_bytes } = settings.value.limits;
    const limits = { maxZipBytes: max_zip_bytes, maxMemberBytes: max_csv_bytes };
    const month = monthOf(ctx);
    const plan = planSchema.parse(ctx.values['plan'] ?? null);

    const batches: Batch[] = [];
    const files: SourceFile[] = [];
    const zips = inOrder(ctx.members['zips'] ?? []);
    for (const [index, zip] of zips.entries()) {
      ctx.signal.throwIfAborted();
      const read = await readZip(ctx, zip, month.interval, limits);
      if (!read.ok) return { failed: read.failure };
      batches.push(read.batch);
      files.push(read.file);
      ctx.progress(index + 1, zips.length, 'files');
    }

    const collected = collect(batches, month.span, month.interval);
    const { bars } = collected;
    applyRules(bars, {
      market: ctx.params.market,
      interval: month.interval,
      provisional: isProvisional(plan),
    });
    await withDuckDB(ctx.signal, (session) => writeBars(session, outputPath(ctx, 'bars'), bars));
    await writeFile(outputPath(ctx, 'gaps'), jsonText(gapsDocument(collected, month, plan, files)));
    return undefined;
  },
});

interface Zip {
  readonly key: string;
  readonly path: string;
  /** What its key stands for, whole. */
  readonly own: Span | undefined;
}

/** By name, whatever the order they come in: it decides between rows of equal rank. */
function inOrder(members: readonly Member[]): readonly Zip[] {
  return members
    .map(({ path, partition }) => ({
      key: partition.keys['file'] ?? '',
      path,
      own: partition.spans['file'],
    }))
    .sort((a, b) => byCodeUnit(a.key, b.key));
}

type ReadZip =
  | { readonly ok: true; readonly batch: Batch; readonly file: SourceFile }
  | { readonly ok: false; readonly failure: TaskFailure };

async function readZip(
  { target, params }: TaskContext<Params>,
  { key, path, own }: Zip,
  interval: number,
  limits: ZipLimits,
): Promise<ReadZip> {
  const kind = kindOf(key);
  if (kind === undefined) {
    throw new Error(
      `${target}: file "${key}" of ${path} is neither a month (2024-01) nor a day (2024-01-05)`,
    );
  }
  const name = basename(path);
  const member = `${params.symbol}-${params.interval}-${key}.csv`;
  const unpacked = await readOnlyMember(path, { member, display: name }, limits);
  if (!unpacked.ok) return unpacked;
  const parsed = parseKlines(unpacked.bytes, name);
  if (!parsed.ok) return parsed;
  const { klines } = parsed;
  const misplaced = own === undefined ? undefined : misplacedFile(klines, own, interval, { name, key });
  if (misplaced !== undefined) return { ok: false, failure: misplaced };
  return {
    ok: true,
    batch: { source: kind, klines, own },
    file: { name, sha256: sha256(unpacked.archive), kind, rows: klines.rows },
  };
}

function kindOf(key: string): 'monthly' | 'daily' | undefined {
  if (/^\d{4}-\d{2}$/.test(key)) return 'monthly';
  return /^\d{4}-\d{2}-\d{2}$/.test(key) ? 'daily' : undefined;
}

function gapsDocument(
  { bars, duplicates, conflicts, outside }: Collected,
  { span, interval }: MonthOf,
  plan: Plan,
  files: readonly SourceFile[],
) {
  return {
    version: 1,
    start: isoSeconds(span.start),
    end: isoSeconds(span.end),
    expected: countWithin(span, interval),
    rows: bars.rows,
    ...extentOf(bars.ts, gapsIn(bars.ts, span, interval)),
    counts: { ...countFlags(bars), duplicates, conflicts, outside },
    plan,
    files: [...files],
  } as const satisfies GapsDocument;
}
