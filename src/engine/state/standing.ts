/**
 * The file of what stands: how a pass over everything has found each target, and all that it has looked at for it. While
 * nothing of that has changed, a look at the same files says as much as another pass; and where little has, a pass over
 * what that may reach. It only saves work: one that is missing, damaged or of another version is none. What follows
 * from it is for others to say.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FreshRun, TargetStatus } from '../events.ts';
import { sha256 } from '../hash.ts';
import type { Json } from '../json.ts';
import { errorCode, replaceFile, statOf } from './files.ts';
import { bytesOf, FlatReader } from './flat-reader.ts';
import type { SharedSeen } from './look-again.ts';
import { atRest } from './memo.ts';
import type { NumberLists } from './number-lists.ts';
import type { Seen, Stamp } from './witness.ts';
import { NOTHING, STAMP } from './witness.ts';
import { STATE_FOLDER } from './workspace-state.ts';

const VERSION = 'pipeline standing 3';
/** What builds keep for themselves, and each of them reads: with others the verdict may be another. */
const RECORDS = ['journal', 'locked'].map((name) => `${STATE_FOLDER}/${name}`);

const verdict = z.object({
  /** Of what was asked for, and of the program and the code that answered. */
  key: z.string(),
  /** There was nothing to do and nothing to say: while nothing changes, the next build has nothing to do either. */
  calm: z.boolean(),
  /** Epoch milliseconds: before the one, and from the other on, something is due. */
  from: z.number(),
  until: z.number().nullable(),
  /** How many targets of each rule ended how. */
  counts: z.array(z.object({ rule: z.string(), outcome: z.enum(['fresh', 'absent']), count: z.number() })),
  /**
   * Fresh targets that are told of by themselves and not counted above, in the order of a pass, with the run that they
   * stand at; outputs as they are recorded.
   */
  alone: z.array(
    z.object({
      target: z.string(),
      rule: z.string(),
      run: z.string().nullable(),
      outputs: z.array(z.string()),
    }),
  ),
});
const head = verdict.extend({
  folders: z.array(z.tuple([z.string(), z.string(), z.array(z.number())])),
  /** Targets of which something is due by the clock: when it is not. */
  due: z.array(z.tuple([z.number(), z.number(), z.number()])),
  paths: z.number(),
  pathBytes: z.number(),
  targets: z.number(),
  looks: z.number(),
  reads: z.number(),
});

export type Verdict = z.infer<typeof verdict>;

/** What `status` has to say of it. */
export interface StatusNote {
  /** In the order in which it tells of targets. */
  readonly targets: readonly (TargetStatus | FreshRun)[];
  readonly orphans: readonly { readonly target: string; readonly path: string }[];
  /** What was handed in to be kept with it. */
  readonly also: Json;
}

/** How the pass has left a target. */
export const LEFT = {
  /** Fresh, and there is nothing to say of it. */
  stands: 0,
  /**
   * Decided again it comes out the same, but that is more than can be said here: it has alerts, it is absent since
   * something upstream is, or it stands on its record alone, without its files.
   */
  same: 1,
  /** It ran, or it rests on what cannot be told. */
  unsure: 2,
} as const;

/** For whom a path was looked at that is no target: the pass itself. */
export const PASS = 0xffff_ffff;

/** What is known of targets, each by its place in `ids`. */
export interface Noted {
  readonly ids: readonly string[];
  readonly left: Uint8Array;
  readonly due: readonly (readonly [target: number, from: number, until: number])[];
  /** Of each path that was looked at, for whom. */
  readonly lookedFor: NumberLists;
  /** Of each folder. */
  readonly foldersFor: readonly (readonly number[])[];
  /** Of each target, those that it reads. */
  readonly reads: NumberLists;
}

export interface Standing {
  readonly verdict: Verdict;
  readonly seen: SharedSeen;
  /** Parsed only when it is asked for: undefined where it was not noted. */
  status(): StatusNote | undefined;
  targets(): Noted;
}

/** Undefined where there is nothing that can be read, or it was found for something else. */
export function readStanding(workspace: string, key: string): Standing | undefined {
  const read = readWhole(join(workspace, STATE_FOLDER, 'standing'));
  return read?.verdict.key === key ? read : undefined;
}

