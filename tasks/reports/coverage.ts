/**
 * The task `reports/coverage`: reads the summaries of all months, writes all reports of a run, and alarms where gates
 * are broken. What the reports say is reckoned elsewhere; this file knows the fan-ins and the disk.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { setImmediate as others } from 'node:timers/promises';
import { z } from 'zod';
import type { Json, Member, TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { defineTask, outputPath } from '../../src/engine/task.ts';
import { INSTANT_FORM, instantMs } from '../lib/instant.ts';
import { intervalMs, refusedInterval } from '../lib/interval.ts';
import { gatesSchema } from '../quality/gates.ts';
import { haltedBars, haltsSchema } from '../quality/halts.ts';
import { judge } from '../quality/judge.ts';
import { alertsOf } from '../quality/words.ts';
import { coverageRows, gapRows } from './coverage-rows.ts';
import { toCsv } from './csv.ts';
import { unpacked } from './days.ts';
import type { FanIns, SymbolFacts } from './months.ts';
import { keyOf, spanOf, symbolFacts, symbolOf } from './months.ts';
import { qualityRows } from './quality-rows.ts';
import { reckon } from './reckon.ts';
import { COVERAGE_COLUMNS, GAP_COLUMNS, QUALITY_COLUMNS } from './rows.ts';
import { summarize } from './summarize.ts';
import { parseSummary } from './summary.ts';

const MINUTE = 60_000;

const params = z.object({
  /** The last minute that counts: partitions are clipped to its end. */
  as_of: z.string().transform((text, ctx) => {
    const ms = instantMs(text);
    if (ms !== undefined) return { text, watermark: ms + MINUTE };
    ctx.addIssue({ code: 'custom', message: `"${text}": expected ${INSTANT_FORM}` });
    return z.NEVER;
  }),
  market: z.string(),
  interval: z.string().transform((text, ctx) => {
    const step = intervalMs(text);
    if (step !== undefined) return { text, step };
    ctx.addIssue({ code: 'custom', message: refusedInterval(text) ?? `"${text}" is no interval` });
    return z.NEVER;
  }),
  gates: gatesSchema,
  /** Of the market; null where the config has no calendar. */
  halts: haltsSchema.nullish(),
  /**
   * In the order of the reports: needed where a symbol may be absent or failed as a whole. Where a listing gives the
   * symbols (`{ keys: … }`) its order counts.
   */
  symbols: z
    .union([z.array(z.string()), z.looseObject({ keys: z.looseObject({}) }).transform(() => undefined)])
    .optional(),
});

/**
 * Summaries that are read before others have their turn: some twenty milliseconds. One read at a time and in place takes
 * a fifth of the time of many at once, which counts where there are tens of thousands.
 */
const BATCH = 256;

export default defineTask<z.output<typeof params>>({
  version: 1,
  params,
  async run(ctx) {
    const { as_of, market, interval, gates, halts } = ctx.params;
    const { step } = interval;
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
    const halted = halts ? haltedBars(halts, step) : [];
    const figures = reckon(facts, { step, watermark: as_of.watermark, halted });
    const judgement = judge(gates, figures);
    const about = { market, interval: interval.text, asOf: as_of.text, haltsVersion: halts?.version ?? null };
    const document = summarize(figures, judgement, about);
    const gaps = gapRows(figures);
    const { pageOf } = await loadPage();
    const texts = {
      coverage: toCsv(COVERAGE_COLUMNS, coverageRows(figures, judgement)),
      gaps: toCsv(GAP_COLUMNS, gaps),
      quality: toCsv(QUALITY_COLUMNS, qualityRows(judgement.results)),
      summary: `${JSON.stringify(document, undefined, 2)}\n`,
      page: pageOf(document, gaps, seriesOf(facts)),
    };
    for (const [name, text] of Object.entries(texts)) await writeFile(outputPath(ctx, name), text);
    return { alerts: alertsOf(judgement) };
  },
});

/** Of each symbol each day's last close and quote volume, as the summaries of its months have them: when asked for. */
function seriesOf(symbols: readonly SymbolFacts[]) {
  return symbols.map(({ symbol, months }) => ({
    symbol,
    get days() {
      return months.flatMap((month) => (month.kind === 'present' ? unpacked(month.summary.days) : []));
    },
  }));
}

/** Lazily, for its charts; here, because TypeScript 6.0 leaves the name as it is within a method of an argument. */
async function loadPage(): Promise<typeof import('./page/page.ts')> {
  return import('./page/page.ts');
}

type Present = FanIns['present'][number];
type Read =
  | { readonly ok: true; readonly present: readonly Present[] }
  | { readonly ok: false; readonly failure: TaskFailure };

async function readSummaries(ctx: TaskContext<unknown>, step: number): Promise<Read> {
  const members = ctx.members['summaries'] ?? [];
  const present: Present[] = [];
  for (let at = 0; at < members.length; at += BATCH) {
    ctx.signal.throwIfAborted();
    for (const member of members.slice(at, at + BATCH)) {
      const { path, partition } = member;
      const expectation = {
        symbol: symbolOf(partition),
        month: keyOf(partition, 'month'),
        span: spanOf(partition),
        step,
      };
      const parsed = parseSummary(readFileSync(path, 'utf8'), expectation);
      if (!parsed.ok) return { ok: false, failure: malformed(ctx.workspace, member, parsed.problem) };
      present.push({ member, summary: parsed.summary });
    }
    ctx.progress(present.length, members.length, 'summaries');
    await others();
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
