/**
 * Writes a file whole or not at all, and knows what a crash in the middle leaves. It knows neither what is in the file
 * nor who reads it.
 */
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, makeFolder } from '../../lib/disk-failure.ts';

const TEMPORARY = /^\..+\.(\d+)\.tmp$/;
/** What this process is writing: a temporary file of another name is what a crash left. */
const writing = new Set<string>();

/** Makes the folder, too. Rejects as `fs` does, and leaves nothing half-written then. */
export async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `.${name}.${process.pid}.tmp`);
  writing.add(temporary);
  try {
    makeFolder(folder);
    await flushed(temporary, 'w', (file) => file.writeFile(text));
    await rename(temporary, join(folder, name));
    await flushed(folder, 'r');
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw thrown;
  } finally {
    writing.delete(temporary);
  }
}

/** Whether a name in the folder is of a write that nobody will finish. */
export function isLeftOver(folder: string, name: string): boolean {
  const pid = TEMPORARY.exec(name)?.[1];
  if (pid === undefined || writing.has(join(folder, name))) return false;
  return Number(pid) === process.pid || !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return errorCode(thrown) === 'EPERM';
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function flushed(path: string, flags: string, use?: (file: Handle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await use?.(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
