/**
 * The text of `pipeline.lock`, line by line: one fact a line, and what is wrong with a line that is none. Values in,
 * text out, and back; it knows neither files nor what the facts are for. The format is described in docs/LOCKFILE.md.
 */
import type { Digest } from '../hash.ts';
import type { Json } from '../json.ts';
import { byCodeUnit, canonicalJson } from '../json.ts';

/** What was read back as it had been written need not be formatted. */
interface Read {
  /** The whole line. */
  readonly text?: string;
}

/** What a target brought in from outside, or made to be kept. */
export interface LockedFile extends Read {
  readonly kind: 'source' | 'output';
  readonly target: string;
  readonly path: string;
  readonly digest: Digest;
}

/** What somebody has read in a file that a locked build does not make again. */
export interface LockedValue extends Read {
  readonly kind: 'value';
  readonly target: string;
  readonly pointer: string;
  readonly value: Json;
}

/** In which order the members of the value at a pointer come, where that is not the order of their names. */
export interface LockedKeys extends Read {
  readonly kind: 'keys';
  readonly target: string;
  readonly pointer: string;
  readonly keys: readonly string[];
}

/** The publisher did not have it. */
export interface LockedAbsence extends Read {
  readonly kind: 'absent';
  readonly target: string;
  readonly reason: string;
}

export type LockEntry = LockedFile | LockedValue | LockedKeys | LockedAbsence;

/** Lines of the values of members of one map, one after the other as they were read. */
export interface ReadMembers {
  readonly kind: 'value';
  readonly target: string;
  /** The pointer of the map. */
  readonly above: string;
  /** In each line the name of the member begins behind so many characters. */
  readonly lead: number;
  readonly text: string;
}

/** What is written: a line, or lines that stay together. */
export type LockedLine = LockEntry | ReadMembers;

export interface LockProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface LockText {
  /** Two, when both sides of a merge had their own. Epoch milliseconds. */
  readonly asOfs: readonly number[];
  /** The lines lie in files of their own. */
  readonly sharded: boolean;
  /** As they come, doubles and all. */
  readonly lines: readonly LockEntry[];
  readonly problems: readonly LockProblem[];
}

const NAME = 'pipeline.lock';
const VERSION = 1;
export const HEADER = `${NAME} ${VERSION}`;
const SHARDED = 'sharded';
const MARKS = ['<<<<<<<', '=======', '>>>>>>>', '|||||||'];
const KINDS = 'as-of, output, source, value, keys, absent or sharded';

/** The parts of a text of lines: header, then whatever goes first, then the lines, each once, sorted by code unit. */
export function formatLock(lines: Iterable<LockedLine>, first: readonly string[] = []): string {
  // Lines that were read and stay come in order: no set of them is needed to find doubles.
  const texts = Array.from(lines, formatLine).sort(byCodeUnit);
  const once = texts.filter((text, at) => text !== texts[at - 1]);
  return `${[HEADER, ...first, ...once].join('\n')}\n`;
}

export function formatAsOf(asOf: number): string {
  return `as-of ${instantText(asOf)}`;
}

export const formatSharded = (): string => SHARDED;

export function formatLine(line: LockedLine): string {
  if ('above' in line) return line.text;
  if (line.text !== undefined) return line.text;
  const { kind, target } = line;
  switch (kind) {
    case 'source':
    case 'output':
      return `${kind} ${token(target)} ${token(line.path)} ${line.digest}`;
    case 'value':
      return `${kind} ${token(target)} ${token(line.pointer)} ${canonicalJson(line.value)}`;
    case 'keys':
      return `${kind} ${token(target)} ${token(line.pointer)} ${JSON.stringify(line.keys)}`;
    case 'absent':
      return `${kind} ${token(target)} ${JSON.stringify(line.reason)}`;
  }
}

