/**
 * All that REST says of some bars, with where it came from: the stored answers first, then the exchange, as settings of
 * a rule tell. What the bars are wanted for it does not know.
 */
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import type { TaskContext, TaskDone } from '../../../src/engine/task.ts';
import type { FillDocument } from '../../bars/rest-rows.ts';
import { DURATION_FORM, durationMs } from '../../lib/duration.ts';
import { intervalMs } from '../../lib/interval.ts';
import type { Range } from '../../lib/ranges.ts';
import type { Read } from '../../lib/settings.ts';
import { baseUrlSchema, networkSchema } from '../../lib/settings.ts';
import type { Series } from '../layout.ts';
import { answerName } from './answer-file.ts';
import { Answers } from './answers.ts';
import { spanOf } from './asking.ts';
import { klinesAddress, RestClient } from './client.ts';
import { fillGaps } from './fill-gaps.ts';

export const restSettingsSchema = z.looseObject({
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

export type RestSettings = z.output<typeof restSettingsSchema>;

export interface WholeAnswer {
  readonly document: FillDocument;
  /** `rows` is the output that it is written to. */
  readonly done: TaskDone;
}

/** What could not be asked for is named in the document and makes the result an incomplete one. */
export async function wholeAnswer(
  ctx: TaskContext<Series>,
  settings: RestSettings,
  ranges: readonly Range[],
): Promise<Read<WholeAnswer>> {
  const { market, symbol, interval } = ctx.params;
  const { answers, rest_url: restUrl, weight_limit: limit, weight_share: share, network } = settings;
  const series = { market, symbol, interval };
  const step = intervalMs(interval) ?? Number.NaN;
  const root = isAbsolute(answers) ? answers : join(ctx.workspace, answers);
  const folder = join(root, market, symbol, interval);
  const { workspace, signal } = ctx;
  const log = (line: string): void => ctx.log(line);
  const stored = await Answers.in({ workspace, folder, series, step, warn: (line) => ctx.warn(line) });
  if (!stored.ok) return stored;
  const unread = await stored.value.consult(ranges);
  if (unread !== undefined) return { ok: false, failure: unread };
  const client = new RestClient({ market, restUrl, limit, share, network, workspace, signal, log });
  const { document, recheckAfter, failure } = await fillGaps({
    answers: stored.value,
    client: ctx.offline ? undefined : client,
    series,
    step,
    gaps: ranges,
    recheck: settings.recheck,
    log,
    progress: (done, total) => ctx.progress(done, total, 'bars'),
  });
  const done: TaskDone = {
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
  };
  return { ok: true, value: { document, done } };
}
