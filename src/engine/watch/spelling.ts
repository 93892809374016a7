/** One name for each path: relative where it lies in the workspace, else absolute; the workspace itself is empty. */
import { resolve } from 'node:path';

export function spell(workspace: string, path: string): string {
  const absolute = resolve(workspace, path);
  if (absolute === workspace) return '';
  return absolute.startsWith(`${workspace}/`) ? absolute.slice(workspace.length + 1) : absolute;
}

/** The folder that a path lies in; of a name in the workspace itself the workspace, and of the root the root. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '' : path.slice(0, at) || '/';
}

/** The folder that a path lies in, and those above it, up to the workspace or the root. */
export function foldersAbove(path: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    folders.push(folder);
    if (folder === '' || folder === '/') return folders;
  }
}

/** Whether a path is the folder or lies in it. */
export function liesIn(path: string, folder: string): boolean {
  if (folder === '') return !path.startsWith('/');
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
