/**
 * When the exchange stood still, as the config knows it (docs/DOMAIN.md §2), and which bars of an interval lie wholly
 * inside such a halt: no such bar can be had. It knows neither symbols nor what is missing.
 */
import { z } from 'zod';
import { isoSeconds } from '../bars/grid.ts';
import { instantMs } from '../lib/instant.ts';
import type { Range } from '../lib/ranges.ts';

export const MINUTE = 60_000;

const instant = z.string().transform((text, ctx) => {
  const ms = instantMs(text);
  if (ms !== undefined) return ms;
  ctx.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no instant` });
  return z.NEVER;
});

const haltSchema = z.strictObject({
  /** The first and the last minute that is missing, epoch milliseconds. */
  first: instant,
  last: instant,
  approximate: z.boolean().default(false),
});

/** Of the market in force; ascending, and no two of them touch: the config has been checked. */
export const haltsSchema = z.strictObject({
  version: z.int().positive(),
  list: z.array(haltSchema).readonly(),
});

type Halts = z.output<typeof haltsSchema>;
type Halt = z.output<typeof haltSchema>;

/** Bars wholly inside a halt, and how a report names it. */
export interface HaltedBars extends Range {
  readonly evidence: string;
}

/** Ascending. A bar that begins before the halt, or ends after it, was open while there was trading. */
export function haltedBars({ version, list }: Halts, step: number): readonly HaltedBars[] {
  return list.flatMap((halt) => {
    const first = Math.ceil(halt.first / step) * step;
    const last = Math.floor((halt.last + MINUTE) / step) * step - step;
    return first > last ? [] : [{ first, last, evidence: evidenceOf(halt, version) }];
  });
}

function evidenceOf({ first, last, approximate }: Halt, version: number): string {
  const about = approximate ? ' (approximate)' : '';
  return `halt ${isoSeconds(first)} to ${isoSeconds(last)}${about}, halts.yaml version ${version}`;
}
