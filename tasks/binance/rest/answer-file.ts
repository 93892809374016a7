/**
 * An answer of REST as a file: which bars were asked for, when, and the rows as they were answered. Names and texts,
 * both ways: it opens no file.
 */
import { z } from 'zod';
import { sha256 } from '../../../src/engine/task.ts';
import { floorTo, isoSeconds } from '../../bars/grid.ts';
import type { RestRow } from '../../bars/rest-rows.ts';
import { restRowSchema, rowsText, shown } from '../../bars/rest-rows.ts';
import { INSTANT_FORM, instantMs } from '../../lib/instant.ts';
import type { Range } from '../../lib/ranges.ts';
import { countIn } from '../../lib/ranges.ts';
import type { Series } from '../layout.ts';

/** As the exchange sends it: `{"code":-1121,"msg":"Invalid symbol."}`. */
export interface RestError {
  readonly code: number;
  readonly msg: string;
}

/** What the exchange said of the bars of a range: what has no row here was not there. */
export interface Answer extends Range {
  /** By the clock of this machine, epoch milliseconds. */
  readonly askedAt: number;
  /** It does not know the symbol. Rows, if any, are of an earlier answer of the same range. */
  readonly error?: RestError | undefined;
  /** Ascending, a bar perhaps more than once; closed bars only. */
  readonly rows: readonly RestRow[];
}

/** The opening of the bar that a row is of: some of old are off the grid (docs/DOMAIN.md §2). */
export function barOf(row: RestRow, step: number): number {
  return floorTo(step, row[0]);
}

/** Whether every bar of the range has a row. */
export function isWhole({ rows, error, ...range }: Answer, step: number): boolean {
  return error === undefined && new Set(rows.map((row) => barOf(row, step))).size === countIn(range, step);
}

/** `2025-01-31T153000Z_2025-01-31T235900Z.json`: colons are not for file names everywhere. */
export function answerName({ first, last }: Range): string {
  const spelt = (ms: number): string => isoSeconds(ms).replaceAll(':', '');
  return `${spelt(first)}_${spelt(last)}.json`;
}

const NAME = /^(\d{4}-\d{2}-\d{2}T)(\d{2})(\d{2})(\d{2}Z)_(\d{4}-\d{2}-\d{2}T)(\d{2})(\d{2})(\d{2}Z)\.json$/;

/** Undefined where it is no name of an answer for bars of this length. */
export function rangeOfName(name: string, step: number): Range | undefined {
  const [, day, hour, minute, second, lastDay, lastHour, lastMinute, lastSecond] = NAME.exec(name) ?? [];
  const first = instantMs(`${day}${hour}:${minute}:${second}`);
  const last = instantMs(`${lastDay}${lastHour}:${lastMinute}:${lastSecond}`);
  if (first === undefined || last === undefined) return undefined;
  return first % step === 0 && last % step === 0 && first <= last ? { first, last } : undefined;
}

/** With a digest of what was answered: a digit that has changed on the disk makes no other bar. */
export function answerText(series: Series, answer: Answer): string {
  const head = headOf(series, answer);
  const rows = rowsText(answer.rows);
  const times = { asked_at: new Date(answer.askedAt).toISOString() };
  const lines = Object.entries({ ...head, ...times, digest: digestOf(head, rows) }).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)},`,
  );
  return `{\n${lines.join('\n')}\n"rows": ${rows}\n}\n`;
}

function headOf({ market, symbol, interval }: Series, { first, last, error }: Answer) {
  return {
    version: 1,
    market,
    symbol,
    interval,
    first: isoSeconds(first),
    last: isoSeconds(last),
    ...(error === undefined ? {} : { error: { code: error.code, msg: error.msg } }),
  };
}

function digestOf(head: ReturnType<typeof headOf>, rows: string): string {
  return sha256(`${JSON.stringify(head)}\n${rows}`);
}

const instant = z.string().transform((text, ctx) => {
  const ms = instantMs(text);
  if (ms !== undefined) return ms;
  ctx.addIssue({ code: 'custom', message: `found ${shown(text)}, expected ${INSTANT_FORM}` });
  return z.NEVER;
});

const schema = z.strictObject({
  version: z.literal(1),
  market: z.string(),
  symbol: z.string(),
  interval: z.string(),
  first: instant,
  last: instant,
  asked_at: instant,
  error: z.strictObject({ code: z.int(), msg: z.string() }).optional(),
  digest: z.string(),
  rows: z.array(restRowSchema),
});

export type ParsedAnswer =
  | { readonly ok: true; readonly answer: Answer }
  /** A clause that goes after the file's name. */
  | { readonly ok: false; readonly problem: string };

/** `range` is what its name says, and `series` what its folder does. */
export function parseAnswer(text: string, series: Series, range: Range, step: number): ParsedAnswer {
  const no = (problem: string): ParsedAnswer => ({ ok: false, problem });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return no(`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.map(String).join('.') ?? '';
    return no(`${where === '' ? '' : `${where}: `}${issue?.message ?? 'malformed'}`);
  }
  const { market, symbol, interval, first, last, asked_at: askedAt, error, rows } = parsed.data;
  const is = `${market}/${symbol}/${interval} ${answerName({ first, last })}`;
  const due = `${series.market}/${series.symbol}/${series.interval} ${answerName(range)}`;
  if (is !== due) return no(`it is of ${is}, its place is that of ${due}`);
  const out = misplacedRow(rows, range, step);
  if (out !== undefined) return no(`rows.${out}`);
  const answer: Answer = { first, last, askedAt, error, rows };
  if (parsed.data.digest !== digestOf(headOf(series, answer), rowsText(rows))) {
    return no('it has been changed since it was written: it is not what its digest says');
  }
  return { ok: true, answer };
}

/** What is wrong with the first row that opens before the one before it or lies outside the range. */
export function misplacedRow(
  rows: readonly RestRow[],
  { first, last }: Range,
  step: number,
): string | undefined {
  let due = first;
  for (const [index, row] of rows.entries()) {
    const [open] = row;
    if (open < due || open >= last + step) {
      const found = `it opens at ${new Date(open).toISOString()}`;
      return `${index}: ${found}, expected ${isoSeconds(due)} or later, up to ${isoSeconds(last)}`;
    }
    due = open;
  }
  return undefined;
}
