/**
 * Task: rows from REST for the gaps of a month. The stored answers are consulted before anything is asked, and what is
 * asked for is stored before it is used, so that the rows depend on the gaps and the answers alone. Bars that REST did
 * not have are asked for again after a while. It knows neither why bars are missing nor what becomes of the rows.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { z } from 'zod';
import type { TaskContext, TaskFailure, TaskResult } from '../../src/engine/task.ts';
import { defineTask, inputPath, outputPath } from '../../src/engine/task.ts';
import type { GapsDocument } from '../bars/documents.ts';
import { gapsSchema } from '../bars/documents.ts';
import type { FillDocument } from '../bars/rest-rows.ts';
import { fillText } from '../bars/rest-rows.ts';
import { instantMs } from '../lib/instant.ts';
import { intervalMs } from '../lib/interval.ts';
import type { Read } from '../lib/settings.ts';
import { readSettings } from '../lib/settings.ts';
import { FILLS, MARKETS, SYMBOL_FORM } from './layout.ts';
import { restSettingsSchema, wholeAnswer } from './rest/whole-answer.ts';

const paramsSchema = z.strictObject({
  market: z.enum(MARKETS),
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string().refine((text) => intervalMs(text) !== undefined),
  fill: z.enum(FILLS),
});

type Context = TaskContext<z.output<typeof paramsSchema>>;

const NOTHING: FillDocument = { rows: [], empty: [], unknownSymbol: [], unanswered: [] };

export default defineTask({
  version: 3,
  offline: true,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(restSettingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const document = await gapsOf(ctx);
    if (!document.ok) return { failed: document.failure };
    const gaps = document.value.gaps.map(({ first, last }) => ({ first: ms(first), last: ms(last) }));
    if (gaps.length === 0 || leavesGaps(ctx, document.value)) return write(ctx, NOTHING);

    const answer = await wholeAnswer(ctx, settings.value, gaps);
    return answer.ok ? write(ctx, answer.value.document, answer.value.done) : { failed: answer.failure };
  },
});

/**
 * Nobody is asked for what the config leaves, nor for months before the first file. Months that the listing calls
 * `delisted` are asked for: an archive that stands still looks the same, and bars that were here must not go with it.
 */
function leavesGaps({ params }: Context, { plan }: GapsDocument): boolean {
  return params.fill === 'none' || plan?.reason === 'pre-listing';
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
