/**
 * Task: all bars of a month as REST has them, for a comparison with the files. Answers are stored as those for gaps are,
 * in a folder of their own, so that what fills the dataset's gaps is not changed by a comparison. It compares nothing.
 */
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineTask, outputPath } from '../../src/engine/task.ts';
import { barsWithin } from '../bars/grid.ts';
import { monthOf } from '../bars/params.ts';
import { fillText } from '../bars/rest-rows.ts';
import { intervalMs } from '../lib/interval.ts';
import { readSettings } from '../lib/settings.ts';
import { FILLS, MARKETS, SYMBOL_FORM } from './layout.ts';
import { restSettingsSchema, wholeAnswer } from './rest/whole-answer.ts';

const paramsSchema = z.strictObject({
  market: z.enum(MARKETS),
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string().refine((text) => intervalMs(text) !== undefined),
  /** Where REST is not to be asked for gaps, it is not asked for months either. */
  fill: z.enum(FILLS),
});

export default defineTask({
  version: 1,
  offline: true,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(restSettingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const { month, span, interval } = monthOf(ctx);
    if (ctx.params.fill === 'none') return { absent: 'REST is not asked: binance.fill is none' };
    const { first, beyond } = barsWithin(span, interval);
    if (first === beyond) return { absent: `no bar of ${month} is over` };
    const answer = await wholeAnswer(ctx, settings.value, [{ first, last: beyond - interval }]);
    if (!answer.ok) return { failed: answer.failure };
    await writeFile(outputPath(ctx, 'rows'), fillText(answer.value.document));
    return answer.value.done;
  },
});
