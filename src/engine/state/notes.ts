/**
 * Small named JSON documents that commands keep between builds: what was told last, and to whom. Each is replaced
 * whole. Nothing that a build decides rests on them; a lost or damaged one is none. It does not know what they say.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Json } from '../json.ts';
import { isMissing } from './files.ts';
import { STATE_FOLDER } from './workspace-state.ts';

const FOLDER = 'notes';
/** Names become names of files. */
const NAME = /^[a-z][a-z0-9-]*$/;

/** Undefined where there is none that can be read: whoever wrote it begins anew. */
export function readNote(workspace: string, name: string): Json | undefined {
  let text: string;
  try {
    text = readFileSync(pathOf(workspace, name), 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/**
 * Whole or not at all, without a flush: what a power cut takes along is told once more. Of two commands that write at
 * once one wins. Throws what the file system throws; what was there then stays.
 */
export function writeNote(workspace: string, name: string, document: Json): void {
  const path = pathOf(workspace, name);
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(temporary, `${JSON.stringify(document)}\n`);
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}

function pathOf(workspace: string, name: string): string {
  if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a note`);
  return join(workspace, STATE_FOLDER, FOLDER, `${name}.json`);
}
