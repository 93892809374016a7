/**
 * Files that were refused, kept to be looked at, each with a JSON beside it that says why. The same bytes are kept
 * once. It judges nothing.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { sha256File } from '../../src/engine/task.ts';
import { errorCode, makeFolder } from '../lib/disk-failure.ts';
import { jsonText } from '../lib/json-text.ts';
import { moveFile } from '../lib/partial.ts';
import type { Entry } from './listing-file.ts';

/** What is told of a refused file; nothing in it depends on when or where it was refused. */
export interface Reason {
  readonly target: string;
  /** What it would have been called. */
  readonly file: string;
  readonly code: string;
  readonly message: string;
  readonly url: string;
  readonly listed: Entry;
  readonly expected_sha256: string;
  readonly actual_sha256: string;
  readonly size: number;
  /** What is wrong inside; null where the member is whole. */
  readonly member: string | null;
}

export interface Quarantine {
  readonly workspace: string;
  /** Relative to the workspace, or absolute. */
  readonly folder: string;
  readonly symbol: string;
  readonly interval: string;
}

/**
 * Moves the file there. Says where it is, or why it could not be kept, which must not hide what was wrong with it:
 * the end of a message.
 */
export async function quarantine(path: string, where: Quarantine, reason: Reason): Promise<string> {
  const stem = basename(reason.file).replace(/\.zip$/, '');
  const name = `${stem}.${reason.actual_sha256.slice(0, 8)}`;
  const shown = join(where.folder, where.symbol, where.interval, name);
  const kept = isAbsolute(shown) ? shown : join(where.workspace, shown);
  try {
    makeFolder(dirname(kept));
    if (await holds(`${kept}.zip`, reason)) rmSync(path);
    else putAside(path, `${kept}.zip`);
  } catch (thrown) {
    return `it could not be kept as ${shown}.zip (${whyNot(thrown, `${kept}.zip`)})`;
  }
  try {
    keepReason(`${kept}.json`, jsonText({ version: 1, ...reason, listed: { ...reason.listed } }));
    return `kept as ${shown}.zip`;
  } catch (thrown) {
    return `kept as ${shown}.zip, without its JSON (${whyNot(thrown, `${kept}.json`)})`;
  }
}

/** Leaves nothing half-written, so far as that can be. */
function whyNot(thrown: unknown, path: string): string {
  try {
    rmSync(partialOf(path), { force: true });
  } catch {
    // Where nothing can be removed either, the first reason is the one to be told.
  }
  return errorCode(thrown) || (thrown instanceof Error ? thrown.message : String(thrown));
}

function partialOf(path: string): string {
  return `${path}.partial`;
}

async function holds(path: string, { size, actual_sha256 }: Reason): Promise<boolean> {
  const there = statSync(path, { throwIfNoEntry: false });
  return there?.isFile() === true && there.size === size && (await sha256File(path)) === actual_sha256;
}

function putAside(from: string, to: string): void {
  const partial = partialOf(to);
  rmSync(partial, { force: true });
  moveFile(from, partial);
  flushed(partial, to);
}

function keepReason(path: string, text: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined && readFileSync(path, 'utf8') === text) return;
  const partial = partialOf(path);
  writeFileSync(partial, text);
  flushed(partial, path);
}

function flushed(partial: string, path: string): void {
  const fd = openSync(partial, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(partial, path);
}
