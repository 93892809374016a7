/**
 * Task: a month of one symbol as its monthly file has it, as its daily files have it, and as REST has it → where they
 * disagree, row by row. A file that cannot be used is named, and the rest is compared. It mends nothing, and does not say
 * who is right: only who is alone.
 */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { z } from 'zod';
import type { FailedMember, Json, TaskContext } from '../../src/engine/task.ts';
import { defineTask, inputPath } from '../../src/engine/task.ts';
import type { Batch } from '../bars/collect.ts';
import type { SourceFile } from '../bars/documents.ts';
import { isoSeconds } from '../bars/grid.ts';
import type { Params } from '../bars/params.ts';
import { monthOf, paramsSchema } from '../bars/params.ts';
import { parseRestRows } from '../bars/rest-rows.ts';
import type { Source } from '../bars/table.ts';
import { kindOf, rowsOfZip, zipsOf } from '../bars/zip-rows.ts';
import { jsonText } from '../lib/json-text.ts';
import type { Range } from '../lib/ranges.ts';
import { countInAll, joined, without } from '../lib/ranges.ts';
import type { Read } from '../lib/settings.ts';
import { limitsSchema, readSettings } from '../lib/settings.ts';
import { writeOutput } from '../lib/write-output.ts';
import { toCsv } from '../reports/csv.ts';
import type { Columns } from '../reports/rows.ts';
import type { Comparison, Difference } from './compare.ts';
import { compare } from './compare.ts';
import { listed } from './listed.ts';
import type { Grid, Side } from './side.ts';
import { barsOfSpan, sideOf } from './side.ts';

const settingsSchema = z.looseObject({ limits: limitsSchema });

/** The fan-ins whose members are files of the archive: those that serve, and those that do not. */
const FILES = ['serving', 'others'] as const;

export default defineTask({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(settingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const month = monthOf(ctx);
    const files = await filesOf(ctx, month, settings.value.limits);
    const rest = await restOf(ctx, month);
    if (!rest.ok) return { failed: rest.failure };
    const sides = [...files.sides, rest.value.side].filter(
      ({ covers, rows }) => covers.length > 0 || rows > 0,
    );
    if (sides.length < 2) return { absent: whyNot(month.month, sides, files.refused) };

    const list = listed<Row>();
    const comparison = compare(sides, month, (difference) => list.add(rowOf(difference)));
    const { symbol, market, interval } = ctx.params;
    const document = {
      version: 1,
      symbol,
      market,
      interval,
      month: month.month,
      start: isoSeconds(month.span.start),
      end: isoSeconds(month.span.end),
      sources: Object.fromEntries(sides.map((side) => [side.source, sourceOf(side, month.interval)])),
      files: files.read.map((file) => ({ ...file })),
      refused: files.refused.map((refused) => ({ ...refused })),
      rest: rest.value.unasked && { ...rest.value.unasked },
      ...asJson(comparison),
      differences: { ...list.counts },
    };
    const unwritten =
      (await writeOutput(ctx, 'differences', toCsv(COLUMNS, list.rows))) ??
      (await writeOutput(ctx, 'summary', jsonText(document)));
    return unwritten && { failed: unwritten };
  },
});

interface Refused {
  readonly name: string;
  readonly source: SourceFile['kind'];
  readonly code: string;
  readonly message: string;
}

interface Files {
  readonly sides: readonly Side[];
  readonly read: readonly SourceFile[];
  readonly refused: readonly Refused[];
}

async function filesOf(
  ctx: TaskContext<Params>,
  grid: Grid,
  limits: z.output<typeof settingsSchema>['limits'],
): Promise<Files> {
  const read: { readonly batch: Batch; readonly file: SourceFile; readonly covers: readonly Range[] }[] = [];
  const refused = FILES.flatMap((name) => ctx.failed[name] ?? []).map((member) => refusedOf(ctx, member));
  const zips = zipsOf(FILES.flatMap((name) => ctx.members[name] ?? []));
  for (const [index, zip] of zips.entries()) {
    ctx.signal.throwIfAborted();
    const rows = await rowsOfZip(ctx.params, zip, limits);
    if (rows.ok) {
      const covers = zip.own === undefined ? [] : barsOfSpan(zip.own, grid);
      read.push({ batch: rows.batch, file: rows.file, covers });
    } else {
      const { code, message } = rows.failure;
      refused.push({ ...named(ctx, zip.key), code, message });
    }
    ctx.progress(index + 1, zips.length, 'files');
  }
  const side = (source: SourceFile['kind']): Side => {
    const own = read.filter(({ file }) => file.kind === source);
    const covers = joined(
      own.flatMap((each) => each.covers),
      grid.interval,
    );
    return sideOf(
      source,
      own.map(({ batch }) => batch),
      covers,
      grid,
    );
  };
  return { sides: [side('monthly'), side('daily')], read: read.map(({ file }) => file), refused };
}

