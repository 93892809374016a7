/**
 * Reads a kline CSV byte by byte into doubles: the one hot loop (measured: ARCHITECTURE.md). Any line that is
 * not plain digits, points and commas goes to `kline-row`, which has the last word. It knows neither archives
 * nor the time grid.
 */
import type { TaskFailure } from '../../src/engine/task.ts';
import { takeDoubles } from '../lib/scratch.ts';
import type { RowProblem, TimeUnit } from './kline-row.ts';
import { COLUMNS, columnLabel, readHeader, readRow, unitOf } from './kline-row.ts';

/** Row by row, `STRIDE` doubles each, in file order; times as they stand in the file, in `unit`. */
export interface Klines {
  readonly rows: number;
  /** A file without rows has none to tell by; it counts as milliseconds. */
  readonly unit: TimeUnit;
  readonly values: Float64Array;
}

export type KlinesResult =
  | { readonly ok: true; readonly klines: Klines }
  | { readonly ok: false; readonly failure: TaskFailure };

/** The 12th column, `ignore`, is checked and kept: dropping it would cost the loop a branch and gain nothing. */
export const STRIDE = 12;

const LF = 10;
const CR = 13;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;
const NINE = 57;

// Of the four bytes of a word.
const HIGH_NIBBLES = 0xf0f0f0f0 | 0;
const LOW_NIBBLES = 0x0f0f0f0f;
const DIGITS = 0x30303030;
const SIXES = 0x06060606;

/**
 * Up to 15 digits are below 2^53, and powers of ten up to 10^22 are exact, so that one division of two exact
 * doubles is correctly rounded and equals `Number(text)` (Clinger 1990). Longer ones go through `Number`.
 */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

const LAST = STRIDE - 1;
const OPEN_TIME = 0;
const CLOSE_TIME = 6;
const COUNT = 8;

/** `file` is the name by which messages call the text. */
export function parseKlines(bytes: Buffer, file: string): KlinesResult {
  const malformed = (
    line: number,
    start: number,
    { column, offset, found, expected }: RowProblem,
  ): KlinesResult => ({
    ok: false,
    failure: {
      code: 'csv-malformed',
      message: `${file}: line ${line}, ${columnLabel(column)}, byte ${start + offset}: found ${found}, expected ${expected}`,
      hint: 'the file is damaged as published: serve its month from other files (binance.prefer_daily), or remove it and build again once it is republished',
    },
  });

  let start = 0;
  let line = 1;
  if (bytes.length > 0 && !isDigit(byteAt(bytes, 0))) {
    const end = endOfLine(bytes, 0);
    const problem = readHeader(lineText(bytes, 0, end));
    if (problem !== undefined) return malformed(1, 0, problem);
    start = Math.min(end + 1, bytes.length);
    line = 2;
  }

  // Lines that end at least 4 bytes before the end: a load of four at any byte of theirs stays within the buffer.
  const fastEnd = bytes.length < 4 ? 0 : bytes.lastIndexOf(LF, bytes.length - 4) + 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let values = takeDoubles(roughRows(bytes, start) * STRIDE);
  let unit: TimeUnit | undefined;
  let next = 0;

  while (start < bytes.length) {
    if (next + STRIDE > values.length) values = grown(values);
    if (start < fastEnd) {
      const end = fastRow(view, start, values, next, unit);
      if (end > 0) {
        unit ??= unitOf(valueAt(values, next + OPEN_TIME));
        next += STRIDE;
        start = end;
        line++;
        continue;
      }
    }
    const end = endOfLine(bytes, start);
    const row = readRow(lineText(bytes, start, end), unit);
    if (!row.ok) return malformed(line, start, row.problem);
    values.set(row.values, next);
    unit ??= unitOf(valueAt(values, next + OPEN_TIME));
    next += STRIDE;
    start = end + 1;
    line++;
  }
  return { ok: true, klines: { rows: next / STRIDE, unit: unit ?? 'ms', values: values.subarray(0, next) } };
}

/**
 * Reads one row of plain numbers into `out` and returns where the next line starts, or 0 when the line is not of
 * that shape: then `out` holds leavings and `readRow` decides. The line ends 4 bytes before the end of `bytes` or
 * earlier, so that no load of four reaches beyond.
 */
