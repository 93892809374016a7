/**
 * The grammar of a kline row (docs/DOMAIN.md §1), written for exactness and good messages, not for speed: it
 * judges single lines, and is what the fast reader falls back on. It knows neither files nor what the numbers
 * mean.
 */

type Kind = 'time' | 'count' | 'decimal';

interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** Other spellings that headers use, all lower case, blanks as underscores. */
  readonly also: readonly string[];
}

const column = (name: string, kind: Kind, ...also: readonly string[]): Column => ({ name, kind, also });

/** In file order. Names are those of the futures files; the other spellings are of the publisher's own guides. */
export const COLUMNS: readonly Column[] = [
  column('open_time', 'time'),
  column('open', 'decimal'),
  column('high', 'decimal'),
  column('low', 'decimal'),
  column('close', 'decimal'),
  column('volume', 'decimal'),
  column('close_time', 'time'),
  column('quote_volume', 'decimal', 'quote_asset_volume'),
  column('count', 'count', 'number_of_trades', 'trades'),
  column(
    'taker_buy_volume',
    'decimal',
    'taker_buy_base_volume',
    'taker_buy_base_asset_volume',
    'taker_buy_base',
  ),
  column('taker_buy_quote_volume', 'decimal', 'taker_buy_quote_asset_volume', 'taker_buy_quote'),
  column('ignore', 'decimal'),
];

/** Plain or scientific, in ASCII digits. No blanks, hex, `NaN` or `Infinity`, which `Number()` alone would take. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^\d{1,16}$/;

/** Larger times are microseconds: 1e14 ms is the year 5138, 1e14 µs is 1973 (docs/DOMAIN.md §1). */
export const MICROSECONDS_ABOVE = 1e14;

export type TimeUnit = 'ms' | 'us';

export function unitOf(time: number): TimeUnit {
  return time > MICROSECONDS_ABOVE ? 'us' : 'ms';
}

/** What is wrong with a line: where in it, counted from 0, and in which column, counted from 1. */
export interface RowProblem {
  readonly column: number;
  readonly offset: number;
  readonly found: string;
  readonly expected: string;
}

export type RowResult =
  | { readonly ok: true; readonly values: readonly number[] }
  | { readonly ok: false; readonly problem: RowProblem };

/** The double that the text of a decimal column stands for; undefined where it is no finite decimal number. */
export function decimalOf(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Times and counts: digits only, at most 2^53 - 1. */
export function integerOf(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `text` is one line, a character a byte (latin1), without its line end. `unit` is that of the rows before it. */
export function readRow(text: string, unit: TimeUnit | undefined): RowResult {
  const fields = text.split(',');
  const values: number[] = [];
  let expectedUnit = unit;
  let offset = 0;
  for (const [index, { kind }] of COLUMNS.entries()) {
    const field = fields[index];
    const wrong = (found: string, expected: string): RowResult => ({
      ok: false,
      problem: { column: index + 1, offset, found, expected },
    });
    if (field === undefined) {
      offset = text.length;
      return wrong('the end of the line', `${COLUMNS.length} columns`);
    }
    const value = kind === 'decimal' ? decimalOf(field) : integerOf(field);
    if (value === undefined) return wrong(describe(field), EXPECTED[kind]);
    if (kind === 'time') {
      expectedUnit ??= unitOf(value);
      if (unitOf(value) !== expectedUnit) return wrong(describe(field), `${UNIT[expectedUnit]} as before it`);
    }
    values.push(value);
    offset += field.length + 1;
  }
  const extra = fields.slice(COLUMNS.length).join(',');
  if (fields.length === COLUMNS.length) return { ok: true, values };
  return {
    ok: false,
    problem: {
      column: COLUMNS.length + 1,
      offset,
      found: describe(extra),
      expected: `the end of the line after ${COLUMNS.length} columns`,
    },
  };
}

/**
 * Undefined when the names are known ones, in order; a header is recognised by its first byte
 * (docs/DOMAIN.md §1).
 */
export function readHeader(text: string): RowProblem | undefined {
  const fields = text.split(',');
  let offset = 0;
  for (const [index, { name, also }] of COLUMNS.entries()) {
    const field = fields[index];
    if (field === undefined) {
      const expected = `the header name "${name}"`;
      return { column: index + 1, offset: text.length, found: 'the end of the line', expected };
    }
    const spelt = field.toLowerCase().replaceAll(' ', '_');
    if (spelt !== name && !also.includes(spelt)) {
      const expected =
        index === 0 ? `a time in digits or the header name "${name}"` : `the header name "${name}"`;
      return { column: index + 1, offset, found: describe(field), expected };
    }
    offset += field.length + 1;
  }
  if (fields.length === COLUMNS.length) return undefined;
  return {
    column: COLUMNS.length + 1,
    offset,
    found: describe(fields.slice(COLUMNS.length).join(',')),
    expected: `the end of the header after ${COLUMNS.length} names`,
  };
}

/** `column 5 (close)`; what comes after the last column has no name. */
export function columnLabel(number: number): string {
  const known = COLUMNS[number - 1];
  return known === undefined ? `column ${number}` : `column ${number} (${known.name})`;
}

const EXPECTED: Readonly<Record<Kind, string>> = {
  time: 'a time in digits',
  count: 'a count in digits',
  decimal: 'a decimal number',
};

const UNIT: Readonly<Record<TimeUnit, string>> = { ms: 'milliseconds', us: 'microseconds' };

const LONGEST_SHOWN = 40;

/** In quotes, on one line, printable and short: what stands in a corrupt file may be anything. */
function describe(text: string): string {
  if (text === '') return 'nothing';
  const shown = text.slice(0, LONGEST_SHOWN);
  const printable = JSON.stringify(shown).replace(
    /[^ -~]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return text.length > LONGEST_SHOWN ? `${printable}… (${text.length} bytes)` : printable;
}
