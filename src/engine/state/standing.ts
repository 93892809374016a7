/**
 * The file of what stands: that a pass over everything has found nothing to do, and all that it has looked at. While
 * none of that has changed, a look at the same files says as much as another pass. It only saves work: one that is
 * missing, damaged or of another version is none. What follows from it is for others to say.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FreshRun, TargetStatus } from '../events.ts';
import { sha256 } from '../hash.ts';
import type { Json } from '../json.ts';
import { errorCode, replaceFile, statOf } from './files.ts';
import { atRest } from './memo.ts';
import type { Seen, Witness } from './witness.ts';
import { isAsSeen, STAMP } from './witness.ts';
import { STATE_FOLDER } from './workspace-state.ts';

const VERSION = 'pipeline standing 2';
/** What builds keep for themselves, and each of them reads: with others the verdict may be another. */
const RECORDS = ['journal', 'locked'].map((name) => `${STATE_FOLDER}/${name}`);

const head = z.object({
  /** Of what was asked for, and of the program and the code that answered. */
  key: z.string(),
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
const whole = head.extend({ folders: z.array(z.tuple([z.string(), z.string()])), paths: z.number() });

export type Verdict = z.infer<typeof head>;

/** What `status` has to say of it. */
export interface StatusNote {
  /** In the order in which it tells of targets. */
  readonly targets: readonly (TargetStatus | FreshRun)[];
  readonly orphans: readonly { readonly target: string; readonly path: string }[];
  /** What was handed in to be kept with it. */
  readonly also: Json;
}

export interface Standing {
  readonly verdict: Verdict;
  /** Parsed only when it is asked for: undefined where it was not noted. */
  status(): StatusNote | undefined;
}

/** What was found at `now`; undefined where there is nothing that can be read, or that holds no more. */
export function readStanding(workspace: string, key: string, now: number): Standing | undefined {
  const read = readWhole(join(workspace, STATE_FOLDER, 'standing'));
  if (read === undefined || read.verdict.key !== key) return undefined;
  const { from, until } = read.verdict;
  if (now < from || (until !== null && now >= until)) return undefined;
  const absolute = (path: string): string => (path.startsWith('/') ? path : `${workspace}/${path}`);
  return isAsSeen(read.seen, absolute) ? read : undefined;
}

/**
 * Only while the run lock is held, and once nothing is written any more. Nothing is kept that would prove nothing, and
 * nothing where the disk does not take it: it only saves work.
 */
export function keepStanding(
  workspace: string,
  verdict: Verdict,
  status: StatusNote | undefined,
  witness: Witness,
): void {
  const now = Date.now();
  for (const path of RECORDS) {
    const stat = statOf(join(workspace, path));
    if (stat === undefined) witness.nothing(path);
    else if (stat.isFile() && atRest(stat, now)) witness.file(path, stat);
    else return;
  }
  const { paths, stamps, folders } = witness.seen();
  if (witness.blind || paths.some((path) => path.includes('\n'))) return;
  const body = Buffer.concat([
    Buffer.from(`${JSON.stringify({ ...verdict, folders, paths: paths.length })}\n`),
    Buffer.from(`${JSON.stringify(status ?? null)}\n`),
    new Uint8Array(stamps.buffer),
    Buffer.from(paths.join('\n')),
  ]);
  const file = join(workspace, STATE_FOLDER, 'standing');
  try {
    replaceFile(file, Buffer.concat([Buffer.from(`${VERSION} ${sha256(body)}\n`), body]), `${file}.new`);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
  }
}

const LINE_END = 10;

function readWhole(file: string): (Standing & { readonly seen: Seen }) | undefined {
  try {
    const bytes = readFileSync(file);
    const start = bytes.indexOf(LINE_END) + 1;
    const body = bytes.subarray(start);
    if (bytes.toString('latin1', 0, start) !== `${VERSION} ${sha256(body)}\n`) return undefined;
    const first = body.indexOf(LINE_END) + 1;
    const end = body.indexOf(LINE_END, first) + 1;
    const { folders, paths: count, ...verdict } = whole.parse(JSON.parse(body.toString('utf8', 0, first)));
    const size = count * STAMP * Float64Array.BYTES_PER_ELEMENT;
    // A copy, since an array of doubles must begin at a multiple of eight.
    const stamps = new Float64Array(new Uint8Array(body.subarray(end, end + size)).buffer);
    const paths = count === 0 ? [] : body.toString('utf8', end + size).split('\n');
    if (paths.length !== count) return undefined;
    const status = (): StatusNote | undefined => noted(body.toString('utf8', first, end));
    return { verdict, seen: { paths, stamps, folders }, status };
  } catch {
    return undefined;
  }
}

/** The checksum has held, so that this program wrote it, in this version of the format. */
function noted(text: string): StatusNote | undefined {
  const value: StatusNote | null = JSON.parse(text);
  return value ?? undefined;
}
