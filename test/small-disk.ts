/** A file system of a few kilobytes, to fill up or to make read-only: a tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface SmallDisk {
  readonly path: string;
  resize(kilobytes: number): void;
  readOnly(): void;
}

/** Why a test cannot have one: for `skip`. */
export const NO_SMALL_DISK = 'mounting a tmpfs needs root on Linux';

/** Unmounted when the test ends; undefined where it cannot be mounted. */
export function smallDisk(kilobytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-disk-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const mount = (options: string): void =>
    void execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'pipeline-test', path], {
      stdio: 'ignore',
    });
  try {
    mount(`size=${kilobytes}k`);
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', path], { stdio: 'ignore' }));
  return {
    path,
    resize: (to) => mount(`remount,size=${to}k`),
    readOnly: () => mount('remount,ro'),
  };
}
