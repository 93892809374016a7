/** `pipeline build`: request → engine → listeners → exit code. With `-n`, the dry plan instead. */
import { builtins } from '../compose.ts';
import { build as buildWorkspace } from '../engine/build.ts';
import type { Span } from '../engine/task.ts';
import { createGithub } from '../ui/github.ts';
import type { Reporter } from '../ui/listener.ts';
import { combine } from '../ui/listener.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT, worst } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, errTerminal } from './io.ts';
import type { Common } from './workspace.ts';
import { openWorkspace, printDiagnostics } from './workspace.ts';

export interface BuildOptions {
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  readonly jobs: number | undefined;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly refresh: boolean;
  /** `--refresh=all`. */
  readonly sweep: boolean;
  readonly offline: boolean;
  readonly failFast: boolean;
  readonly wait: boolean;
}

export async function build(common: Common, options: BuildOptions, io: Io): Promise<ExitCode> {
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  if (options.dryRun) {
    const { printStatus } = await import('./status.ts');
    return printStatus(opened, common, { ...options, check: false, staleOnly: true }, io);
  }
  const reporter = await reporters(common, io);
  try {
    const result = await buildWorkspace({
      ...opened,
      ...options,
      jobs: options.jobs ?? Number.POSITIVE_INFINITY,
      builtins: builtins(),
      holder: `process ${process.pid}, build ${options.selectors.join(' ')}`.trim(),
      signal: io.signal,
      emit: reporter.listener,
      now: io.now(),
    });
    switch (result.kind) {
      case 'invalid':
        printDiagnostics(result.diagnostics, io);
        return EXIT.usage;
      case 'locked':
        complain(
          io,
          `another build holds this workspace: ${result.holder}`,
          'leave out --no-wait to wait for it',
        );
        return EXIT.failed;
      case 'built':
        return worst([
          result.interrupted ? EXIT.interrupted : EXIT.done,
          result.counts.failed + result.counts.blocked > 0 ? EXIT.failed : EXIT.done,
        ]);
    }
  } catch (thrown) {
    if (io.signal.aborted) return EXIT.interrupted;
    throw thrown;
  } finally {
    await reporter.close();
  }
}

async function reporters(common: Common, io: Io): Promise<Reporter> {
  const { isTTY, color, width, github, ci } = errTerminal(io);
  const { quiet, verbose } = common;
  const all: Reporter[] = [];
  if (isTTY && !ci && !quiet && !verbose) {
    const { createProgress } = await import('../ui/progress.ts');
    all.push(createProgress(io.stderr, { color, width }));
  } else {
    const { createPlain } = await import('../ui/plain.ts');
    all.push(createPlain(io.stderr, { color, width, quiet, verbose }));
  }
  if (common.json) {
    const { createNdjson } = await import('../ui/ndjson.ts');
    all.push(createNdjson(io.stdout));
  }
  if (github) all.push(createGithub(io.stderr));
  const { createSummary } = await import('../ui/summary.ts');
  all.push(createSummary(io.stderr, { color, quiet }));
  return combine(all);
}
