/**
 * How two files, or two folders of files, differ that should be the same: the engine room of `pipeline verify`. It knows
 * formats by their names, and neither targets nor digests.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { byCodeUnit, sha256File } from '../src/engine/task.ts';
import { compareCsv } from './compare-csv.ts';
import { compareParquet } from './compare-parquet.ts';
import type { FileDifference, Sides } from './compare-rows.ts';
import { IN_PLACE } from './compare-rows.ts';

/** Undefined: they do not differ. Rejects as `fs` does where one of them is not there. */
export async function compareFiles(
  inPlace: string,
  rebuilt: string,
  signal: AbortSignal,
  sides: Sides = IN_PLACE,
): Promise<FileDifference | undefined> {
  const [old, made] = [await stat(inPlace), await stat(rebuilt)];
  if (old.isDirectory() !== made.isDirectory())
    return { summary: 'one of them is a folder, the other one a file', rows: [] };
  if (old.isDirectory()) return compareFolders(inPlace, rebuilt, signal, sides);
  const at = await firstDifference(inPlace, rebuilt, signal);
  if (at === undefined) return undefined;
  switch (extname(inPlace).toLowerCase()) {
    case '.parquet':
      return compareParquet(inPlace, rebuilt, sides, signal);
    case '.csv':
      return compareCsv(inPlace, rebuilt, sides);
    default:
      return { summary: `they differ from ${at} on`, rows: [] };
  }
}

const MOST_NAMES = 3;

async function compareFolders(
  inPlace: string,
  rebuilt: string,
  signal: AbortSignal,
  sides: Sides,
): Promise<FileDifference | undefined> {
  const [old, made] = [new Set(await filesIn(inPlace)), new Set(await filesIn(rebuilt))];
  const both: string[] = [];
  for (const name of old) {
    if (!made.has(name)) continue;
    const [left, right] = await Promise.all(
      [join(inPlace, name), join(rebuilt, name)].map((path) => sha256File(path, signal)),
    );
    if (left !== right) both.push(name);
  }
  const parts = [
    listed('differing', both),
    listed(
      `only ${sides.old}`,
      [...old].filter((name) => !made.has(name)),
    ),
    listed(
      `only ${sides.made}`,
      [...made].filter((name) => !old.has(name)),
    ),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const [first] = both;
  const within =
    first === undefined
      ? undefined
      : await compareFiles(join(inPlace, first), join(rebuilt, first), signal, sides);
  const more = within === undefined ? '' : `; in ${first}: ${within.summary}`;
  return { summary: `${parts.join(', ')}${more}`, rows: within?.rows ?? [] };
}

function listed(what: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const shown = [...names].sort(byCodeUnit).slice(0, MOST_NAMES).join(' ');
  return `${what}: ${shown}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''}`;
}

/** Relative to the folder, in code-unit order. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort(byCodeUnit);
}

/** `byte 17`, of texts with the line: `line 3 (byte 17)`. Bytes and lines from 1. Undefined: they are the same. */
async function firstDifference(
  inPlace: string,
  rebuilt: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [old, made] = [inPlace, rebuilt].map((path) =>
    createReadStream(path, { signal, highWaterMark: CHUNK }),
  );
  if (old === undefined || made === undefined) return undefined;
  const right = made[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let [bytes, lines, binary] = [0, 0, false];
  try {
    for await (const chunk of old as AsyncIterable<Buffer>) {
      const { value: other = Buffer.alloc(0) } = (await right.next()) as { value?: Buffer };
      const same = chunk.equals(other) ? chunk.length : commonLength(chunk, other);
      binary ||= chunk.subarray(0, same).includes(0);
      lines += countLines(chunk.subarray(0, same));
      bytes += same;
      if (same < chunk.length || same < other.length) return place(bytes, lines, binary);
    }
    const { done } = await right.next();
    return done ? undefined : place(bytes, lines, binary);
  } finally {
    old.destroy();
    made.destroy();
  }
}

const CHUNK = 1 << 18;
const LINE_END = 0x0a;

function place(bytes: number, lines: number, binary: boolean): string {
  return binary ? `byte ${bytes + 1}` : `line ${lines + 1} (byte ${bytes + 1})`;
}

function commonLength(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  for (let at = 0; at < most; at++) if (a[at] !== b[at]) return at;
  return most;
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) count++;
  return count;
}
