/**
 * Looks again at what a pass has looked at, and says what is no more as it was. Of many files a thread looks at some,
 * from the other side of the same lists: a look takes as long on one core as on two. Knows no targets.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { digestOfValue } from '../hash.ts';
import { errorCode, filesBelow, statOf } from './files.ts';
import type { Seen } from './witness.ts';
import { STAMP } from './witness.ts';

/** What is not as it was, by place in the lists. */
export interface Changed {
  readonly paths: readonly number[];
  readonly folders: readonly number[];
}

/** As it was read back, in memory that threads share. */
export interface SharedSeen extends Seen {
  readonly stamps: Float64Array<SharedArrayBuffer>;
  /** The paths, one a line. */
  sharedPaths(): Uint8Array<SharedArrayBuffer>;
}

/** What a thread is given to look at. */
export interface Share {
  readonly workspace: string;
  readonly paths: Uint8Array<SharedArrayBuffer>;
  readonly stamps: Float64Array<SharedArrayBuffer>;
  readonly count: number;
  /** The next piece that nobody has taken; and whether the thread has begun to take any. */
  readonly taken: Int32Array<SharedArrayBuffer>;
}

/** Undefined: something cannot be looked at. */
export type Found = readonly number[] | undefined;

/** A thread takes 0.04 s to start, and as long to end: 35,000 looks were done later with one than without. */
const MANY = 80_000;
/** Paths that are taken at once. */
const PIECE = 1_024;
const LINE_END = 10;

/**
 * Undefined: more than `most` of it, or something cannot be looked at, which is for a full pass to tell of. `looker`:
 * the module that a thread runs, see `lookBeside`.
 */
export async function changedSince(
  seen: SharedSeen,
  { workspace, most, looker }: { workspace: string; most: number; looker?: URL | undefined },
): Promise<Changed | undefined> {
  const paths =
    looker === undefined || seen.paths.length < MANY || availableParallelism() < 2
      ? lookAt(seen.paths, seen.stamps, workspace)
      : await lookTogether(seen, workspace, looker);
  if (paths === undefined || paths.length > most) return undefined;
  try {
    const folders = seen.folders.flatMap(([path, names], at) =>
      digestOfValue(filesBelow(absolute(workspace, path))) === names ? [] : [at],
    );
    return { paths, folders };
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}

async function lookTogether(seen: SharedSeen, workspace: string, looker: URL): Promise<Found> {
  const { paths, stamps } = seen;
  const taken = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const share: Share = { workspace, paths: seen.sharedPaths(), stamps, count: paths.length, taken };
  const thread = new Worker(looker, { workerData: share });
  try {
    // Asked for before the loop, in which nothing is heard. What goes wrong in it is looked for by a full pass.
    const others = new Promise<Found>((resolve) => {
      thread.once('message', resolve);
      thread.once('error', () => resolve(undefined));
      thread.once('exit', () => resolve(undefined));
    });
    const changed: number[] = [];
    for (let from = nextPiece(taken); from < paths.length; from = nextPiece(taken)) {
      const found = lookAt(paths.slice(from, from + PIECE), stamps, workspace, from);
      if (found === undefined) return undefined;
      changed.push(...found);
    }
    // One that has not begun by now finds nothing left.
    if (Atomics.load(taken, 1) === 0) return changed;
    const found = await others;
    return found && [...changed, ...found];
  } finally {
    void thread.terminate();
  }
}

/** What a thread does: it takes pieces as long as there are any. */
export function lookBeside({ workspace, paths, stamps, count, taken }: Share): Found {
  Atomics.store(taken, 1, 1);
  const changed: number[] = [];
  const text = Buffer.from(paths.buffer, paths.byteOffset, paths.byteLength);
  let [line, at] = [0, 0];
  for (let from = nextPiece(taken); from < count; from = nextPiece(taken)) {
    for (; line < from; line++) at = text.indexOf(LINE_END, at) + 1;
    const own: string[] = [];
    for (; line < Math.min(from + PIECE, count); line++) {
      const end = text.indexOf(LINE_END, at);
      own.push(text.toString('utf8', at, end < 0 ? text.length : end));
      at = end + 1;
    }
    const found = lookAt(own, stamps, workspace, from);
    if (found === undefined) return undefined;
    changed.push(...found);
  }
  return changed;
}

function nextPiece(taken: Int32Array): number {
  return Atomics.add(taken, 0, 1) * PIECE;
}

/** `first`: the place of the first of these. */
function lookAt(paths: readonly string[], stamps: Float64Array, workspace: string, first = 0): Found {
  try {
    const changed: number[] = [];
    for (const [at, path] of paths.entries())
      if (!isAs(absolute(workspace, path), stamps, (first + at) * STAMP)) changed.push(first + at);
    return changed;
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}

function absolute(workspace: string, path: string): string {
  return path.startsWith('/') ? path : `${workspace}/${path}`;
}

function isAs(path: string, stamps: Float64Array, at: number): boolean {
  const is = statOf(path);
  if (is === undefined) return (stamps[at] ?? 0) < 0;
  return (
    is.size === stamps[at] &&
    is.mtimeMs === stamps[at + 1] &&
    is.ctimeMs === stamps[at + 2] &&
    is.ino === stamps[at + 3] &&
    is.isFile()
  );
}
