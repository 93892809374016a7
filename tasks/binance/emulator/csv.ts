/**
 * Bars as the archive's CSV text, byte by byte: a symbol-month is half a million numbers, and the generic way
 * (strings, then join) costs several times as much. It knows neither files nor markets.
 */
import type { Bars, Decimals, Format } from './bars.ts';
import {
  at,
  CLOSE,
  CLOSE_TIME,
  HIGH,
  LOW,
  OPEN,
  OPEN_TIME,
  QUOTE,
  rowsOf,
  TAKER_BASE,
  TAKER_QUOTE,
  TRADES,
  VOLUME,
} from './bars.ts';

export type TimeUnit = 'ms' | 'us';

/** The header row of futures files from 2022 on (docs/DOMAIN.md §1). */
export const HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n';

const ZERO = 48;
const POINT = 46;
const COMMA = 44;
const NEWLINE = 10;
/** More than any row takes: 11 numbers of at most 26 characters, commas, and the column `ignore`. */
const ROW_BYTES = 320;
const WHOLE: Decimals = { carried: 0, printed: 0 };

/** The rows as text: LF line ends, no header, `ignore` always 0. */
export function csvOf(bars: Bars, format: Format, unit: TimeUnit): Buffer {
  const rows = rowsOf(bars);
  const out = Buffer.allocUnsafe(rows * ROW_BYTES);
  const factor = unit === 'us' ? 1_000 : 1;
  let end = 0;
  const put = (value: number, decimals: Decimals): void => {
    end = putNumber(out, end, value, decimals);
    out[end++] = COMMA;
  };
  for (let i = 0; i < rows; i++) {
    put(at(bars, i, OPEN_TIME) * factor, WHOLE);
    put(at(bars, i, OPEN), format.price);
    put(at(bars, i, HIGH), format.price);
    put(at(bars, i, LOW), format.price);
    put(at(bars, i, CLOSE), format.price);
    put(at(bars, i, VOLUME), format.volume);
    // A close at …59.999 in milliseconds is …59.999999 in microseconds (docs/DOMAIN.md §1).
    put(at(bars, i, CLOSE_TIME) * factor + (factor - 1), WHOLE);
    put(at(bars, i, QUOTE), format.quote);
    put(at(bars, i, TRADES), WHOLE);
    put(at(bars, i, TAKER_BASE), format.volume);
    put(at(bars, i, TAKER_QUOTE), format.quote);
    out[end++] = ZERO;
    out[end++] = NEWLINE;
  }
  return out.subarray(0, end);
}

/** The fields of every data row of a CSV text of the archive, the header left out. */
export function fieldsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(','));
}

/** Writes a whole number of steps as a decimal. Its last `printed − carried` decimals are zeros. */
function putNumber(out: Buffer, start: number, value: number, decimals: Decimals): number {
  const { carried, printed } = decimals;
  const scale = 10 ** carried;
  const whole = Math.floor(value / scale);
  let end = putWhole(out, start, whole, 1);
  if (printed === 0) return end;
  out[end++] = POINT;
  if (carried > 0) end = putWhole(out, end, value - whole * scale, carried);
  for (let i = carried; i < printed; i++) out[end++] = ZERO;
  return end;
}

/**
 * Writes at least `digits` digits. Halves of up to 9 digits stay in 32-bit arithmetic, which is what makes it
 * fast.
 */
function putWhole(out: Buffer, start: number, value: number, digits: number): number {
  if (value >= 1_000_000_000) {
    const high = Math.floor(value / 1_000_000_000);
    const end = putWhole(out, start, high, Math.max(1, digits - 9));
    return putSmall(out, end, value - high * 1_000_000_000, 9);
  }
  return putSmall(out, start, value, digits);
}

function putSmall(out: Buffer, start: number, value: number, digits: number): number {
  let width = digits;
  for (let limit = 10 ** digits; value >= limit; limit *= 10) width++;
  let left = value | 0;
  for (let i = start + width - 1; i >= start; i--) {
    const tens = (left / 10) | 0;
    out[i] = ZERO + (left - tens * 10);
    left = tens;
  }
  return start + width;
}
