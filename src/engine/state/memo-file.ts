/**
 * The stat memo as it lies on disk: a header, a checksum, and a line for each file, sorted by path. Of a large one a
 * build mostly asks for a few lines, and changes a few: these are looked up where they stand, and written in their
 * places. Knows not when an entry counts.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Digest } from '../hash.ts';
import { sha256 } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import type { Stamp } from './witness.ts';

export interface Entry extends Stamp {
  readonly digest: Digest;
  /** Wall clock when hashing began, milliseconds. */
  readonly hashedAt: number;
}

type Changed = readonly [path: string, entry: Entry | undefined];

const HEADER = 'pipeline stat memo 1';
const LINE_END = 10;

/** To search for a line takes as long as to parse ten. */
const LINES_A_SEARCH = 10;
/** A digest, five numbers and a path. */
const LINE_BYTES = 160;
/** Lines. */
const AT_ONCE = 10_000;

export class MemoFile {
  /** Lines, each with its end. */
  readonly #lines: Buffer;
  /** More than these cost more than to parse it all. */
  readonly #mostSearches: number;
  #searches = 0;
  #parsed: Map<string, Entry> | undefined;

  /** One that cannot be read is an empty one: it only ever saves work. `mostSearches` is for tests. */
  constructor(file: string, mostSearches?: number) {
    this.#lines = linesIn(file);
    this.#mostSearches = mostSearches ?? this.#lines.length / LINE_BYTES / LINES_A_SEARCH;
  }

  get(path: string): Entry | undefined {
    if (this.#parsed === undefined && this.#searches++ < this.#mostSearches) {
      const { at, found } = this.#search(path);
      return found ? parseLine(this.#lineAt(at)).entry : undefined;
    }
    this.#parsed ??= this.#parse();
    return this.#parsed.get(path);
  }

  /** The whole file with these entries in it, instead of those that it has of the same paths; undefined: with none. */
  textWith(changed: readonly Changed[]): Buffer {
    const sorted = [...changed].sort(([a], [b]) => byCodeUnit(a, b));
    const body = sorted.length > this.#mostSearches ? this.#merged(sorted) : this.#spliced(sorted);
    // The last line has no end there.
    const inFile = body.subarray(0, -1);
    return Buffer.concat([Buffer.from(`${HEADER}\n${sha256(inFile)}\n`), inFile]);
  }

  #spliced(sorted: readonly Changed[]): Buffer {
    const pieces: Buffer[] = [];
    let from = 0;
    for (const [path, entry] of sorted) {
      const { at, found } = this.#search(path);
      pieces.push(this.#lines.subarray(from, at));
      if (entry !== undefined) pieces.push(Buffer.from(formatLine(path, entry)));
      from = found ? this.#endOf(at) : at;
    }
    return Buffer.concat([...pieces, this.#lines.subarray(from)]);
  }

  #merged(changed: readonly Changed[]): Buffer {
    const all = new Map<string, Entry | undefined>([...(this.#parsed ?? this.#parse()), ...changed]);
    const lines = [...all]
      .sort(([a], [b]) => byCodeUnit(a, b))
      .flatMap(([path, entry]) => (entry === undefined ? [] : [formatLine(path, entry)]));
    // All together they may be more than one string holds.
    const pieces: Buffer[] = [];
    for (let at = 0; at < lines.length; at += AT_ONCE)
      pieces.push(Buffer.from(lines.slice(at, at + AT_ONCE).join('')));
    return Buffer.concat(pieces);
  }

  #parse(): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (let at = 0; at < this.#lines.length; at = this.#endOf(at)) {
      const { path, entry } = parseLine(this.#lineAt(at));
      entries.set(path, entry);
    }
    return entries;
  }

  /** Where the line of a path stands, or would stand. */
  #search(path: string): { readonly at: number; readonly found: boolean } {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const at = this.#startOf((low + high) >> 1);
      const order = byCodeUnit(parseLine(this.#lineAt(at)).path, path);
      if (order === 0) return { at, found: true };
      if (order < 0) low = this.#endOf(at);
      else high = at;
    }
    return { at: low, found: false };
  }

  #lineAt(at: number): string {
    return this.#lines.toString('utf8', at, this.#endOf(at) - 1);
  }

  #startOf(at: number): number {
    return at === 0 ? 0 : this.#lines.lastIndexOf(LINE_END, at - 1) + 1;
  }

  /** Where the next line begins. */
  #endOf(at: number): number {
    return this.#lines.indexOf(LINE_END, at) + 1;
  }
}

function linesIn(file: string): Buffer {
  const bytes = readWithEnd(file);
  const head = HEADER.length + 1 + 64 + 1;
  const body = bytes?.subarray(head);
  if (bytes === undefined || body === undefined || body.length < 2) return Buffer.alloc(0);
  const sound = bytes.toString('latin1', 0, head) === `${HEADER}\n${sha256(body.subarray(0, -1))}\n`;
  return sound ? body : Buffer.alloc(0);
}

/** All of a file, and a line end behind it; undefined where it cannot be read. */
function readWithEnd(file: string): Buffer | undefined {
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      const bytes = Buffer.alloc(size + 1, '\n');
      let read = 0;
      for (let more = 1; more > 0; read += more) more = readSync(fd, bytes, read, size - read, read);
      return read === size ? bytes : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function formatLine(path: string, { digest, size, mtimeMs, ctimeMs, ino, hashedAt }: Entry): string {
  return `${digest} ${size} ${mtimeMs} ${ctimeMs} ${ino} ${hashedAt} ${path}\n`;
}

function parseLine(line: string): { readonly path: string; readonly entry: Entry } {
  const [digest = '', size, mtimeMs, ctimeMs, ino, hashedAt, ...path] = line.split(' ');
  const entry = {
    // The checksum has held: it is what `formatLine` wrote.
    digest: digest as Digest,
    size: Number(size),
    mtimeMs: Number(mtimeMs),
    ctimeMs: Number(ctimeMs),
    ino: Number(ino),
    hashedAt: Number(hashedAt),
  };
  return { path: path.join(' '), entry };
}
