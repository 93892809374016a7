import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKlines, STRIDE } from '../../../tasks/bars/kline-csv.ts';

const FILE = 'BTCUSDT-1m-2024-01.zip';
const ROW =
  '1704067200000,42283.58000000,42298.62000000,42261.02000000,42298.61000000,35.92724000,1704067259999,1519032.13987320,1327,23.18766000,980394.98102580,0';
const HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';

function rowsOf(text: string): readonly (readonly number[])[] {
  const result = parseKlines(Buffer.from(text, 'latin1'), FILE);
  if (!result.ok) throw new Error(result.failure.message);
  const { rows, values } = result.klines;
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * STRIDE, (row + 1) * STRIDE)]);
}

function refusal(text: string): string {
  const result = parseKlines(Buffer.from(text, 'latin1'), FILE);
  if (result.ok) return 'accepted';
  expect(result.failure.code).toBe('csv-malformed');
  return result.failure.message;
}

/** The row with one of its fields (from 1) replaced. */
function rowWith(column: number, field: string): string {
  return ROW.split(',')
    .with(column - 1, field)
    .join(',');
}

const VALUES = ROW.split(',').map(Number);

describe('a kline CSV', () => {
  it('gives the doubles of its 12 columns', () => {
    expect(rowsOf(`${ROW}\n${ROW}\n${ROW}\n`)).toEqual([VALUES, VALUES, VALUES]);
  });

  it('may end its lines with LF or CRLF, and its last line not at all', () => {
    for (const text of [`${ROW}\r\n${ROW}\r\n`, `${ROW}\n${ROW}`, `${ROW}\r\n${ROW}`, `${ROW}\n${ROW}\r\n`]) {
      expect(rowsOf(text)).toEqual([VALUES, VALUES]);
    }
  });

  it('may have no rows', () => {
    expect(rowsOf('')).toEqual([]);
    expect(rowsOf(`${HEADER}\n`)).toEqual([]);
    expect(rowsOf(HEADER)).toEqual([]);
  });

  it('may have a header in either spelling', () => {
    const guide =
      'Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades,Taker buy base asset volume,Taker buy quote asset volume,Ignore';
    for (const header of [HEADER, guide]) expect(rowsOf(`${header}\n${ROW}\n`)).toEqual([VALUES]);
  });

  it('grows beyond what its first line lets one expect', () => {
    const short = '1,1,1,1,1,1,1,1,1,1,1,1';
    const rows = rowsOf(`${ROW}\n${`${short}\n`.repeat(500)}`);
    expect(rows).toHaveLength(501);
    expect(rows.at(-1)).toEqual(Array(12).fill(1));
  });

  it('is in microseconds when its times are', () => {
    const micros = rowWith(1, '1735689600000000').replace('1704067259999', '1735689659999999');
    const result = parseKlines(Buffer.from(`${micros}\n`), FILE);
    expect(result.ok && result.klines.unit).toBe('us');
    const inMs = parseKlines(Buffer.from(`${ROW}\n`), FILE);
    expect(inMs.ok && inMs.klines.unit).toBe('ms');
  });
});

