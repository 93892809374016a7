/**
 * Rows that REST gave for gaps (the file that `binance/fill` writes), checked and turned into the same doubles that
 * a CSV gives. It asks nobody and knows no grid.
 */
import { z } from 'zod';
import type { TaskFailure } from '../../src/engine/task.ts';
import type { Klines } from './kline-csv.ts';
import { STRIDE } from './kline-csv.ts';
import { decimalOf, MICROSECONDS_ABOVE } from './kline-row.ts';

const time = z.int().nonnegative().max(MICROSECONDS_ABOVE, 'expected milliseconds');

const decimal = z.string().transform((text, ctx) => {
  const value = decimalOf(text);
  if (value !== undefined) return value;
  ctx.addIssue({ code: 'custom', message: `expected a decimal number, got ${JSON.stringify(text)}` });
  return z.NEVER;
});

/** The archive's column order; times and the count are numbers, all else strings (docs/DOMAIN.md §3). */
const rowSchema = z.tuple([
  time,
  decimal,
  decimal,
  decimal,
  decimal,
  decimal,
  time,
  decimal,
  z.int().nonnegative(),
  decimal,
  decimal,
  decimal,
]);

const fileSchema = z.looseObject({ version: z.literal(1), rows: z.array(rowSchema) });

export type RestRows =
  | { readonly ok: true; readonly klines: Klines }
  | { readonly ok: false; readonly failure: TaskFailure };

/** `file` is what messages call the text. */
export function parseRestRows(text: string, file: string): RestRows {
  const failure = (problem: string): RestRows => ({
    ok: false,
    failure: {
      code: 'fill-malformed',
      message: `${file}: ${problem}`,
      hint: 'the stored REST answers are damaged: remove this file and build again',
    },
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return failure(`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return failure(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
  }
  const { rows } = parsed.data;
  const values = new Float64Array(rows.length * STRIDE);
  for (const [index, row] of rows.entries()) values.set(row, index * STRIDE);
  return { ok: true, klines: { rows: rows.length, unit: 'ms', values } };
}
