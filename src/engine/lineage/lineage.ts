/**
 * `pipeline lineage`: opens the records for reading, follows them, and compares the file that is asked for with them.
 * Needs neither manifest, lock nor network.
 */
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { oneSpelling } from '../graph/path-edges.ts';
import { errorCode } from '../state/files.ts';
import { readResults } from '../state/results.ts';
import { openForReading, STATE_FOLDER } from '../state/workspace-state.ts';
import type { Earlier } from './earlier.ts';
import { earlierAt } from './earlier.ts';
import type { InPlace } from './in-place.ts';
import { inPlace } from './in-place.ts';
import { RecordIndex } from './record-index.ts';
import { findSubject } from './subject.ts';
import type { Directions, Lineage } from './trace.ts';
import { trace } from './trace.ts';

export interface LineageRequest extends Directions {
  /** Absolute, links resolved. */
  readonly workspace: string;
  /** A target, or a path: absolute, or relative to the workspace. */
  readonly text: string;
}

export type LineageResult =
  | {
      readonly ok: true;
      readonly kind: 'recorded';
      readonly lineage: Lineage;
      readonly inPlace: InPlace | undefined;
      readonly remarks: readonly string[];
    }
  /** No record is about the file: what it holds was made once, and has been replaced since. */
  | {
      readonly ok: true;
      readonly kind: 'earlier';
      readonly earlier: Earlier;
      readonly remarks: readonly string[];
    }
  | { readonly ok: false; readonly message: string; readonly hint: string };

export function lineageOf({ workspace, text, ...directions }: LineageRequest): LineageResult {
  const { loaded, memo } = openForReading(workspace);
  const { successes, failures, orphans, remarks } = loaded;
  const index = new RecordIndex(successes.values(), failures.keys(), orphans.values());
  const spellings = spellingsOf(text, workspace);
  const found = findSubject(index, text, spellings);
  if (!found.ok) {
    const earlier = earlierAt(spellings, readResults(join(workspace, STATE_FOLDER, 'results')), memo);
    return earlier === undefined ? found : { ok: true, kind: 'earlier', earlier, remarks };
  }
  const { subject } = found;
  return {
    ok: true,
    kind: 'recorded',
    lineage: trace(index, subject, directions),
    inPlace: inPlace(index, subject, memo),
    remarks,
  };
}

/** As it is recorded; and where it leads to, as `reports/latest` leads to the last run. */
function spellingsOf(text: string, workspace: string): readonly string[] {
  const within = (path: string): string =>
    oneSpelling(path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path);
  const given = within(text);
  try {
    return [...new Set([given, within(realpathSync(resolve(workspace, text)))])];
  } catch (thrown) {
    // There is no such file (any more), or nobody may look: then it can only be meant as it is written.
    if (errorCode(thrown) === undefined) throw thrown;
    return [given];
  }
}