function fastRow(
  bytes: DataView,
  start: number,
  out: Float64Array,
  at: number,
  unit: TimeUnit | undefined,
): number {
  let position = start;
  for (let index = 0; index < STRIDE; index++) {
    const first = position;
    let four = fourDigits(bytes, position);
    let byte = 0;
    if (index === OPEN_TIME || index === CLOSE_TIME || index === COUNT) {
      let value = 0;
      for (; four >= 0; four = fourDigits(bytes, position)) {
        value = value * 10_000 + four;
        position += 4;
      }
      for (byte = bytes.getUint8(position); isDigit(byte); byte = bytes.getUint8(++position)) {
        value = value * 10 + (byte - ZERO);
      }
      const digits = position - first;
      if (digits === 0 || digits > 16 || value > Number.MAX_SAFE_INTEGER) return 0;
      out[at + index] = value;
    } else {
      // 32-bit arithmetic wraps beyond 9 digits: then the counts of digits send the number elsewhere.
      let whole = 0;
      for (; four >= 0; four = fourDigits(bytes, position)) {
        whole = (Math.imul(whole, 10_000) + four) | 0;
        position += 4;
      }
      for (byte = bytes.getUint8(position); isDigit(byte); byte = bytes.getUint8(++position)) {
        whole = (Math.imul(whole, 10) + (byte - ZERO)) | 0;
      }
      const wholeDigits = position - first;
      if (wholeDigits === 0) return 0;
      let fraction = 0;
      let scale = 0;
      if (byte === POINT) {
        const fractionStart = ++position;
        // Eight digits, as the publisher writes nearly all of them, or the first four of however many.
        four = fourDigits(bytes, position);
        if (four >= 0) {
          fraction = four;
          position += 4;
          four = fourDigits(bytes, position);
          if (four >= 0) {
            fraction = Math.imul(fraction, 10_000) + four;
            position += 4;
          }
        }
        for (byte = bytes.getUint8(position); isDigit(byte); byte = bytes.getUint8(++position)) {
          fraction = (Math.imul(fraction, 10) + (byte - ZERO)) | 0;
        }
        scale = position - fractionStart;
      }
      if (wholeDigits <= 9 && scale <= 9 && wholeDigits + scale <= EXACT_DIGITS) {
        const power = valueAt(POWERS, scale);
        out[at + index] = (whole * power + fraction) / power;
      } else {
        const value = longNumber(bytes, first, position);
        if (!Number.isFinite(value)) return 0;
        out[at + index] = value;
      }
    }
    if (index < LAST) {
      if (byte !== COMMA) return 0;
      position++;
    } else {
      if (byte === CR) byte = bytes.getUint8(++position);
      if (byte !== LF) return 0;
    }
  }
  const known = unit ?? unitOf(valueAt(out, at + OPEN_TIME));
  if (unitOf(valueAt(out, at + OPEN_TIME)) !== known || unitOf(valueAt(out, at + CLOSE_TIME)) !== known)
    return 0;
  return position + 1;
}

/**
 * The number that four digits at a place stand for, or -1 where there are not four digits: one load, and the same
 * few operations on all four bytes at once. The first digit is the lowest byte.
 */
function fourDigits(bytes: DataView, position: number): number {
  const word = bytes.getInt32(position, true);
  const high = word & HIGH_NIBBLES;
  // Bytes 0x3a to 0x3f are no digits: adding 6 moves them out of 0x3_. Where `high` is right nothing is carried over.
  if (high !== DIGITS || ((word + SIXES) & HIGH_NIBBLES) !== DIGITS) return -1;
  const digits = word & LOW_NIBBLES;
  const pairs = Math.imul(digits, 10) + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}

/** More than 15 digits: seldom rounded right by hand, and seldom met. */
function longNumber(bytes: DataView, start: number, end: number): number {
  return Number(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'));
}

/** Beyond the end there is the end of a line. The check costs nothing: within bounds it is never taken. */
function byteAt(bytes: Buffer, position: number): number {
  return bytes[position] ?? LF;
}

function valueAt(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function endOfLine(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(LF, start);
  return end === -1 ? bytes.length : end;
}

/** A carriage return belongs to the line end only before a line feed: at the very end of a file it is garbage. */
function lineText(bytes: Buffer, start: number, end: number): string {
  const withReturn = end < bytes.length && end > start && byteAt(bytes, end - 1) === CR;
  return bytes.toString('latin1', start, withReturn ? end - 1 : end);
}

/** Lines of one file are much of a length; the rest is left to growing. */
function roughRows(bytes: Buffer, start: number): number {
  const length = Math.max(endOfLine(bytes, start) - start, 2 * COLUMNS.length);
  return Math.ceil(((bytes.length - start) / length) * 1.1) + 1;
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.ceil(values.length / STRIDE) * STRIDE * 2);
  larger.set(values);
  return larger;
}