describe('a refusal names file, line, column, byte, what was found and what was expected', () => {
  it.each([
    [
      'a field that is no number',
      `${ROW}\n${rowWith(5, 'abc')}\n`,
      'line 2, column 5 (close), byte 211: found "abc", expected a decimal number',
    ],
    [
      'an empty field',
      `${rowWith(2, '')}\n`,
      'line 1, column 2 (open), byte 14: found nothing, expected a decimal number',
    ],
    [
      'NaN',
      `${rowWith(3, 'NaN')}\n`,
      'line 1, column 3 (high), byte 29: found "NaN", expected a decimal number',
    ],
    [
      'a quoted field',
      `${rowWith(2, '"1.5"')}\n`,
      'line 1, column 2 (open), byte 14: found "\\"1.5\\"", expected a decimal number',
    ],
    [
      'a time with a fraction',
      `${rowWith(7, '1704067259999.5')}\n`,
      'line 1, column 7 (close_time), byte 86: found "1704067259999.5", expected a time in digits',
    ],
    [
      'a count with a sign',
      `${rowWith(9, '-3')}\n`,
      'line 1, column 9 (count), byte 117: found "-3", expected a count in digits',
    ],
    [
      '11 columns',
      `${ROW.slice(0, -2)}\n`,
      'line 1, column 12 (ignore), byte 149: found the end of the line, expected 12 columns',
    ],
    [
      '13 columns',
      `${ROW},7\n`,
      'line 1, column 13, byte 152: found "7", expected the end of the line after 12 columns',
    ],
    [
      'a blank line',
      `${ROW}\n\n${ROW}\n`,
      'line 2, column 1 (open_time), byte 152: found nothing, expected a time in digits',
    ],
    [
      'a last line that was cut within a number',
      `${ROW}\n${ROW.slice(0, 40)}`,
      'line 2, column 4 (low), byte 192: found the end of the line, expected 12 columns',
    ],
    [
      'binary garbage',
      `${ROW}\n\x00\xff\x7f\n`,
      'line 2, column 1 (open_time), byte 152: found "\\u0000\\xff\\x7f", expected a time in digits',
    ],
    [
      'a number beyond the doubles',
      `${rowWith(2, '1e999')}\n`,
      'line 1, column 2 (open), byte 14: found "1e999", expected a decimal number',
    ],
    [
      'a carriage return at the very end',
      `${ROW}\r`,
      'line 1, column 12 (ignore), byte 150: found "0\\r", expected a decimal number',
    ],
  ])('%s', (_, text, message) => {
    expect(refusal(text)).toBe(`${FILE}: ${message}`);
  });

  it('a file that mixes milliseconds and microseconds', () => {
    expect(refusal(`${ROW}\n${rowWith(1, '1735689600000000')}\n${ROW}\n`)).toBe(
      `${FILE}: line 2, column 1 (open_time), byte 152: found "1735689600000000", expected milliseconds as before it`,
    );
    expect(refusal(`${rowWith(1, '1735689600000000')}\n${ROW}\n`)).toBe(
      `${FILE}: line 1, column 7 (close_time), byte 89: found "1704067259999", expected microseconds as before it`,
    );
  });

  it('a header with a name that is not known, or in the wrong place', () => {
    expect(refusal(`${HEADER.replace('count', 'cnt')}\n${ROW}\n`)).toBe(
      `${FILE}: line 1, column 9 (count), byte 61: found "cnt", expected the header name "count"`,
    );
    expect(refusal(`${HEADER.replace('open,high', 'high,open')}\n${ROW}\n`)).toBe(
      `${FILE}: line 1, column 2 (open), byte 10: found "high", expected the header name "open"`,
    );
    expect(refusal(`\xef\xbb\xbf${ROW}\n`)).toBe(
      `${FILE}: line 1, column 1 (open_time), byte 0: found "\\xef\\xbb\\xbf1704067200000", expected a time in digits or the header name "open_time"`,
    );
    expect(refusal('open_time,open\n')).toBe(
      `${FILE}: line 1, column 3 (high), byte 14: found the end of the line, expected the header name "high"`,
    );
    expect(refusal(`${HEADER},more\n`)).toBe(
      `${FILE}: line 1, column 13, byte 114: found "more", expected the end of the header after 12 names`,
    );
  });

  it('shows no more than the beginning of a long field', () => {
    expect(refusal(`${rowWith(2, 'x'.repeat(100))}\n`)).toBe(
      `${FILE}: line 1, column 2 (open), byte 14: found "${'x'.repeat(40)}"… (100 bytes), expected a decimal number`,
    );
  });
});

/** What csv-parse and Number make of a text: an independent reader that knows only the rules, not our code. */
type Verdict =
  | { readonly rows: readonly (readonly number[])[] }
  | { readonly line: number; readonly column: number; readonly byte: number };

function independent(text: string): Verdict {
  const records: string[][] = parse(text, {
    quote: false,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: false,
  });
  const rows: number[][] = [];
  let byte = 0;
  let micros: boolean | undefined;
  for (const [index, record] of records.entries()) {
    const line = index + 1;
    const numbers: number[] = [];
    let at = byte;
    for (let column = 1; column <= 12; column++) {
      const field = record[column - 1];
      if (field === undefined) return { line, column, byte: byte + record.join(',').length };
      const isTime = column === 1 || column === 7;
      const value = Number(field);
      const fine = isTime || column === 9 ? isCount(field) : isNumber(field);
      if (!fine || (isTime && micros !== undefined && value > 1e14 !== micros))
        return { line, column, byte: at };
      if (isTime) micros ??= value > 1e14;
      numbers.push(value);
      at += field.length + 1;
    }
    if (record.length > 12) return { line, column: 13, byte: at };
    rows.push(numbers);
    byte += record.join(',').length;
    byte += text.startsWith('\r\n', byte) ? 2 : 1;
  }
  return { rows };
}

function isCount(field: string): boolean {
  return (
    [...field].every((char) => char >= '0' && char <= '9') &&
    field.length >= 1 &&
    field.length <= 16 &&
    Number.isSafeInteger(Number(field))
  );
}

/** Whatever `Number` takes, but for blanks, other bases and infinity. */
function isNumber(field: string): boolean {
  return field !== '' && field.trim() === field && !/[xob]/i.test(field) && Number.isFinite(Number(field));
}

function expectSameVerdict(text: string): void {
  const expected = independent(text);
  const result = parseKlines(Buffer.from(text, 'latin1'), FILE);
  if ('rows' in expected) {
    if (!result.ok) expect.fail(`refused: ${result.failure.message}`);
    expect(result.klines.rows).toBe(expected.rows.length);
    const flat = expected.rows.flat();
    const differing = flat.findIndex((value, index) => !Object.is(value, result.klines.values[index]));
    expect(differing).toBe(-1);
    return;
  }
  if (result.ok) expect.fail(`accepted, but ${JSON.stringify(expected)} is wrong`);
  const place = /: line (\d+), column (\d+)(?: \(\w+\))?, byte (\d+): found /.exec(result.failure.message);
  expect(place?.slice(1).map(Number)).toEqual([expected.line, expected.column, expected.byte]);
}

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });

