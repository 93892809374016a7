/**
 * The scratch copy of a workspace that a clean build would begin with: what nobody makes and what was brought in from
 * outside, nothing of what is made. Copies where they cost little, so that what is done there harms nothing in place;
 * else links to single files.
 */
import type { Dirent } from 'node:fs';
import { constants, copyFileSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PathEdges } from '../graph/path-edges.ts';
import { mayLieIn } from '../graph/shape.ts';
import type { Session } from '../run/session.ts';
import { errorCode, filesBelow, isMissing, statOf } from '../state/files.ts';
import type { Lock } from '../state/lockfile.ts';
import { Unreadable } from '../state/memo.ts';
import { isStatePath } from '../state/workspace-state.ts';
import type { ScratchPlaces } from './scratch-places.ts';
import { isBelow } from './scratch-places.ts';

/** Scripts, tables of constants and the like: a recipe may look for files of a folder, and a link is none. */
const MOST_BYTES = 1 << 20;
const MOST_BYTES_IN_ALL = 1 << 28;

/** `session`: over the workspace itself, to tell what is made and what was left behind. */
export function mirror(session: Session, lock: Lock, places: ScratchPlaces): void {
  mkdirSync(places.root, { recursive: true });
  new Mirror(session, lock, places).sourceTree();
  for (const path of lock.sources.keys()) linkLocked(path, places);
}

/** What a source rule has brought in, as it lies there now: whether that is what is locked is asked when it is needed. */
function linkLocked(path: string, places: ScratchPlaces): void {
  const [real, place] = [places.inPlace(path), places.of(path)];
  const there = place === real ? undefined : statOf(real);
  if (there?.isFile()) linkFile(real, place, places);
  if (!there?.isDirectory()) return;
  mkdirSync(place, { recursive: true });
  for (const name of filesBelow(real)) linkFile(join(real, name), join(place, name), places);
}

class Mirror {
  readonly #places: ScratchPlaces;
  readonly #isSource: (path: string) => boolean;
  readonly #mayHoldOutputs: (folder: string) => boolean;
  #bytes = 0;

  constructor(session: Session, lock: Lock, places: ScratchPlaces) {
    this.#places = places;
    this.#isSource = sourceTest(session, lock);
    this.#mayHoldOutputs = outputTest(session.paths);
  }

  sourceTree(): void {
    this.#visit('', []);
  }

  /** `above`: real paths of the folders on the way here. */
  #visit(relative: string, above: readonly string[]): void {
    const { workspace, root } = this.#places;
    const real = realpathSync.native(join(workspace, relative));
    if (above.includes(real)) return;
    const entries = this.#entriesOf(relative, real);
    if (entries.length === 0) mkdirSync(join(root, relative), { recursive: true });
    for (const entry of entries) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (isStatePath(path) || (entry.isSymbolicLink() && this.#relinked(path))) continue;
      const stat = statOf(join(workspace, path));
      if (stat?.isDirectory()) {
        // Thousands of files that no task reads one by one.
        const whole = entry.name.startsWith('.') || entry.name === 'node_modules';
        if (whole && !this.#mayHoldOutputs(path)) link(join(workspace, path), join(root, path));
        else unlessGone(() => this.#visit(path, [...above, real]));
      } else if (stat?.isFile() && this.#isSource(path)) unlessGone(() => this.#bring(path, stat.size));
    }
  }

  /** None of a folder that this user may not list, as `lost+found` of a volume: whoever wants its files says so. */
  #entriesOf(relative: string, real: string): readonly Dirent[] {
    try {
      return readdirSync(real, { withFileTypes: true });
    } catch (thrown) {
      if (relative === '' || (errorCode(thrown) !== 'EACCES' && errorCode(thrown) !== 'EPERM')) throw thrown;
      if (!this.#mayHoldOutputs(relative)) link(real, join(this.#places.root, relative));
      return [];
    }
  }

  /** A link within the workspace leads to the same place in the scratch, where something else may come to lie. */
  #relinked(path: string): boolean {
    const { workspace, root } = this.#places;
    let real: string;
    try {
      real = realpathSync.native(join(workspace, path));
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      // To nowhere: it is nobody's source.
      return true;
    }
    if (!isBelow(real, workspace)) return false;
    // The scratch lies in there: it would be copied into itself.
    if (isStatePath(real.slice(workspace.length + 1))) return true;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(root + real.slice(workspace.length), join(root, path));
    return true;
  }

  #bring(path: string, size: number): void {
    const [real, place] = [join(this.#places.workspace, path), join(this.#places.root, path)];
    if (size > MOST_BYTES || this.#bytes + size > MOST_BYTES_IN_ALL) {
      linkFile(real, place, this.#places);
      return;
    }
    this.#bytes += size;
    mkdirSync(dirname(place), { recursive: true });
    try {
      copyFileSync(real, place, constants.COPYFILE_FICLONE);
    } catch (thrown) {
      if (errorCode(thrown) !== 'EACCES' && errorCode(thrown) !== 'EPERM') throw thrown;
      // Whoever reads it will say so.
      linkFile(real, place, this.#places);
    }
  }
}

/** Neither made now, nor locked, nor left by a target that is gone. */
function sourceTest(session: Session, { files }: Lock): (path: string) => boolean {
  const locked = new Set(files.map(({ path }) => path));
  const isLocked = (path: string): boolean => {
    for (let here = path; here !== '.'; here = dirname(here)) if (locked.has(here)) return true;
    return false;
  };
  const wasLeft = (path: string): boolean => {
    try {
      return session.leftBehind.writerOf(path) !== undefined;
    } catch (thrown) {
      if (thrown instanceof Unreadable) return false;
      throw thrown;
    }
  };
  return (path) => !isLocked(path) && session.makerOf(path) === undefined && !wasLeft(path);
}

function outputTest({ outputs }: PathEdges): (folder: string) => boolean {
  return (folder) => {
    const names = folder.split('/');
    return outputs.some(
      ({ shape, spec: { directory } }) =>
        (mayLieIn(shape, names) && (directory || shape.length > names.length)) ||
        (directory && mayLieIn(names, shape)),
    );
  };
}

/** Its digest is then that of the file in place. */
function linkFile(real: string, place: string, places: ScratchPlaces): void {
  link(real, place);
  places.linked.add(place);
}

function link(real: string, place: string): void {
  mkdirSync(dirname(place), { recursive: true });
  try {
    symlinkSync(real, place);
  } catch (thrown) {
    // It has come with a folder that is linked as a whole.
    if (errorCode(thrown) !== 'EEXIST') throw thrown;
  }
}

function unlessGone(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}
