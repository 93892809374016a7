/**
 * What a disk would hold after a power cut: of each file the bytes at its last flush, of each folder the entries at
 * its last flush. More than that a program may not count on. It follows flushes alone, so that it also sees what other
 * processes wrote. It knows nothing of who calls it.
 */
import type { Stats } from 'node:fs';
import * as fs from 'node:fs';
import { join } from 'node:path';

// The shim puts other functions in their place later.
const real = { ...fs };

interface FileNode {
  readonly kind: 'file';
  readonly ino: number;
  readonly mode: number;
  /** Undefined: never flushed, so that the disk has the file without its bytes. */
  flushed: Buffer | undefined;
  /** Kept open, so that no other file gets its number. */
  readonly fd: number;
}

interface FolderNode {
  readonly kind: 'folder';
  readonly ino: number;
  readonly entries: Map<string, Node>;
  readonly fd: number;
}

type Node = FileNode | FolderNode | { readonly kind: 'link'; readonly ino: number; readonly to: string };

/** What is to stand somewhere, in memory. */
type Picture =
  | { readonly kind: 'file'; readonly ino: number; readonly mode: number; readonly bytes: Buffer }
  | { readonly kind: 'link'; readonly to: string }
  | { readonly kind: 'folder'; readonly ino: number; readonly entries: ReadonlyMap<string, Picture> };

/** A whole number from 0 up to and without `n`. Undefined: all that is not flushed is lost. */
export type Draw = ((n: number) => number) | undefined;

export class DurableDisk {
  readonly #path: string;
  readonly #nodes = new Map<number, Node>();
  readonly #root: FolderNode;

  /** All that is below the folder now counts as flushed. */
  constructor(folder: string) {
    this.#path = folder;
    this.#root = this.#folder(folder, real.lstatSync(folder));
    this.#flushAll(this.#root, folder);
  }

  /** A file or a folder was flushed. What lies outside is of no interest. */
  flushed(fd: number): void {
    const stat = real.fstatSync(fd);
    const node = this.#nodes.get(stat.ino);
    const path = `/proc/self/fd/${fd}`;
    if (stat.isDirectory()) {
      if (node?.kind === 'folder') this.#readEntries(node, path);
      else if (this.#isInside(path)) this.#readEntries(this.#folder(path, stat), path);
    } else if (stat.isFile()) {
      if (node?.kind === 'file') node.flushed = real.readFileSync(path);
      else if (this.#isInside(path)) this.#file(path, stat).flushed = real.readFileSync(path);
    }
  }

  /** Makes the folder what a power cut would leave of it. What is as it was keeps its inode and its time stamps. */
  cutPower(draw: Draw): void {
    const picture = pictureOf(this.#root, draw, (path, stat) => this.#nodeAt(path, stat));
    if (picture.kind !== 'folder') throw new Error('the root is a folder');
    lay(this.#path, picture.entries);
  }

  #isInside(path: string): boolean {
    return real.realpathSync(path).startsWith(`${this.#path}/`);
  }

  #flushAll(folder: FolderNode, path: string): void {
    this.#readEntries(folder, path);
    for (const [name, node] of folder.entries) {
      const here = join(path, name);
      if (node.kind === 'folder') this.#flushAll(node, here);
      else if (node.kind === 'file') node.flushed = real.readFileSync(here);
    }
  }

  #readEntries(folder: FolderNode, path: string): void {
    folder.entries.clear();
    for (const name of real.readdirSync(path)) {
      const here = join(path, name);
      folder.entries.set(name, this.#nodeAt(here, real.lstatSync(here)));
    }
  }

  #nodeAt(path: string, stat: Stats): Node {
    const known = this.#nodes.get(stat.ino);
    if (stat.isSymbolicLink()) return { kind: 'link', ino: stat.ino, to: real.readlinkSync(path) };
    if (stat.isDirectory()) return known?.kind === 'folder' ? known : this.#folder(path, stat);
    return known?.kind === 'file' ? known : this.#file(path, stat);
  }

  #folder(path: string, { ino }: Stats): FolderNode {
    const node: FolderNode = { kind: 'folder', ino, entries: new Map(), fd: real.openSync(path, 'r') };
    this.#nodes.set(ino, node);
    return node;
  }

  #file(path: string, { ino, mode }: Stats): FileNode {
    const node: FileNode = { kind: 'file', ino, mode, flushed: undefined, fd: real.openSync(path, 'r') };
    this.#nodes.set(ino, node);
    return node;
  }
}

/** Without `draw` all that is not flushed is lost; with it, of each change it is drawn whether it reached the disk. */
function pictureOf(node: Node, draw: Draw, nodeAt: (path: string, stat: Stats) => Node): Picture {
  if (node.kind === 'link') return { kind: 'link', to: node.to };
  const path = `/proc/self/fd/${node.fd}`;
  if (node.kind === 'file') {
    const { ino, mode, flushed = Buffer.alloc(0) } = node;
    return {
      kind: 'file',
      ino,
      mode,
      bytes: draw ? bytesBetween(flushed, real.readFileSync(path), draw) : flushed,
    };
  }
  const entries = new Map<string, Picture>();
  const present = draw ? real.readdirSync(path) : [];
  const put = (name: string, each: Node): void => void entries.set(name, pictureOf(each, draw, nodeAt));
  for (const name of new Set([...node.entries.keys(), ...present])) {
    const was = node.entries.get(name);
    const here = join(path, name);
    const stat = draw ? real.lstatSync(here, { throwIfNoEntry: false }) : undefined;
    const is = stat && nodeAt(here, stat);
    // Both the old entry and the new one may be what the disk has; a folder's own changes are drawn one by one.
    const chosen = draw === undefined || (was?.ino !== is?.ino && draw(2) === 0) ? was : (is ?? undefined);
    if (chosen !== undefined) put(name, chosen);
  }
  return { kind: 'folder', ino: node.ino, entries };
}

/** Flushed or written; or, of what was appended, a part, or its length without its bytes. */
function bytesBetween(flushed: Buffer, written: Buffer, draw: (n: number) => number): Buffer {
  if (flushed.equals(written)) return flushed;
  const kept = written.subarray(0, flushed.length).equals(flushed) ? flushed.length : 0;
  const cut = kept + draw(written.length - kept + 1);
  switch (draw(4)) {
    case 0:
      return flushed;
    case 1:
      return written;
    case 2:
      return written.subarray(0, cut);
    default:
      return Buffer.concat([written.subarray(0, cut), Buffer.alloc(written.length - cut)]);
  }
}

function lay(folder: string, wanted: ReadonlyMap<string, Picture>): void {
  for (const name of real.readdirSync(folder))
    if (!wanted.has(name)) real.rmSync(join(folder, name), { recursive: true });
  for (const [name, picture] of wanted) {
    const path = join(folder, name);
    const there = real.lstatSync(path, { throwIfNoEntry: false });
    const same = picture.kind !== 'link' && there?.ino === picture.ino;
    if (picture.kind === 'file' && same && real.readFileSync(path).equals(picture.bytes)) continue;
    if (there !== undefined && !(same && picture.kind === 'folder')) real.rmSync(path, { recursive: true });
    switch (picture.kind) {
      case 'file':
        real.writeFileSync(path, picture.bytes, { mode: picture.mode & 0o777 });
        break;
      case 'link':
        real.symlinkSync(picture.to, path);
        break;
      case 'folder':
        if (!same) real.mkdirSync(path);
        lay(path, picture.entries);
    }
  }
}