const plain = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(digits(1, 8), digits(8, 8)).map(([whole, fraction]) => `${whole}.${fraction}`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(digits(1, 12), digits(0, 12)).map(([whole, fraction]) => `${whole}.${fraction}`),
  },
  { weight: 1, arbitrary: fc.tuple(digits(1, 12), fc.constant('00000000')).map((parts) => parts.join('.')) },
  { weight: 2, arbitrary: digits(1, 22) },
);

/** Numbers that no kline has, but that are numbers. */
const odd = fc.oneof(
  fc
    .tuple(fc.constantFrom('', '+', '-'), plain, fc.constantFrom('', 'e', 'E', 'e+', 'E-'), digits(1, 3))
    .map(([sign, number, exponent, power]) => `${sign}${number}${exponent === '' ? '' : exponent + power}`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.tuple(digits(300, 320), digits(0, 3)).map((parts) => parts.join('.')),
  digits(1, 5).map((fraction) => `.${fraction}`),
);

const garbage = fc.oneof(
  fc.constantFrom(
    '',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x1f',
    '0b1',
    '1_000',
    '1 ',
    ' 1',
    '"1"',
    '.',
    '-',
    'e5',
    '1e',
    '1.2.3',
    '1\r',
    '\xa01',
    '½',
    '1e400',
  ),
  fc.string({ unit: fc.constantFrom(...'0123456789.,+-eE "x:/\r\xe9'), maxLength: 12 }),
);

const count = fc.oneof({ weight: 9, arbitrary: digits(1, 6) }, { weight: 1, arbitrary: digits(14, 18) });
const time = fc.integer({ min: 1_500_000_000_000, max: 1_800_000_000_000 }).map(String);

function row(decimal: fc.Arbitrary<string>, micros: boolean): fc.Arbitrary<string> {
  const at = micros ? time.map((text) => `${text}999`) : time;
  const d = decimal;
  return fc.tuple(at, d, d, d, d, d, at, d, count, d, d, d).map((fields) => fields.join(','));
}

/** Whole files: line ends of both kinds, with or without the last one. */
function file(decimal: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(fc.boolean(), fc.boolean()).chain(([micros, last]) =>
    fc
      .array(fc.tuple(row(decimal, micros), fc.constantFrom('\n', '\n', '\n', '\r\n')), {
        minLength: 1,
        maxLength: 12,
      })
      .map((lines) =>
        lines
          .flat()
          .slice(0, last ? undefined : -1)
          .join(''),
      ),
  );
}

describe('beside csv-parse and Number', () => {
  it('every plain number is the same double, bit for bit', () => {
    fc.assert(fc.property(file(plain), expectSameVerdict), { numRuns: 1500 });
  });

  it('every other spelling of a number is, too', () => {
    fc.assert(fc.property(file(fc.oneof(plain, odd)), expectSameVerdict), { numRuns: 800 });
  });

  it('anything else is refused at the same line, column and byte', () => {
    const field = fc.oneof({ weight: 60, arbitrary: plain }, { weight: 1, arbitrary: garbage });
    fc.assert(fc.property(file(field), expectSameVerdict), { numRuns: 1500 });
  });

  it('so is a file in which some bytes were changed, lost or doubled', () => {
    const edit = fc.tuple(
      fc.nat(),
      fc.constantFrom('set', 'cut', 'double'),
      fc.constantFrom(...'0159.,\n\r-+eE "/:\x00\xff'),
    );
    fc.assert(
      fc.property(file(plain), fc.array(edit, { minLength: 1, maxLength: 3 }), (text, edits) => {
        let damaged = text;
        for (const [where, kind, char] of edits) {
          // The first byte tells a header from rows: what is no digit there is judged as a header.
          const at = 1 + (where % (damaged.length - 1));
          const middle = kind === 'set' ? char : kind === 'cut' ? '' : `${damaged[at]}${damaged[at]}`;
          damaged = damaged.slice(0, at) + middle + damaged.slice(at + 1);
        }
        expectSameVerdict(damaged);
      }),
      { numRuns: 3000 },
    );
  });

  it('a file that was cut anywhere is read up to there or refused there', () => {
    fc.assert(
      fc.property(file(plain), fc.nat(), (text, where) =>
        expectSameVerdict(text.slice(0, 1 + (where % text.length))),
      ),
      { numRuns: 1500 },
    );
  });

  it('rows of one file may be in the other unit only to be refused', () => {
    const rows = fc.array(fc.oneof(row(plain, false), row(plain, true)), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(rows, (lines) => expectSameVerdict(lines.join('\n'))),
      { numRuns: 500 },
    );
  });
});
