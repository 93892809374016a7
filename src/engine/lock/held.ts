/**
 * As of when the lockfile says what it says, if this workspace has written it last, and nothing but time has passed
 * since that could add or drop lines without a run. Reads the note and the lockfile's as-of.
 */
import type { Json } from '../json.ts';
import type { Session } from '../run/session.ts';
import type { LockNote } from '../state/lock-note.ts';
import { lockedAsOf } from '../state/lockfile.ts';
import { aboutOf, spareOf } from './about.ts';

export interface Held {
  /** Epoch milliseconds; an earlier one than the graph's where time has passed. */
  readonly asOf: number;
  /** It holds values that nobody may read any more: not all who might were asked for when it was written. */
  readonly spare: boolean;
  /** What it is noted under. */
  readonly about: Json;
}

/** Undefined: anything may stand in it. */
export function heldBy(session: Session, note: LockNote, pinned: ReadonlySet<string>): Held | undefined {
  const { manifest } = session.graph;
  const at = (asOf: number): Held | undefined => {
    const about = aboutOf(session, pinned, asOf);
    if (note.holds(about)) return { asOf, spare: false, about };
    const spare = spareOf(about);
    return note.holds(spare) ? { asOf, spare: true, about: spare } : undefined;
  };
  const now = at(manifest.asOf);
  if (now !== undefined || !note.paid) return now;
  // Time closes partitions: targets of rules that take open ones go with it. All else can only come.
  const mayGo = [...manifest.rules.values()].some(({ partitions }) => partitions === 'open');
  const earlier = mayGo ? undefined : lockedAsOf(session.workspace);
  return earlier !== undefined && earlier < manifest.asOf ? at(earlier) : undefined;
}
