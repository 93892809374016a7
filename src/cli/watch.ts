/** `pipeline watch`: request → engine → listeners → exit code. It ends when it is interrupted. */
import { builtins } from '../compose.ts';
import type { Checked } from '../engine/diagnostic.ts';
import type { WatchEvent } from '../engine/events.ts';
import type { Manifest } from '../engine/manifest/model.ts';
import type { Span } from '../engine/task.ts';
import type { WatchFolders } from '../engine/watch/folders.ts';
import { watch as watchWorkspace } from '../engine/watch/watch.ts';
import { combine } from '../ui/listener.ts';
import { watchJson, watchLines } from '../ui/watch.ts';
import { monitors, usualReporters } from './build.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, errTerminal } from './io.ts';
import type { Common } from './workspace.ts';
import { enterWorkspace, loadWorkspace, printDiagnostics } from './workspace.ts';

export interface WatchOptions {
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  readonly jobs: number | undefined;
  readonly offline: boolean;
  /** For tests. */
  readonly watchFolders?: WatchFolders;
}

export async function watch(common: Common, options: WatchOptions, io: Io): Promise<ExitCode> {
  const workspace = enterWorkspace(common, io);
  const { color, width } = errTerminal(io);
  const tellers = [watchLines(io.stderr, { color, width, quiet: common.quiet })];
  if (common.json) tellers.push(watchJson(io.stdout));
  let warned = '';
  let manifest: Manifest | undefined;
  const load = (): Checked<Manifest> => {
    const loaded = loadWorkspace(common, io, workspace);
    if (loaded.ok) manifest = loaded.value;
    const warnings = loaded.ok ? loaded.warnings : [];
    const said = JSON.stringify(warnings);
    // The manifest is read before each build: what it is warned of is said once.
    if (loaded.ok && said !== warned) {
      warned = said;
      if (warnings.length > 0 && !common.quiet) printDiagnostics(warnings, io);
    }
    return loaded;
  };
  const ended = await watchWorkspace({
    ...options,
    workspace,
    jobs: options.jobs ?? Number.POSITIVE_INFINITY,
    builtins: builtins(),
    holder: `process ${process.pid}, watch ${options.selectors.join(' ')}`.trim(),
    signal: AbortSignal.any([io.signal, io.readerGone]),
    load,
    reporter: async () => {
      const usual = await usualReporters(common, io);
      if (manifest === undefined) return combine(usual);
      return combine([...usual, ...(await monitors({ workspace, manifest }, options.offline, io))]);
    },
    now: io.now,
    tell: (event: WatchEvent) => {
      for (const tell of tellers) tell(event);
    },
  });
  switch (ended.kind) {
    case 'interrupted':
      return io.signal.aborted ? EXIT.interrupted : EXIT.done;
    case 'refused':
      complain(io, ended.message, ended.hint);
      return EXIT.failed;
  }
}