/** What the engine could not have made: who made it fail says the rest. */
function refusedOf(ctx: TaskContext<Params>, { target, partition, code, roots }: FailedMember): Refused {
  const key = Object.values(partition.keys).at(-1) ?? '';
  const blamed = roots.filter((root) => root !== target);
  const message = blamed.length === 0 ? `${target} failed` : `${target} is blocked by ${blamed.join(', ')}`;
  return { ...named(ctx, key), code, message };
}

function named({ params }: TaskContext<Params>, key: string): Pick<Refused, 'name' | 'source'> {
  const source = kindOf(key);
  if (source === undefined) throw new Error(`"${key}" is neither a month nor a day`);
  return { name: `${params.symbol}-${params.interval}-${key}.zip`, source };
}

/** Bars of which REST has said nothing: they are not compared with it. */
interface Unasked {
  readonly unanswered: number;
  readonly unknown_symbol: number;
}

interface Rest {
  readonly side: Side;
  readonly unasked: Unasked | null;
}

async function restOf(ctx: TaskContext<Params>, grid: Grid): Promise<Read<Rest>> {
  if (ctx.inputs['rest'] === undefined) {
    return { ok: true, value: { side: sideOf('rest', [], [], grid), unasked: null } };
  }
  const path = inputPath(ctx, 'rest');
  const parsed = parseRestRows(await readFile(path, 'utf8'), relative(ctx.workspace, path));
  if (!parsed.ok) return parsed;
  const { klines, document } = parsed;
  const { unanswered, unknownSymbol } = document;
  const { interval } = grid;
  const silent = joined([...unanswered, ...unknownSymbol], interval);
  const covers = without(barsOfSpan(grid.span, grid), silent, interval);
  const side = sideOf('rest', [{ source: 'rest', klines }], covers, grid);
  const unasked = {
    unanswered: countInAll(unanswered, interval),
    unknown_symbol: countInAll(unknownSymbol, interval),
  };
  return { ok: true, value: { side, unasked } };
}

const ONLY: Readonly<Record<Source, string>> = {
  monthly: 'is only the monthly file',
  daily: 'are only daily files',
  rest: 'is only what REST has',
};

function whyNot(month: string, [only]: readonly Side[], refused: readonly Refused[]): string {
  const there =
    only === undefined
      ? `there is nothing of ${month} to compare`
      : `of ${month} there ${ONLY[only.source]}: nothing to compare with`;
  const why = refused.map(({ name, code }) => `${name} (${code})`);
  return why.length === 0 ? there : `${there}; refused: ${why.join(', ')}`;
}

function sourceOf({ rows, bars, covers, outside, offGrid }: Side, interval: number) {
  return { rows, bars: bars.rows, covered: countInAll(covers, interval), outside, off_grid: offGrid };
}

/** Interfaces have no index signature, which `Json` asks for. */
function asJson({ values, close_time_only, ...rest }: Comparison): Readonly<Record<string, Json>> {
  return {
    bars: { ...rest.bars },
    missing: { ...rest.missing },
    duplicates: { ...rest.duplicates },
    order: { ...rest.order },
    values: { ...values, alone: { ...values.alone }, columns: { ...values.columns } },
    close_time_only: { ...close_time_only, alone: { ...close_time_only.alone } },
  };
}

/** A cell is empty where the source cannot have the bar, or has none whose values could differ. */
interface Row {
  readonly ts: string;
  readonly column: string;
  readonly monthly: string;
  readonly daily: string;
  readonly rest: string;
}

const COLUMNS: Columns<Row> = { ts: 'instant', column: 'text', monthly: 'text', daily: 'text', rest: 'text' };

function rowOf({ ts, column, said }: Difference): Row {
  const spelt = (value: number | undefined): string => {
    if (value === undefined) return '';
    if (column === 'bar') return value === 1 ? 'present' : 'missing';
    return column === 'open_time' || column === 'close_time' ? new Date(value).toISOString() : String(value);
  };
  return {
    ts: isoSeconds(ts),
    column,
    monthly: spelt(said.monthly),
    daily: spelt(said.daily),
    rest: spelt(said.rest),
  };
}
