/** The dry pass of commands that look and change nothing: from options to what the engine has found. */
import { builtins } from '../compose.ts';
import type { Survey } from '../engine/status.ts';
import { survey as surveyWorkspace } from '../engine/status.ts';
import type { Io } from './io.ts';
import type { Common } from './workspace.ts';
import { openWorkspace, printDiagnostics } from './workspace.ts';

type Surveyed = Extract<Survey, { kind: 'surveyed' }>;

/** Undefined: what is wrong has been printed, and the exit code is `usage`. */
export async function survey(
  common: Common,
  selectors: readonly string[],
  io: Io,
): Promise<Surveyed | undefined> {
  const opened = openWorkspace(common, io);
  if (opened === undefined) return undefined;
  const found = await surveyWorkspace({
    ...opened,
    selectors,
    between: undefined,
    force: false,
    refresh: false,
    builtins: builtins(),
    now: io.now(),
  });
  if (found.kind === 'surveyed') return found;
  printDiagnostics(found.diagnostics, io);
  return undefined;
}
