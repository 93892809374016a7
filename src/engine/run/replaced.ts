/**
 * What a commit is about to replace: held by another name until the new files are in place, then kept in the store.
 * Only what is still just as some target recorded it, of rules whose results may be restored.
 */
import { join } from 'node:path';
import type { Digest } from '../hash.ts';
import { entriesBelow, entryAt, filesBelow } from '../state/files.ts';
import { Unreadable } from '../state/memo.ts';
import type { Listing } from '../state/store.ts';
import type { RunPlan } from './decide.ts';
import { isKept } from './past.ts';
import type { Session } from './session.ts';

interface Held {
  readonly held: string;
  readonly digest: Digest;
}

export class Replaced {
  readonly #session: Session;
  readonly #plan: RunPlan;
  readonly #seen = new Set<string>();
  readonly #files: Held[] = [];
  readonly #listings: Listing[] = [];

  constructor(session: Session, plan: RunPlan) {
    this.#session = session;
    this.#plan = plan;
  }

  /** A path that is about to lose what stands there: relative to the workspace, or absolute. */
  hold(path: string): void {
    const { memo, past } = this.#session;
    if (past === undefined || !isKept(this.#plan.target.rule) || this.#seen.has(path)) return;
    this.#seen.add(path);
    const absolute = memo.absolute(path);
    const there = entryAt(absolute);
    if (there === undefined || !(there.isFile() || there.isDirectory())) return;
    try {
      const digest = memo.digest(path);
      if (digest === undefined || !this.#isRecorded(path, digest)) return;
      if (there.isFile()) this.#hold(absolute, digest);
      else this.#holdFolder(path, absolute);
    } catch (thrown) {
      if (!(thrown instanceof Unreadable)) throw thrown;
    }
  }

  /** The new files are in place. */
  keep(): void {
    const store = this.#session.past?.store;
    for (const { held, digest } of this.#files.splice(0)) store?.put(held, digest);
    for (const listing of this.#listings) store?.putListing(listing);
  }

  /** Whatever has not been kept by now is not. */
  discard(): void {
    for (const { held } of this.#files) this.#session.past?.store.discard(held);
  }

  /** What a link leads to is somebody else's: such a folder is not kept. */
  #holdFolder(path: string, absolute: string): void {
    const own = new Set(entriesBelow(absolute));
    const names = filesBelow(absolute);
    if (names.length < own.size || !names.every((name) => own.has(name) && isFile(join(absolute, name))))
      return;
    const listing = names.flatMap((name): [string, Digest][] => {
      const digest = this.#session.memo.digest(`${path}/${name}`);
      return digest === undefined ? [] : [[name, digest]];
    });
    for (const [name, digest] of listing) this.#hold(join(absolute, name), digest);
    this.#listings.push(listing);
  }

  #hold(absolute: string, digest: Digest): void {
    const held = this.#session.past?.store.hold(absolute);
    if (held !== undefined) this.#files.push({ held, digest });
  }

  /** By this target, or by another one that wrote there before. */
  #isRecorded(path: string, digest: Digest): boolean {
    const own = this.#plan.previous?.outputs.find((output) => output.path === path);
    return own?.digest === digest || this.#session.leftBehind.wrote(path, digest);
  }
}

function isFile(path: string): boolean {
  return entryAt(path)?.isFile() === true;
}
