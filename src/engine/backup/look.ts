/** Which files stand for what is wanted, each with its digest, and what is not as it was recorded. Copies nothing. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Digest } from '../hash.ts';
import { filesBelow, isMissing, statOf } from '../state/files.ts';
import type { StatMemo } from '../state/memo.ts';
import { Unreadable } from '../state/memo.ts';
import type { Wanted } from './contents.ts';
import type { IndexedFile, Lack } from './index-file.ts';

export interface Found extends IndexedFile {
  /** Absolute. */
  readonly from: string;
}

export interface Looked {
  readonly files: readonly Found[];
  readonly folders: readonly string[];
  readonly lacks: readonly Lack[];
}

/** How long it may read before it lets a signal through. */
const BREATH_MS = 100;

export async function lookFor(
  wanted: readonly Wanted[],
  memo: StatMemo,
  signal: AbortSignal,
): Promise<Looked> {
  const found = new Map<string, Found>();
  const folders: string[] = [];
  const lacks: Lack[] = [];
  let breath = performance.now();
  for (const each of wanted) {
    if (performance.now() - breath > BREATH_MS) {
      await setImmediate();
      signal.throwIfAborted();
      breath = performance.now();
    }
    const looked = lookAt(each, memo);
    if ('why' in looked) lacks.push(looked);
    else if (looked.files.length === 0 && each.mayBeGone === undefined) folders.push(each.path);
    // One file may lie in a folder that is wanted as well: what is recorded of it stands first.
    else for (const file of looked.files) if (!found.has(file.path)) found.set(file.path, file);
  }
  return { files: [...found.values()], folders, lacks };
}

function lookAt(each: Wanted, memo: StatMemo): { readonly files: readonly Found[] } | Lack {
  const { path } = each;
  try {
    const digest = memo.digest(path);
    const stat = statOf(memo.absolute(path));
    if (digest === undefined || stat === undefined) {
      return each.mayBeGone ? { files: [] } : { path, why: 'it is not there' };
    }
    if (each.digest !== undefined && digest !== each.digest)
      return each.mayBeGone ? { files: [] } : { path, why: differs(each.digest, digest) };
    if (!stat.isDirectory()) return { files: [fileAt(each, path, digest, memo)] };
    const names = filesBelow(memo.absolute(path)).map((name) => join(path, name));
    return {
      files: names.flatMap((name) => {
        const own = memo.digest(name);
        return own === undefined ? [] : [fileAt(each, name, own, memo)];
      }),
    };
  } catch (thrown) {
    if (thrown instanceof Unreadable) return { path, why: thrown.message };
    if (isMissing(thrown)) return { path, why: 'it is not there' };
    throw thrown;
  }
}

function fileAt({ kind, run }: Wanted, path: string, digest: Digest, memo: StatMemo): Found {
  const from = memo.absolute(path);
  const { size = 0, mode = 0o644 } = statOf(from) ?? {};
  return { path, kind, digest, size, mode: mode & 0o777, ...(run === undefined ? {} : { run }), from };
}

function differs(recorded: Digest, found: Digest): string {
  return `it differs from its record: ${recorded.slice(0, 12)} recorded, ${found.slice(0, 12)} found`;
}
