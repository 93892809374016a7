/**
 * Where the files of a workspace lie in a scratch copy of it: all that a build writes lies in the scratch, and what
 * lies outside of the workspace is read where it is. Paths in, paths out; touches no file but to tell links apart.
 */
import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Output } from '../graph/outputs.ts';
import type { Digest } from '../hash.ts';
import { isMissing } from '../state/files.ts';
import { StatMemo } from '../state/memo.ts';

export class ScratchPlaces {
  /** Absolute, links resolved. */
  readonly workspace: string;
  /** Stands for the workspace. */
  readonly root: string;
  /** Absolute paths of files in the scratch that are links to the ones in place. */
  readonly linked = new Set<string>();
  /** What builds write outside of the workspace, below its whole path. */
  readonly #elsewhere: string;
  readonly #outputs: readonly Output[];

  constructor(workspace: string, folder: string, outputs: readonly Output[]) {
    this.workspace = workspace;
    this.root = join(folder, 'workspace');
    this.#elsewhere = join(folder, 'elsewhere');
    this.#outputs = outputs.filter(({ spec }) => isAbsolutePath(spec.template.parts[0]));
  }

  /** A path as the manifest spells it, relative to the workspace or absolute, as an absolute path in the scratch. */
  of(path: string): string {
    const real = this.inPlace(path);
    if (isBelow(real, this.root)) return real;
    if (isBelow(real, this.workspace)) return this.root + real.slice(this.workspace.length);
    return this.#isMade(real) ? join(this.#elsewhere, real) : real;
  }

  /** The same path as an absolute one in the workspace itself. */
  inPlace(path: string): string {
    return resolve(this.workspace, path);
  }

  /** As a recipe that runs in the scratch can use it: as it is spelt, if that leads to the right file. */
  toRead(path: string): string {
    const place = this.of(path);
    return resolve(this.root, path) === place ? path : place;
  }

  #isMade(absolute: string): boolean {
    return this.#outputs.some((output) => output.readingsOf(absolute).length > 0);
  }
}

/**
 * Digests of files in the scratch. What is only linked there has the digest of the file in place, which is read once for
 * both questions: is it still what is locked, and what is made of it.
 */
export class ScratchMemo extends StatMemo {
  readonly #places: ScratchPlaces;
  readonly #inPlace: StatMemo;

  constructor(places: ScratchPlaces, inPlace: StatMemo) {
    super('', places.root);
    this.#places = places;
    this.#inPlace = inPlace;
  }

  override absolute(path: string): string {
    return this.#places.of(path);
  }

  override toRead(path: string): string {
    return this.#places.toRead(path);
  }

  override digest(path: string): Digest | undefined {
    const place = this.#places.of(path);
    return this.#places.linked.has(place) && isLink(place) ? this.#inPlace.digest(path) : super.digest(path);
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

function isAbsolutePath(part: unknown): boolean {
  return typeof part === 'string' && part.startsWith('/');
}

export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
