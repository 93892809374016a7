/**
 * What targets have said, a file each: the whole log of a target's last run, below the state folder. For people alone:
 * nothing rests on it, and a log that cannot be written fails nobody. Knows no tasks.
 */
import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../hash.ts';
import { entriesBelow, entryAt, errorCode, removeTree, statOf } from './files.ts';
import { STATE_FOLDER } from './workspace-state.ts';

const FOLDER = `${STATE_FOLDER}/logs`;
const ENDING = '.log';
/** Of one log: its first half and its last are kept. */
export const MOST_LOG_BYTES = 4_000_000;
const HALF = MOST_LOG_BYTES / 2;
/** Names of files may have 255 bytes. */
const LONGEST_NAME = 200;

/** Where the log of a target lies, relative to the workspace: below one folder, whatever the target's keys are. */
export function logPathOf(target: string): string {
  return `${FOLDER}/${target.split('/').map(safeName).join('/')}${ENDING}`;
}

/** The log of a target's last run, relative to the workspace; undefined if it had nothing to say. */
export function logOf(workspace: string, target: string): string | undefined {
  const path = logPathOf(target);
  return existsSync(join(workspace, path)) ? path : undefined;
}

/** The same, if it was written between two instants (epoch milliseconds): in a certain build. */
export function logWithin(workspace: string, target: string, from: number, to: number): string | undefined {
  const path = logPathOf(target);
  const written = statOf(join(workspace, path))?.mtimeMs;
  return written !== undefined && written >= from && written <= to ? path : undefined;
}

/** Of all targets that have one, relative to the workspace, in code-unit order. */
export function logFiles(workspace: string): readonly string[] {
  const folder = join(workspace, FOLDER);
  if (statOf(folder)?.isDirectory() !== true) return [];
  return entriesBelow(folder).map((name) => `${FOLDER}/${name}`);
}

/** No two names become one: what is replaced is spelt out, and a folder cannot be called like a log. */
function safeName(name: string): string {
  const spelt = [...Buffer.from(name)].map((byte) => {
    const char = String.fromCharCode(byte);
    return /[\w@=+,.-]/.test(char) ? char : escaped(byte);
  });
  const whole = spelt
    .join('')
    .replace(/^\./, escaped(0x2e))
    .replace(/\.log$/, `${escaped(0x2e)}log`);
  if (whole === '') return '%';
  return whole.length <= LONGEST_NAME
    ? whole
    : `${whole.slice(0, LONGEST_NAME)}%${sha256(name).slice(0, 16)}`;
}

function escaped(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
}

/** Of most runs there is none, and to look costs less than an attempt that fails. */
function removeLog(file: string): void {
  if (entryAt(file) !== undefined) removeTree(file);
}

/** The log of a run that is under way. Takes the place of the last run's, also if nothing is said. */
export class TargetLog {
  readonly #path: string;
  readonly #file: string;
  /** Undefined before the first line; null: it cannot be written. */
  #fd: number | null | undefined;
  #written = 0;
  readonly #tail: Buffer[] = [];
  #tailBytes = 0;
  #leftOut = 0;
  #lines = 0;

  constructor(workspace: string, target: string) {
    this.#path = logPathOf(target);
    this.#file = join(workspace, this.#path);
    this.#try(() => removeLog(this.#file));
  }

  /** How many were said. */
  get lines(): number {
    return this.#lines;
  }

  /** On the disk at once, so that it can be followed and outlives a crash, but for what only its end will show. */
  line(text: string): void {
    this.#lines++;
    this.#add(text);
  }

  /** What is said about the run, if the run has said something itself. */
  remark(text: string): void {
    if (this.#lines > 0) this.#add(text);
  }

  /** While it is open: where it lies, relative to the workspace; undefined if nothing was said, or nothing can be written. */
  get path(): string | undefined {
    return typeof this.#fd === 'number' ? this.#path : undefined;
  }

  close(): void {
    this.#shorten(HALF);
    if (this.#leftOut > 0) this.#write(Buffer.from(`[${this.#leftOut} lines left out]\n`));
    this.#write(Buffer.concat(this.#tail.splice(0)));
    const fd = this.#fd;
    this.#fd = null;
    if (typeof fd === 'number') this.#try(() => closeSync(fd));
  }

  #add(text: string): void {
    const line = Buffer.from(`${text}\n`);
    if (this.#tail.length === 0 && this.#written + line.length <= HALF) {
      this.#write(line);
      return;
    }
    const kept = line.subarray(-HALF);
    this.#tail.push(kept);
    this.#tailBytes += kept.length;
    // Not with each line: taking off the front of a list costs as much as the list is long.
    if (this.#tailBytes > 2 * HALF) this.#shorten(HALF);
  }

  #shorten(most: number): void {
    let count = 0;
    while (this.#tailBytes > most) this.#tailBytes -= this.#tail[count++]?.length ?? 0;
    this.#tail.splice(0, count);
    this.#leftOut += count;
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0 || this.#fd === null) return;
    this.#try(() => {
      this.#fd ??= this.#open();
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
      this.#written += bytes.length;
    });
  }

  /** Never through a link that somebody has put there. */
  #open(): number {
    mkdirSync(dirname(this.#file), { recursive: true });
    return openSync(this.#file, 'wx');
  }

  /** A full disk, say: then there is no log, or half of one. */
  #try(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      if (typeof this.#fd === 'number') closeSync(this.#fd);
      this.#fd = null;
    }
  }
}
