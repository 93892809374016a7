/**
 * What of the state folder is worth keeping elsewhere: the journal, which spares a restored workspace all work, and the
 * history. The rest saves work where it was made and nowhere else. Both are whole up to their last line end at any time.
 */
import { join } from 'node:path';
import { STATE_FOLDER } from './workspace-state.ts';

/** Relative to the workspace. */
export const JOURNAL_PATH = `${STATE_FOLDER}/journal`;
const KEPT_STATE: readonly string[] = [JOURNAL_PATH, `${STATE_FOLDER}/history`];

const LINE_END = 10;

/** Without the line that is being written, or that a crash has cut short. */
export function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(LINE_END) + 1);
}

export function keptStateIn(workspace: string): readonly { readonly path: string; readonly file: string }[] {
  return KEPT_STATE.map((path) => ({ path, file: join(workspace, path) }));
}
