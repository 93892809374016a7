/** The parameters that the tasks of bars take, checked. It knows no rule. */
import { z } from 'zod';
import type { Span, TaskContext } from '../../src/engine/task.ts';
import { intervalMs, refusedInterval } from '../lib/interval.ts';

export const paramsSchema = z.strictObject({
  market: z.enum(['spot', 'um', 'cm']),
  symbol: z.string().min(1),
  interval: z.string().superRefine((text, ctx) => {
    const refused = refusedInterval(text);
    if (refused !== undefined) ctx.addIssue({ code: 'custom', message: refused });
  }),
});

export type Params = z.output<typeof paramsSchema>;

const JUMP_SIGMA = 20;
const FLAT_BARS = 240;

/** What the summary counts, by `quality.checks` of the config. */
export const mergeParamsSchema = paramsSchema.extend({
  checks: z
    .strictObject({
      /** Standard deviations of the month's returns: what is beyond is a jump. */
      jump_sigma: z.number().positive().default(JUMP_SIGMA),
      /** Bars without trades in a row: from so many on they are a flat stretch. */
      flat_bars: z.int().positive().default(FLAT_BARS),
    })
    // Manifests made before there were checks go on to work, and configs that leave one of them out, or both.
    .nullish()
    .transform((checks) => checks ?? { jump_sigma: JUMP_SIGMA, flat_bars: FLAT_BARS }),
});

export type MergeParams = z.output<typeof mergeParamsSchema>;

/** What the partition is: its month, what of it counts, and the length of a bar. */
export interface MonthOf {
  readonly month: string;
  readonly span: Span;
  readonly interval: number;
}

export function monthOf({ target, partition, params }: TaskContext<Params>): MonthOf {
  const month = partition.keys['month'];
  const span = partition.spans['month'];
  const interval = intervalMs(params.interval);
  if (month === undefined || span === undefined) throw new Error(`${target}: the rule must be for months`);
  if (interval === undefined) throw new Error(`${target}: unchecked interval ${params.interval}`);
  return { month, span, interval };
}
