/** Why a target of the reference must run, or that it need not. Looks at records and files, changes nothing. */
import type { Disk } from './disk.ts';
import type { Target } from './law.ts';
import type { Records } from './records.ts';

/** Why a target must run: for its content, which may be had again, or whatever there was before. */
export type Why = 'content' | 'whatever was' | 'due' | 'nothing';

export interface Held {
  readonly disk: Disk;
  readonly records: Records;
  readonly forced: boolean;
  /** Volatile targets are asked again. */
  readonly refresh: boolean;
  /** Its files are needed, be they those of an intermediate. */
  readonly needed: boolean;
}

export function why({ id, rule }: Target, basis: string, held: Held): Why {
  const { disk, records } = held;
  const record = records.successes.get(id);
  const failed = records.failures.get(id);
  if (held.forced) return 'whatever was';
  if (record === undefined) return failed === undefined ? 'content' : 'whatever was';
  if (record.basis !== basis) return 'content';
  for (const { path, content } of record.outputs) {
    const is = disk.look(path);
    const mayBeGone = is === undefined && rule.intermediate && !held.needed;
    if (is !== content && !mayBeGone) return 'content';
  }
  const { learnt } = record;
  if (learnt !== undefined && disk.look(learnt[0]) !== learnt[1]) return 'content';
  if (record.part || failed === basis) return 'whatever was';
  return held.refresh && rule.volatile ? 'due' : 'nothing';
}
