/**
 * Append-only files of checked lines: a header with a version, then a text a line, mostly JSON, with its length and
 * CRC-32. A tail that was cut short and a line that does not add up are left out and counted. Knows neither what
 * the values mean nor what is kept in such a file.
 */
import { ftruncateSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { bytesAt } from './files.ts';

const LINE_END = 10;
const SPACE = 32;
const ZERO = 48;
const SMALL_A = 97;

export interface LineFormat {
  /** `pipeline journal`: with the version behind it, the first line. */
  readonly name: string;
  readonly version: number;
  /** The oldest version that is read. Default: none but the present one. */
  readonly oldest?: number;
  /** A file that begins in another way: `found` is its first line. It is left as it is. */
  foreign(path: string, found: string): Error;
  newer(path: string, version: string): Error;
}

export interface ReadLines {
  /** As the header says. The present one where there is no file, or not even a whole header. */
  readonly version: number;
  readonly lines: number;
  readonly damaged: number;
  /** Up to and with the last line end: what follows was cut short. */
  readonly wholeBytes: number;
  readonly tornBytes: number;
}

export function headerOf({ name, version }: LineFormat): string {
  return `${name} ${version}`;
}

/** Gives each value to `take`, which answers whether it is one. Throws where the header is not that of the format. */
export function readLines(path: string, format: LineFormat, take: (value: unknown) => boolean): ReadLines {
  return scanLines(path, format, (bytes, from, to) => {
    const value = parseText(bytes, from, to);
    return value !== undefined && take(value);
  });
}

/** The same before anything is parsed: the text of a line that adds up lies in `bytes` from `from` up to `to`. */
export function scanLines(
  path: string,
  format: LineFormat,
  take: (bytes: Buffer, from: number, to: number) => boolean,
): ReadLines {
  const bytes = bytesAt(path);
  const wholeBytes = bytes.lastIndexOf(LINE_END) + 1;
  const tornBytes = bytes.length - wholeBytes;
  if (wholeBytes === 0) {
    // Not even the header was written whole, or this is something else.
    if (!headerOf(format).startsWith(bytes.toString('utf8'))) versionIn(path, bytes.toString('utf8'), format);
    return { version: format.version, lines: 0, damaged: 0, wholeBytes, tornBytes };
  }
  const first = bytes.indexOf(LINE_END);
  const version = versionIn(path, bytes.toString('utf8', 0, first), format);
  let lines = 0;
  let damaged = 0;
  for (let at = first + 1; at < wholeBytes; lines++) {
    const from = textOf(bytes, at);
    const to = from === undefined ? bytes.indexOf(LINE_END, at) : endOf(bytes, at, from);
    if (from === undefined || !take(bytes, from, to)) damaged++;
    at = to + 1;
  }
  return { version, lines, damaged, wholeBytes, tornBytes };
}

function versionIn(path: string, line: string, format: LineFormat): number {
  const start = `${format.name} `;
  const text = line.startsWith(start) ? line.slice(start.length) : '';
  if (!/^[1-9]\d*$/.test(text)) throw format.foreign(path, line);
  const version = Number(text);
  if (version > format.version) throw format.newer(path, text);
  if (version < (format.oldest ?? format.version)) throw format.foreign(path, line);
  return version;
}

/** The value of the line from `at` to the line end at `end`, undefined where it does not add up. */
export function parseLine(bytes: Buffer, at: number, end: number): unknown {
  const from = textOf(bytes, at);
  return from !== undefined && endOf(bytes, at, from) === end ? parseText(bytes, from, end) : undefined;
}

function parseText(bytes: Buffer, from: number, to: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, to));
  } catch {
    return undefined;
  }
}

// A line is `<crc32 of the text, 8 hex> <length of the text in bytes> <text>`. Read byte by byte, without a string made
// of either number: of a journal's lines there are hundreds of thousands.

const SUM_DIGITS = 8;

/** Where the text of the line at `at` begins; undefined where the line does not add up. */
function textOf(bytes: Buffer, at: number): number | undefined {
  if (bytes[at + SUM_DIGITS] !== SPACE) return undefined;
  let from = at + SUM_DIGITS + 1;
  while (isDigit(bytes[from])) from++;
  // A length has no leading zero, and there are no lines longer than nine digits can say.
  const digits = from - at - SUM_DIGITS - 1;
  const padded = bytes[at + SUM_DIGITS + 1] === ZERO && digits > 1;
  if (bytes[from] !== SPACE || digits < 1 || digits > 9 || padded) return undefined;
  from++;
  const end = endOf(bytes, at, from);
  if (bytes[end] !== LINE_END) return undefined;
  return crc32(bytes.subarray(from, end)) === sumOf(bytes, at) ? from : undefined;
}

/** Where the line at `at`, with its text from `from`, ends: at its line end. */
function endOf(bytes: Buffer, at: number, from: number): number {
  let length = 0;
  for (let digit = at + SUM_DIGITS + 1; digit < from - 1; digit++)
    length = length * 10 + (bytes[digit] ?? ZERO) - ZERO;
  return from + length;
}

/** -1, which no checksum is, where there are no eight digits. */
function sumOf(bytes: Buffer, at: number): number {
  let sum = 0;
  for (let digit = at; digit < at + SUM_DIGITS; digit++) {
    const byte = bytes[digit] ?? 0;
    if (isDigit(byte)) sum = sum * 16 + byte - ZERO;
    else if (byte >= SMALL_A && byte < SMALL_A + 6) sum = sum * 16 + byte - SMALL_A + 10;
    else return -1;
  }
  return sum;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 10;
}

export function formatLine(value: object): Buffer {
  return formatText(JSON.stringify(value));
}

/** Of a text without line ends. */
export function formatText(text: string | Buffer): Buffer {
  const body = typeof text === 'string' ? Buffer.from(text) : text;
  const sum = crc32(body).toString(16).padStart(SUM_DIGITS, '0');
  return Buffer.concat([Buffer.from(`${sum} ${body.length} `), body, Buffer.from('\n')]);
}

/** Writes at the end of a file of `size` bytes, opened to append: the whole line, or none of it. */
export function appendLine(fd: number, size: number, line: Uint8Array): void {
  try {
    for (let done = 0; done < line.length; ) done += writeSync(fd, line, done);
  } catch (thrown) {
    // The disk is full, say: half a line would spoil the next one.
    ftruncateSync(fd, size);
    throw thrown;
  }
}
