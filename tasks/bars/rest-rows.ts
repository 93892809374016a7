/**
 * Rows as REST answers them, and the file of them that `binance/fill` writes for the gaps of a month: its shape, its
 * text, and the same doubles that a CSV gives. It asks nobody and knows no grid.
 */
import { z } from 'zod';
import type { TaskFailure } from '../../src/engine/task.ts';
import { INSTANT_FORM, instantMs } from '../lib/instant.ts';
import type { Range } from '../lib/ranges.ts';
import { isoSeconds } from './grid.ts';
import type { Klines } from './kline-csv.ts';
import { STRIDE } from './kline-csv.ts';
import { COLUMNS, columnLabel, decimalOf, MICROSECONDS_ABOVE } from './kline-row.ts';

/** The archive's column order; times and the count are numbers, all else strings (docs/DOMAIN.md §3). */
export type RestRow = readonly [
  openTime: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
  closeTime: number,
  quoteVolume: string,
  count: number,
  takerBuyVolume: string,
  takerBuyQuoteVolume: string,
  ignore: string,
];

export const restRowSchema = z.custom<RestRow>((row) => rowProblem(row) === undefined, {
  error: ({ input }) => rowProblem(input),
});

const EXPECTED = {
  time: 'a time in milliseconds as a number',
  count: 'a count as a number',
  decimal: 'a decimal number as a string',
} as const;

function rowProblem(row: unknown): string | undefined {
  if (!Array.isArray(row)) return `found ${shown(row)}, expected a list of ${COLUMNS.length} columns`;
  for (const [index, { kind }] of COLUMNS.entries()) {
    const value: unknown = row[index];
    if (!isOf(kind, value)) {
      const found = index < row.length ? shown(value) : 'the end of the row';
      return `${columnLabel(index + 1)}: found ${found}, expected ${EXPECTED[kind]}`;
    }
  }
  if (row.length === COLUMNS.length) return undefined;
  return `${columnLabel(COLUMNS.length + 1)}: found ${shown(row[COLUMNS.length])}, expected the end of the row`;
}

function isOf(kind: keyof typeof EXPECTED, value: unknown): boolean {
  if (kind === 'decimal') return typeof value === 'string' && decimalOf(value) !== undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return false;
  return kind === 'count' || value <= MICROSECONDS_ABOVE;
}

const LONGEST_SHOWN = 40;

/** Of what was found where something else was expected: on one line, and short. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

const instant = z.string().transform((text, ctx) => {
  const ms = instantMs(text);
  if (ms !== undefined) return ms;
  ctx.addIssue({ code: 'custom', message: `found ${shown(text)}, expected ${INSTANT_FORM}` });
  return z.NEVER;
});

const rangeSchema = z.strictObject({ first: instant, last: instant });

const fileSchema = z.strictObject({
  version: z.literal(2),
  empty: z.array(rangeSchema),
  unknown_symbol: z.array(rangeSchema),
  unanswered: z.array(rangeSchema.extend({ code: z.string() })),
  rows: z.array(restRowSchema),
});

/** Bars that could not be asked for, and the failure's code. */
export interface Unanswered extends Range {
  readonly code: string;
}

/** What REST says of a month's gaps. Ranges ascend; no bar is in two of them, nor is there a row of it. */
export interface FillDocument {
  readonly rows: readonly RestRow[];
  /** REST has no bar of them. */
  readonly empty: readonly Range[];
  /** REST does not know the symbol (any more). */
  readonly unknownSymbol: readonly Range[];
  readonly unanswered: readonly Unanswered[];
}

export function fillText({ rows, empty, unknownSymbol, unanswered }: FillDocument): string {
  const spelt = ({ first, last }: Range) => ({ first: isoSeconds(first), last: isoSeconds(last) });
  const head = {
    version: 2,
    empty: empty.map(spelt),
    unknown_symbol: unknownSymbol.map(spelt),
    unanswered: unanswered.map((range) => ({ ...spelt(range), code: range.code })),
  };
  return `${JSON.stringify(head).slice(0, -1)},"rows":${rowsText(rows)}}\n`;
}

/** One row a line. */
export function rowsText(rows: readonly RestRow[]): string {
  return rows.length === 0 ? '[]' : `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]`;
}

export type RestRows =
  | { readonly ok: true; readonly klines: Klines; readonly document: FillDocument }
  | { readonly ok: false; readonly failure: TaskFailure };

/** `file` is what messages call the text. */
export function parseRestRows(text: string, file: string): RestRows {
  const failure = (problem: string): RestRows => ({
    ok: false,
    failure: {
      code: 'fill-malformed',
      message: `${file}: ${problem}`,
      hint: 'this file is damaged: remove it and build again',
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
  const { rows, empty, unknown_symbol: unknownSymbol, unanswered } = parsed.data;
  const values = new Float64Array(rows.length * STRIDE);
  for (const [index, row] of rows.entries()) values.set(row.map(Number), index * STRIDE);
  const klines: Klines = { rows: rows.length, unit: 'ms', values };
  return { ok: true, klines, document: { rows, empty, unknownSymbol, unanswered } };
}
