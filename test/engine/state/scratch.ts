/** A folder that a test may do anything with: gone when the test has ended. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Its absolute path, links resolved. `above`: where it is made. */
export function scratch(files: Readonly<Record<string, string>> = {}, above = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(join(above, 'pipeline-test-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) put(join(folder, name), text);
  return folder;
}

export function put(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A named pipe, which whoever reads it would wait for. */
export function putPipe(path: string): void {
  const { status } = spawnSync('/bin/sh', ['-ec', 'mkfifo "$1"', 'sh', path]);
  if (status !== 0) throw new Error(`no pipe could be made at ${path}`);
}

/** The message of what is thrown: a test that expects an error and gets none fails here. */
export function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  throw new Error('nothing was thrown');
}

export async function rejection(act: Promise<unknown>): Promise<unknown> {
  try {
    await act;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}
