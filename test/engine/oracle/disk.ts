/** A workspace's files as a map: what the reference builds in. Knows no targets. */
import { textOfFolder } from './meaning.ts';

/** `F` and the text of a file, or `T` and what a folder holds. Two of them are equal where the bytes are. */
export type Content = string;

export class Disk {
  readonly files: Map<string, string>;
  readonly #folders: Set<string>;

  constructor(files: ReadonlyMap<string, string>, folders: ReadonlySet<string>) {
    this.files = new Map(files);
    this.#folders = new Set(folders);
  }

  copy(): Disk {
    return new Disk(this.files, this.#folders);
  }

  look(path: string): Content | undefined {
    const text = this.files.get(path);
    if (text !== undefined) return `F${text}`;
    return this.#folders.has(path) ? `T${textOfFolder(this.below(path))}` : undefined;
  }

  isFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  /** By their paths within the folder. */
  below(folder: string): ReadonlyMap<string, string> {
    const prefix = `${folder}/`;
    const inside = [...this.files].filter(([path]) => path.startsWith(prefix));
    return new Map(inside.map(([path, text]): [string, string] => [path.slice(prefix.length), text]));
  }

  write(path: string, text: string): void {
    for (const above of foldersAbove(path)) this.#folders.add(above);
    this.files.set(path, text);
  }

  /** As a whole: what it held before is gone. */
  writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
    this.remove(folder);
    for (const above of foldersAbove(`${folder}/x`)) this.#folders.add(above);
    for (const [name, text] of files) this.write(`${folder}/${name}`, text);
  }

  remove(path: string): void {
    for (const file of [...this.files.keys()]) if (isIn(file, path)) this.files.delete(file);
    for (const folder of [...this.#folders]) if (isIn(folder, path)) this.#folders.delete(folder);
  }
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

export function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}