/** Stamps of what builds keep for themselves; undefined where they prove nothing. `calm`: nothing has been written. */
export function recordStamps(
  workspace: string,
  calm: boolean,
): readonly (readonly [string, Stamp | undefined])[] | undefined {
  const now = Date.now();
  const stamps: [string, Stamp | undefined][] = [];
  for (const path of RECORDS) {
    const stat = statOf(join(workspace, path));
    if (stat !== undefined && !(stat.isFile() && (!calm || atRest(stat, now)))) return undefined;
    stamps.push([path, stat]);
  }
  return stamps;
}

/** As they are, at rest or not. */
export function stampsOfRecords(workspace: string): readonly Stamp[] {
  return RECORDS.map((path) => statOf(join(workspace, path)) ?? NOTHING);
}

export interface ToKeep {
  readonly verdict: Verdict;
  readonly status: StatusNote | undefined;
  readonly seen: Seen;
  readonly noted: Noted;
}

/**
 * Only while the run lock is held, and once nothing is written any more. Nothing is kept where the disk does not take
 * it: it only saves work.
 */
export function keepStanding(workspace: string, { verdict: found, status, seen, noted }: ToKeep): void {
  const { paths, stamps, folders } = seen;
  const { ids, left, due, lookedFor, foldersFor, reads } = noted;
  const spansLines = (text: string): boolean => text.includes('\n');
  if (paths.some(spansLines) || ids.some(spansLines)) return;
  const lists = folders.map(([path, names], at) => [path, names, foldersFor[at] ?? []]);
  const pathText = Buffer.from(paths.join('\n'));
  const first = {
    ...found,
    folders: lists,
    due,
    paths: paths.length,
    pathBytes: pathText.length,
    targets: ids.length,
    looks: lookedFor.items.length,
    reads: reads.items.length,
  };
  const body = Buffer.concat([
    Buffer.from(`${JSON.stringify(first)}\n`),
    Buffer.from(`${JSON.stringify(status ?? null)}\n`),
    ...[stamps, lookedFor.offsets, lookedFor.items, reads.offsets, reads.items].map(bytesOf),
    left,
    pathText,
    Buffer.from(ids.join('\n')),
  ]);
  const file = join(workspace, STATE_FOLDER, 'standing');
  try {
    replaceFile(file, Buffer.concat([Buffer.from(`${VERSION} ${sha256(body)}\n`), body]), `${file}.new`);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
  }
}

const LINE_END = 10;

function readWhole(file: string): Standing | undefined {
  try {
    const bytes = readFileSync(file);
    const start = bytes.indexOf(LINE_END) + 1;
    const body = bytes.subarray(start);
    if (bytes.toString('latin1', 0, start) !== `${VERSION} ${sha256(body)}\n`) return undefined;
    const first = body.indexOf(LINE_END) + 1;
    const second = body.indexOf(LINE_END, first) + 1;
    const { folders, due, paths, pathBytes, targets, looks, reads, ...found } = head.parse(
      JSON.parse(body.toString('utf8', 0, first)),
    );
    const reader = new FlatReader(body, second);
    const stamps = new Float64Array(reader.share(paths * STAMP * Float64Array.BYTES_PER_ELEMENT));
    const lookedFor = reader.lists(paths, looks);
    const readLists = reader.lists(targets, reads);
    const left = new Uint8Array(reader.take(targets));
    const pathsAt = reader.at;
    const idsAt = pathsAt + pathBytes;
    const texts = reader.texts(paths, pathBytes);
    const foldersFor = folders.map(([, , by]) => by);
    let ids: readonly string[] | undefined;
    return {
      verdict: found,
      seen: {
        paths: texts,
        stamps,
        folders: folders.map(([path, names]) => [path, names]),
        sharedPaths: () => new Uint8Array(new FlatReader(body, pathsAt).share(pathBytes)),
      },
      status: () => noted(body.toString('utf8', first, second)),
      targets: () => {
        ids ??= reader.texts(targets, body.length - idsAt, idsAt);
        return { ids, left, due, lookedFor, foldersFor, reads: readLists };
      },
    };
  } catch {
    return undefined;
  }
}

/** The checksum has held, so that this program wrote it, in this version of the format. */
function noted(text: string): StatusNote | undefined {
  const value: StatusNote | null = JSON.parse(text);
  return value ?? undefined;
}
