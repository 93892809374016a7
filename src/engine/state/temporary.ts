/**
 * Where runs write before anything is put in place: empty folders on the volume of the outputs, so that a rename does
 * that, swept where a crash has left them. Knows no targets and no outputs.
 */
import type { Dirent } from 'node:fs';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { errorCode, nearestExisting, onSameVolume, removeTree, statOf } from './files.ts';

const TEMPORARY = '.pipeline-tmp-';
/** Where temporary folders on other volumes are noted. */
const ELSEWHERE = 'elsewhere';
/** Temporary folders that wait for another run. */
const MOST_SPARE = 64;
/** Of folders in one of them. */
const MOST_HOLLOWS = 8;

export class TemporaryFolders {
  readonly #workspace: string;
  readonly #usual: string;
  readonly #elsewhere: string;
  /** Folders for other runs: with nothing in them, and with empty folders. */
  readonly #empty: string[] = [];
  readonly #hollow: string[] = [];
  /** Folders of outputs, and whether a rename leads there. */
  readonly #near = new Map<string, boolean>();
  #next = 0;

  /** `folder`: that of the state. */
  constructor(folder: string, workspace: string) {
    this.#workspace = workspace;
    this.#usual = join(folder, 'tmp');
    this.#elsewhere = join(folder, ELSEWHERE);
  }

  /**
   * An empty place for the outputs of one run of a target, on the volume of its first output so that a rename can
   * put them in place. Where that is not the workspace's volume, it is noted so that a crash leaves nothing behind.
   * `nested`: each output gets a folder of its own in it, and may find that there.
   */
  take(firstOutput: string, nested = false): string {
    const name = `${process.pid}-${this.#next++}`;
    const usual = this.#usual;
    const folder = join(usual, name);
    // A rule without outputs gives the workspace itself.
    const near = firstOutput === this.#workspace ? usual : dirname(firstOutput);
    if (!this.#isNear(near)) {
      // Another workspace may put its outputs there too, and its process may have our number in its container.
      const salt = Math.random().toString(36).slice(2);
      const elsewhere = join(nearestExisting(near), `${TEMPORARY}${name}-${salt}`);
      try {
        appendFileSync(this.#elsewhere, `${JSON.stringify(elsewhere)}\n`, { flush: true });
        mkdirSync(elsewhere);
        return elsewhere;
      } catch (thrown) {
        // That folder is not for us: the outputs will be copied there, or it is then that they fail.
        if (errorCode(thrown) === undefined) throw thrown;
      }
    }
    const spare = (nested ? this.#hollow.pop() : undefined) ?? this.#empty.pop();
    if (spare !== undefined && statOf(spare)?.isDirectory()) return spare;
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /**
   * A temporary folder in which nobody works any more. One that is empty but for empty folders serves another run, since
   * to make and to remove folders is dear (0.4 ms each, measured on ext4). It gets another name before it is looked at:
   * by the old one nobody finds it who writes too late.
   */
  giveBack(folder: string): void {
    if (dirname(folder) !== this.#usual || this.#empty.length + this.#hollow.length >= MOST_SPARE) {
      this.remove(folder);
      return;
    }
    const spare = join(this.#usual, `${process.pid}-${this.#next++}`);
    renameSync(folder, spare);
    const entries = readdirSync(spare, { withFileTypes: true });
    if (entries.length === 0) this.#empty.push(spare);
    else if (areHollow(spare, entries)) this.#hollow.push(spare);
    else removeTree(spare);
  }

  /** Remembered once the folder is there. One that is moved to another volume meanwhile costs a copy. */
  #isNear(folder: string): boolean {
    const known = this.#near.get(folder);
    if (known !== undefined) return known;
    const is = onSameVolume(this.#usual, folder);
    if (statOf(folder) !== undefined) this.#near.set(folder, is);
    return is;
  }

  /** With all that is in it; most often there is nothing, and to look for it would cost more. */
  remove(folder: string): void {
    try {
      rmdirSync(folder);
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      removeTree(folder);
    }
  }

  close(): void {
    removeTree(this.#elsewhere);
    for (const spare of [...this.#empty.splice(0), ...this.#hollow.splice(0)]) removeTree(spare);
  }
}

/** What a crash left of them. Safe for who holds the run lock. */
export function sweepTemporary(folder: string): void {
  const elsewhere = join(folder, ELSEWHERE);
  removeTree(join(folder, 'tmp'));
  for (const path of noted(elsewhere))
    if (isAbsolute(path) && basename(path).startsWith(TEMPORARY)) removeTree(path);
  removeTree(elsewhere);
}

/** A few empty folders and nothing else. */
function areHollow(folder: string, entries: readonly Dirent[]): boolean {
  return (
    entries.length <= MOST_HOLLOWS &&
    entries.every((entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).length === 0)
  );
}

/** Paths of temporary folders on other volumes: one JSON text a line, the last of them perhaps cut short. */
function noted(file: string): readonly string[] {
  if (statOf(file)?.isFile() !== true) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const path: unknown = JSON.parse(line);
        return typeof path === 'string' ? [path] : [];
      } catch {
        return [];
      }
    });
}
