/**
 * Task: rows from REST for the gaps of a month. The stored answers are consulted before anything is asked, and what is
 * asked for is stored before it is used, so that the rows depend on the gaps and the answers alone. Bars that REST did
 * not have are asked for again after a while. It knows neither why bars are missing nor what becomes of the rows.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { z } from 'zod';
import type { TaskContext, TaskFailure, TaskResult } from '../../src/engine/task.ts';
import { defineTask, inputPath, outputPath } from '../../src/engine/task.ts';
import type { GapsDocument } from '../bars/documents.ts';
import { gapsSchema } from '../bars/documents.ts';
import type { FillDocument } from '../bars/rest-rows.ts';
import { fillText } from '../bars/rest-rows.ts';
import { DURATION_FORM, durationMs } from '../lib/duration.ts';
import { instantMs } from '../lib/instant.ts';
import { intervalMs } from '../lib/interval.ts';
import type { Read } from '../lib/settings.ts';
import { baseUrlSchema, networkSchema, readSettings } from '../lib/settings.ts';
import { FILLS, MARKETS, SYMBOL_FORM } from './layout.ts';
import { answerName } from './rest/answer-file.ts';
import { Answers } from './rest/answers.ts';
import { spanOf } from './rest/asking.ts';
import { klinesAddress, RestClient } from './rest/client.ts';
import { fillGaps } from './rest/fill-gaps.ts';

const paramsSchema = z.strictObject({
  market: z.enum(MARKETS),
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string().refine((text) => intervalMs(text) !== undefined),
  fill: z.enum(FILLS),
});

const settingsSchema = z.looseObject({
  rest_url: baseUrlSchema,
  /** Where answers are kept, relative to the workspace. */
  answers: z.string().min(1),
  recheck: z.string().transform((text, ctx) => {
    const ms = durationMs(text);
    if (ms !== undefined) return ms;
    const message = `${JSON.stringify(text)} is no duration: expected ${DURATION_FORM}`;
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
  weight_limit: z.int().positive(),
  weight_share: z.number().positive().max(1),
  network: networkSchema,
});

type Context = TaskContext<z.output<typeof paramsSchema>>;

const NOTHING: FillDocument = { rows: [], empty: [], unknownSymbol: [], unanswered: [] };

export default defineTask({
  version: 2,
  offline: true,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(settingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const document = await gapsOf(ctx);
    if (!document.ok) return { failed: document.failure };
    const gaps = document.value.gaps.map(({ first, last }) => ({ first: ms(first), last: ms(last) }));
    if (gaps.length === 0 || leavesGaps(ctx, document.value)) return write(ctx, NOTHING);

    const { market, symbol, interval } = ctx.params;
    const { answers, rest_url: restUrl, weight_limit: limit, weight_share: share, network } = settings.value;
    const series = { market, symbol, interval };
    const step = intervalMs(interval) ?? Number.NaN;
    const root = isAbsolute(answers) ? answers : join(ctx.workspace, answers);
    const folder = join(root, market, symbol, interval);
    const { workspace, signal } = ctx;
    const log = (line: string): void => ctx.log(line);
    const stored = await Answers.in({ workspace, folder, series, step, warn: (line) => ctx.warn(line) });
    if (!stored.ok) return { failed: stored.failure };
    const unread = await stored.value.consult(gaps);
    if (unread !== undefined) return { failed: unread };
    const client = new RestClient({ market, restUrl, limit, share, network, workspace, signal, log });
    const filled = await fillGaps({
      answers: stored.value,
      client: ctx.offline ? undefined : client,
      series,
      step,
      gaps,
      recheck: settings.value.recheck,
      log,
      progress: (done, total) => ctx.progress(done, total, 'bars'),
    });
    const { recheckAfter, failure } = filled;
    return write(ctx, filled.document, {
      kept: stored.value.paths,
      origins: {
        rows: stored.value.answers.map(({ first, last, askedAt }) => ({
          url: klinesAddress({ market, restUrl }, { symbol, interval, ...spanOf({ first, last }, step) }),
          fetchedAt: new Date(askedAt).toISOString(),
          file: join(folder, answerName({ first, last })),
        })),
      },
      ...(recheckAfter === undefined ? {} : { recheckAfter }),
      ...(failure === undefined ? {} : { incomplete: failure }),
    });
  },
});

/** Nobody is asked for what the config leaves, nor for months in which the symbol was not traded. */
function leavesGaps({ params }: Context, { plan }: GapsDocument): boolean {
  return params.fill === 'none' || plan?.reason === 'pre-listing' || plan?.reason === 'delisted';
}

async function write(ctx: Context, document: FillDocument, result?: TaskResult): Promise<TaskResult> {
  await writeFile(outputPath(ctx, 'rows'), fillText(document));
  return result;
}

async function gapsOf(ctx: Context): Promise<Read<GapsDocument>> {
  const path = inputPath(ctx, 'gaps');
  const text = await readFile(path, 'utf8');
  const no = (problem: string): { ok: false; failure: TaskFailure } => ({
    ok: false,
    failure: {
      code: 'gaps-unreadable',
      message: `${relative(ctx.workspace, path)} ${problem}`,
      hint: 'build the month again: --force with staged selected',
    },
  });
  try {
    const parsed = gapsSchema.safeParse(JSON.parse(text));
    if (parsed.success) return { ok: true, value: parsed.data };
    return no(`is no list of gaps: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  } catch (thrown) {
    return no(`is no JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function ms(text: string): number {
  const instant = instantMs(text);
  if (instant === undefined) throw new Error(`"${text}" among the gaps is no instant`);
  return instant;
}
