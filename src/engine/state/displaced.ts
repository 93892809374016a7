/**
 * Where files go that somebody has put into a directory that is an output, once its target has to be alone there: below
 * the state folder, under the path that they had. Nothing ever removes them from there.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from './files.ts';
import { STATE_FOLDER } from './workspace-state.ts';

const FOLDER = `${STATE_FOLDER}/displaced`;

/** `path`: of the directory, as it is recorded. Answers where the file lies now, relative to the workspace. */
export function displace(workspace: string, path: string, from: string, name: string): string {
  const wanted = `${FOLDER}/${path.replace(/^\/+/, '')}/${name}`;
  let place = wanted;
  for (let count = 2; existsSync(join(workspace, place)); count++) place = `${wanted}.${count}`;
  const to = join(workspace, place);
  mkdirSync(dirname(to), { recursive: true });
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EXDEV') throw thrown;
    cpSync(from, to, { verbatimSymlinks: true });
    rmSync(from);
  }
  return place;
}
