/** A verification of a test's workspace, what it found in short, and what it must leave as it was. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildEvent } from '../../../src/engine/events.ts';
import { readLock } from '../../../src/engine/state/lockfile.ts';
import type { VerifyResult } from '../../../src/engine/verify/verify.ts';
import { verify } from '../../../src/engine/verify/verify.ts';
import { formatDiagnostics } from '../../../src/ui/diagnostic-printer.ts';
import type { Rig, RigOptions } from '../../rig.ts';

export interface VerifyAsk extends RigOptions {
  readonly sample?: number;
  readonly signal?: AbortSignal;
  readonly wait?: boolean;
  readonly onEvent?: (event: BuildEvent) => void;
}

type Verified = Extract<VerifyResult<string>, { kind: 'verified' }>;

export interface Seen extends Omit<Verified, 'kind'> {
  /** Targets that were made again, sorted. */
  readonly made: readonly string[];
}

/** Throws where nothing was verified. */
export async function verifyRig(
  rig: Rig,
  selectors: readonly string[] = [],
  ask: VerifyAsk = {},
): Promise<Seen> {
  const lock = readLock(rig.dir);
  if (lock === undefined) throw new Error('there is no lockfile');
  const manifest = rig.load({ asOf: new Date(lock.asOf).toISOString(), ...ask });
  if (typeof manifest === 'string') throw new Error(manifest);
  const made: string[] = [];
  const result = await verify<string>({
    workspace: rig.dir,
    manifest,
    lock,
    builtins: ask.builtins ?? new Map(),
    selectors,
    between: undefined,
    sample: ask.sample,
    jobs: 4,
    wait: ask.wait ?? true,
    holder: 'a test',
    signal: ask.signal ?? new AbortController().signal,
    emit: (event) => {
      if (event.type === 'target-finished' && event.outcome === 'executed') made.push(event.target);
      ask.onEvent?.(event);
    },
    now: Date.now(),
    compare: async (inPlace, rebuilt) =>
      lstatSync(inPlace).isDirectory() ? 'folders' : `${readFileSync(inPlace)}|${readFileSync(rebuilt)}`,
  });
  if (result.kind === 'invalid')
    throw new Error(formatDiagnostics(result.diagnostics, { color: false, width: 100 }));
  if (result.kind === 'locked') throw new Error(`held by ${result.holder}`);
  const { kind: _, ...rest } = result;
  return { ...rest, made: made.sort() };
}

/** `path: locked / in place / made again`, digests spelt as what they are of, where that is known. */
export function inShort({ findings }: Pick<Verified, 'findings'>): readonly string[] {
  return findings.map(({ path, locked, inPlace, rebuilt, remark, difference }) => {
    const spelt = (digest: string | null): string =>
      digest === null ? 'none' : digest === locked ? 'same' : 'other';
    const more = [remark, difference].filter((text) => text !== undefined).map((text) => ` (${text})`);
    return `${path}: ${locked === null ? 'no line, ' : ''}in place ${spelt(inPlace)}, made again ${spelt(rebuilt)}${more.join('')}`;
  });
}

/** Every entry of a workspace with its content and time stamps; of the state folder, what records say. */
export function everything(dir: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (relative: string): void => {
    for (const name of readdirSync(join(dir, relative)).sort()) {
      const path = relative === '' ? name : `${relative}/${name}`;
      // The private place of commands that run, and bundles of task modules.
      if (path === '.pipeline/tmp' || path === '.pipeline/code') continue;
      const stat = lstatSync(join(dir, path));
      // The folder itself changes as the scratch comes and goes.
      const stamp = path === '.pipeline' ? '' : `${stat.mtimeMs} ${stat.ctimeMs} ${stat.mode} ${stat.nlink}`;
      if (stat.isDirectory()) {
        found.set(path, stamp);
        visit(path);
      } else if (stat.isSymbolicLink()) found.set(path, `${stamp} ${readlinkSync(join(dir, path))}`);
      else found.set(path, `${stamp} ${readFileSync(join(dir, path), 'latin1')}`);
    }
  };
  visit('');
  return found;
}
