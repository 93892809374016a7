/**
 * The task `reports/coverage`: reads the summaries of all months, writes coverage_report.csv and gap_report.csv.
 * What the rows say is reckoned elsewhere; this file knows the fan-ins and the disk.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { z } from 'zod';
import type { Json, Member, TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { defineTask, outputPath } from '../../src/engine/task.ts';
import { intervalMs, refusedInterval } from '../lib/interval.ts';
import { toCsv } from './csv.ts';
import type { FanIns } from './months.ts';
import { keyOf, spanOf, symbolFacts, symbolOf } from './months.ts';
import { reckon } from './reckon.ts';
import { COVERAGE_COLUMNS, GAP_COLUMNS } from './rows.ts';
import { parseSummary } from './summary.ts';

const fraction = z.number().min(0).max(1);

const params = z.object({
  /** Not reckoned with: it makes the run another one, and the partitions are clipped to it. */
  as_of: z.string(),
  market: z.string(),
  interval: z.string().transform((text, ctx) => {
    const ms = intervalMs(text);
    if (ms !== undefined) return ms;
    ctx.addIssue({ code: 'custom', message: refusedInterval(text) ?? `"${text}" is no interval` });
    return z.NEVER;
  }),
  thresholds: z.object({ critical: fraction, warning: fraction }),
  /**
   * In the order of the reports: needed where a symbol may be absent or failed as a whole. Where a listing gives the
   * symbols (`{ keys: … }`) its order counts.
   */
  symbols: z
    .union([z.array(z.string()), z.looseObject({ keys: z.looseObject({}) }).transform(() => undefined)])
    .optional(),
});

/** Summaries that are read at once. */
const BATCH = 32;

export default defineTask<z.output<typeof params>>({
  version: 1,
  params,
  async run(ctx) {
    const step = ctx.params.interval;
    const read = await readSummaries(ctx, step);
    if (!read.ok) return { failed: read.failure };
    const first = ctx.values['first'] ?? [];
    if (!isList(first)) throw new Error(`${ctx.target}: input "first" must be a fan-in of values`);
    const facts = symbolFacts(
      {
        present: read.present,
        absent: ctx.absent['summaries'] ?? [],
        failed: ctx.failed['summaries'] ?? [],
        first: {
          members: ctx.members['first'] ?? [],
          values: first,
          absent: ctx.absent['first'] ?? [],
          failed: ctx.failed['first'] ?? [],
        },
      },
      ctx.params.symbols,
    );
    const { coverage, gaps } = reckon(facts, step, ctx.params.thresholds);
    await writeFile(outputPath(ctx, 'coverage'), toCsv(COVERAGE_COLUMNS, coverage));
    await writeFile(outputPath(ctx, 'gaps'), toCsv(GAP_COLUMNS, gaps));
    return undefined;
  },
});

type Present = FanIns['present'][number];
type Read =
  | { readonly ok: true; readonly present: readonly Present[] }
  | { readonly ok: false; readonly failure: TaskFailure };

async function readSummaries(ctx: TaskContext<unknown>, step: number): Promise<Read> {
  const members = ctx.members['summaries'] ?? [];
  const present: Present[] = [];
  for (let at = 0; at < members.length; at += BATCH) {
    ctx.signal.throwIfAborted();
    const batch = members.slice(at, at + BATCH);
    const texts = await Promise.all(batch.map(({ path }) => readFile(path, 'utf8')));
    for (const [index, member] of batch.entries()) {
      const { partition } = member;
      const expectation = {
        symbol: symbolOf(partition),
        month: keyOf(partition, 'month'),
        span: spanOf(partition),
        step,
      };
      const parsed = parseSummary(texts[index] ?? '', expectation);
      if (!parsed.ok) return { ok: false, failure: malformed(ctx.workspace, member, parsed.problem) };
      present.push({ member, summary: parsed.summary });
    }
    ctx.progress(present.length, members.length, 'summaries');
  }
  return { ok: true, present };
}

function malformed(workspace: string, { path, partition }: Member, problem: string): TaskFailure {
  const file = relative(workspace, path).split(sep).join('/');
  return {
    code: 'summary-malformed',
    message: `${file}: ${problem}`,
    hint: `build the bars of ${symbolOf(partition)}/${keyOf(partition, 'month')} again with --force`,
  };
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
