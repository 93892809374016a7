/**
 * Append-only files of checked lines: a header with a version, then one JSON value a line with its length and
 * CRC-32. A tail that was cut short and a line that does not add up are left out and counted. Knows neither what
 * the values mean nor what is kept in such a file.
 */
import { ftruncateSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { isMissing } from './files.ts';

export interface LineFormat {
  /** `pipeline journal`: with the version behind it, the first line. */
  readonly name: string;
  readonly version: number;
  /** A file that begins in another way: `found` is its first line. It is left as it is. */
  foreign(path: string, found: string): Error;
  newer(path: string, version: string): Error;
}

export interface ReadLines {
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
  const bytes = read(path);
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  let lines = 0;
  let damaged = 0;
  for (let at = 0; at < wholeBytes; ) {
    const end = bytes.indexOf(10, at);
    if (at === 0) checkHeader(path, bytes.toString('utf8', 0, end), format);
    else {
      const value = parseLine(bytes, at, end);
      if (value === undefined || !take(value)) damaged++;
      lines++;
    }
    at = end + 1;
  }
  // Not even the header was written whole, or this is something else.
  if (wholeBytes === 0 && !headerOf(format).startsWith(bytes.toString('utf8')))
    checkHeader(path, bytes.toString('utf8'), format);
  return { lines, damaged, wholeBytes, tornBytes: bytes.length - wholeBytes };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if (isMissing(thrown)) return Buffer.alloc(0);
    throw thrown;
  }
}

function checkHeader(path: string, line: string, format: LineFormat): void {
  const start = `${format.name} `;
  const version = line.startsWith(start) ? line.slice(start.length) : '';
  if (!/^[1-9]\d*$/.test(version)) throw format.foreign(path, line);
  if (version !== String(format.version)) throw format.newer(path, version);
}

/** The value of the line from `at` to the line end at `end`, undefined where it does not add up. */
export function parseLine(bytes: Buffer, at: number, end: number): unknown {
  // `<crc32, 8 hex> <length> <json>`
  const space = bytes.indexOf(32, at + 9);
  if (space < 0 || space >= end || bytes[at + 8] !== 32) return undefined;
  const body = bytes.subarray(space + 1, end);
  if (bytes.toString('latin1', at + 9, space) !== String(body.length)) return undefined;
  if (bytes.toString('latin1', at, at + 8) !== checksum(body)) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function checksum(body: Uint8Array): string {
  return crc32(body).toString(16).padStart(8, '0');
}

export function formatLine(value: object): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(`${checksum(body)} ${body.length} `), body, Buffer.from('\n')]);
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