/** Bare where nothing can be mistaken in it, else as a JSON text. */
function token(text: string): string {
  return /^[^\s"\u0000-\u001f\u007f-\u009f\ud800-\udfff]+$/.test(text) ? text : JSON.stringify(text);
}

export function parseLock(text: string): LockText {
  const asOfs = new Set<number>();
  const lines: LockEntry[] = [];
  const problems: LockProblem[] = [];
  let sharded = false;
  const rows = text.split('\n');
  const header = (rows[0] ?? '').trimEnd();
  if (header !== HEADER) {
    // Whatever else there is belongs to another format.
    return { asOfs: [], sharded, lines, problems: [{ line: 1, message: problemOfHeader(header) }] };
  }
  rows.forEach((raw, at) => {
    // git may have been told to write \r\n.
    const row = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    // A merge of two files may keep both headers.
    if (row === '' || row === HEADER) return;
    if (row === SHARDED) sharded = true;
    else if (row.startsWith('as-of ')) {
      const asOf = parseInstantText(row.slice('as-of '.length));
      if (asOf === undefined)
        problems.push({
          line: at + 1,
          message: `expected "as-of YYYY-MM-DDTHH:MM:00Z", found ${shown(row)}`,
        });
      else asOfs.add(asOf);
    } else {
      const parsed = parseLine(row);
      if (typeof parsed === 'string') problems.push({ line: at + 1, message: parsed });
      else lines.push(parsed);
    }
  });
  return { asOfs: [...asOfs].sort((a, b) => a - b), sharded, lines, problems };
}

function problemOfHeader(found: string): string {
  if (isMark(found)) return unresolved(found);
  const version = found.startsWith(`${NAME} `) ? found.slice(NAME.length + 1) : '';
  if (/^[1-9]\d*$/.test(version))
    return `written by a newer pipeline (version ${version} of the format, this one reads ${VERSION}): use that version`;
  return `expected ${shown(HEADER)}, found ${shown(found)}`;
}

function isMark(row: string): boolean {
  return MARKS.some((mark) => row === mark || row.startsWith(`${mark} `));
}

function unresolved(row: string): string {
  return `a merge was left unresolved here (${shown(row)}): keep the lines of both sides and remove the marks, or remove the file and build`;
}

/** The line, or what is wrong with it. */
function parseLine(row: string): LockEntry | string {
  if (isMark(row)) return unresolved(row);
  const reader = new Reader(row);
  const kind = reader.token() ?? '';
  switch (kind) {
    case 'source':
    case 'output': {
      const [target, path, digest] = [reader.token(), reader.token(), reader.rest()];
      if (target === undefined || path === undefined || !isDigest(digest))
        return `expected "${kind} TARGET PATH SHA256", found ${shown(row)}`;
      return { kind, target, path, digest };
    }
    case 'value': {
      const [target, pointer, value] = [reader.token(), reader.token(), json(reader.rest())];
      if (target === undefined || pointer === undefined || value === undefined)
        return `expected "value TARGET POINTER JSON", found ${shown(row)}`;
      return { kind, target, pointer, value };
    }
    case 'keys': {
      const [target, pointer, keys] = [reader.token(), reader.token(), json(reader.rest())];
      if (target === undefined || pointer === undefined || !isTexts(keys))
        return `expected "keys TARGET POINTER [KEY, …]", found ${shown(row)}`;
      return { kind, target, pointer, keys };
    }
    case 'absent': {
      const [target, reason] = [reader.token(), json(reader.rest())];
      if (target === undefined || typeof reason !== 'string')
        return `expected "absent TARGET "REASON"", found ${shown(row)}`;
      return { kind, target, reason };
    }
    default:
      return `expected a line that begins with ${KINDS}, found ${shown(row)}`;
  }
}

class Reader {
  readonly #row: string;
  #at = 0;

  constructor(row: string) {
    this.#row = row;
  }

  /** The next word, and the blank behind it. Undefined where there is none. */
  token(): string | undefined {
    const form = /("(?:[^"\\]|\\.)*"|[^\s"]+)(?: |$)/y;
    form.lastIndex = this.#at;
    const word = form.exec(this.#row)?.[1];
    if (word === undefined) return undefined;
    this.#at = form.lastIndex;
    if (!word.startsWith('"')) return word;
    const text = json(word);
    return typeof text === 'string' ? text : undefined;
  }

  rest(): string {
    return this.#row.slice(this.#at);
  }
}

function json(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function isDigest(text: string): text is Digest {
  return /^[0-9a-f]{64}$/.test(text);
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function instantText(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** A whole minute, as every as-of is. */
function parseInstantText(text: string): number | undefined {
  const time = Date.parse(text);
  return !Number.isNaN(time) && time % 60_000 === 0 && instantText(time) === text ? time : undefined;
}
