/** `pipeline lineage`: opens the records for reading and follows them. Needs neither manifest, lock nor network. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { oneSpelling } from '../graph/path-edges.ts';
import { errorCode } from '../state/files.ts';
import { openForReading } from '../state/workspace-state.ts';
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
  | { readonly ok: true; readonly lineage: Lineage; readonly remarks: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly hint: string };

export function lineageOf({ workspace, text, ...directions }: LineageRequest): LineageResult {
  const { loaded } = openForReading(workspace);
  const { successes, failures, orphans } = loaded;
  const index = new RecordIndex(successes.values(), failures.keys(), orphans.values());
  const found = findSubject(index, text, spellingsOf(text, workspace));
  if (!found.ok) return found;
  return { ok: true, lineage: trace(index, found.subject, directions), remarks: loaded.remarks };
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
