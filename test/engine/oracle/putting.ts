/** Puts what was made in its place: only what differs, and nothing at all where something else stands in the way. */
import type { Content, Disk } from './disk.ts';
import { foldersAbove } from './disk.ts';
import type { Made } from './meaning.ts';
import { textOfFolder } from './meaning.ts';
import type { Records } from './records.ts';

export interface Placed {
  readonly path: string;
  readonly made: Made;
}

/** Whether there was room for it. */
export function put(disk: Disk, records: Records, placed: readonly Placed[]): boolean {
  const changed = placed.filter(({ path, made }) => disk.look(path) !== contentOf(made));
  for (const { path, made } of changed) makeWay(disk, records, path, 'files' in made);
  if (changed.some(({ path, made }) => !fits(disk, path, 'files' in made))) return false;
  for (const { path, made } of changed) {
    if ('files' in made) disk.writeFolder(path, made.files);
    else disk.write(path, made.text);
  }
  return true;
}

/** What builds left behind gives way to an output of another kind. */
function makeWay(disk: Disk, records: Records, path: string, folder: boolean): void {
  for (const above of foldersAbove(path))
    if (disk.files.has(above) && records.isLeft(above, disk)) disk.remove(above);
  if (folder && disk.files.has(path) && records.isLeft(path, disk)) disk.remove(path);
  if (folder || !disk.isFolder(path)) return;
  const inside = [...disk.below(path).keys()];
  if (inside.every((name) => records.isLeft(`${path}/${name}`, disk))) disk.remove(path);
}

function fits(disk: Disk, path: string, folder: boolean): boolean {
  if (foldersAbove(path).some((above) => disk.files.has(above))) return false;
  return folder ? !disk.files.has(path) : !disk.isFolder(path);
}

export function contentOf(made: Made): Content {
  return 'text' in made ? `F${made.text}` : `T${textOfFolder(made.files)}`;
}

export function madeOf(content: Content): Made {
  const text = content.slice(1);
  return content.startsWith('F')
    ? { text }
    : { files: new Map(JSON.parse(text) as readonly [string, string][]) };
}
