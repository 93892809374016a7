/**
 * Joins the event stream of a build to the history: collects, and writes the record when the build ends, however it
 * ends. A history that cannot be written is a warning: the build is done and recorded all the same.
 */
import type { Listener } from '../events.ts';
import { CONTRACT_PACKAGE, packageVersion } from '../run/package-version.ts';
import { errorCode } from '../state/files.ts';
import { recordRun } from '../state/history.ts';
import { StateError } from '../state/workspace-state.ts';
import type { RunRequest } from './collector.ts';
import { HistoryCollector } from './collector.ts';

export interface HistoryKeeper {
  /** Hears all, and writes when it hears `build-finished`: what is wrong is told before that reaches the listeners. */
  readonly listener: Listener;
  /** What was thrown ended the build. */
  broke(thrown: unknown): void;
}

/** Only while the run lock is held. */
export function keepHistory(
  request: RunRequest & { readonly workspace: string; readonly emit: Listener },
): HistoryKeeper {
  const { workspace, emit } = request;
  const clock = { wall: () => Date.now(), elapsed: () => performance.now() };
  const collector = new HistoryCollector(request, clock);
  let written = false;

  function write(broken?: unknown): void {
    const run = written ? undefined : collector.result(broken);
    if (run === undefined) return;
    written = true;
    const record = (): readonly string[] => {
      const version = packageVersion(CONTRACT_PACKAGE, workspace);
      return recordRun(workspace, version === undefined ? run : { ...run, version });
    };
    for (const message of attempt(record))
      emit({ type: 'warning', diagnostic: { severity: 'warning', message } });
  }

  return {
    listener: (event) => {
      collector.listen(event);
      if (event.type === 'build-finished') write();
    },
    broke: write,
  };
}

/** What is wrong with the file or the disk is told, never thrown. */
function attempt(act: () => readonly string[]): readonly string[] {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof StateError) return [thrown.message];
    if (!(thrown instanceof Error) || errorCode(thrown) === undefined) throw thrown;
    return [`this build is missing from \`pipeline log\`: ${thrown.message}`];
  }
}
