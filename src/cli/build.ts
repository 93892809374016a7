/** `pipeline build`: request → engine → listeners → exit code. With `-n`, the dry plan instead. */
import { builtins, loadCompare, looker, monitoringOf, programDigest } from '../compose.ts';
import { build as buildWorkspace } from '../engine/build.ts';
import type { ContentDifference, Listener, LockDifference } from '../engine/events.ts';
import type { Span } from '../engine/task.ts';
import { createGithub } from '../ui/github.ts';
import type { Reporter } from '../ui/listener.ts';
import { combine } from '../ui/listener.ts';
import type { Quality } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT, worst } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, errTerminal, outTerminal } from './io.ts';
import { lockFor } from './locked.ts';
import type { Common, OpenWorkspace } from './workspace.ts';
import { enterWorkspace, openWorkspace, printDiagnostics } from './workspace.ts';

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
  /** Come to what the lockfile says, and ask for no more than that takes. */
  readonly locked?: boolean;
  /** Whether critical alerts end the build with an exit code of their own. Default: they do. */
  readonly quality?: Quality;
  /** A file or an address that OpenLineage events go to, and the version of this program. */
  readonly openlineage?: { readonly where: string; readonly version: string } | undefined;
  /** A file that a trace of the build goes to. */
  readonly trace?: string | undefined;
  /** Say at the end where the time went. */
  readonly profile?: boolean;
}

export async function build(common: Common, options: BuildOptions, io: Io): Promise<ExitCode> {
  const began = performance.now();
  const workspace = enterWorkspace(common, io);
  const lock = options.locked ? lockFor(workspace, common, options.refresh, io.now()) : undefined;
  const opened = openWorkspace(common, io, workspace, lock?.asOf);
  if (opened === undefined) return EXIT.usage;
  if (options.dryRun) {
    const { printStatus } = await import('./status.ts');
    return printStatus(opened, common, { ...options, lock, check: false, staleOnly: true }, io);
  }
  const reporter = await reporters(common, options, { ...opened, began, loaded: performance.now() }, io);
  try {
    const result = await buildWorkspace({
      ...opened,
      ...options,
      lock,
      compare: (locked, is) => compareContents(locked, is, io.signal),
      jobs: options.jobs ?? Number.POSITIVE_INFINITY,
      builtins: builtins(),
      holder: `process ${process.pid}, build ${options.selectors.join(' ')}`.trim(),
      signal: io.signal,
      emit: reporter.listener,
      tellMade: options.openlineage !== undefined,
      tellWaits: isProfiled(options),
      tellEach: common.json || common.verbose || isProfiled(options),
      program: programDigest(),
      looker: looker(),
      remember: async (session) => {
        const { lagToRemember } = await import('./lag.ts');
        return lagToRemember(opened, session);
      },
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
        await printDiffering(result.differing, common, io);
        return worst([
          result.interrupted ? EXIT.interrupted : EXIT.done,
          result.counts.failed + result.counts.blocked > 0 ? EXIT.failed : EXIT.done,
          result.alerts.critical > 0 && options.quality !== 'warn' ? EXIT.critical : EXIT.done,
          result.differing.length > 0 ? EXIT.stale : EXIT.done,
        ]);
    }
  } catch (thrown) {
    if (io.signal.aborted) return EXIT.interrupted;
    throw thrown;
  } finally {
    await reporter.close();
  }
}

const SIDES = { old: 'as locked', made: 'as built' };

async function compareContents(
  locked: string,
  is: string,
  signal: AbortSignal,
): Promise<ContentDifference | undefined> {
  const { compareFiles } = await loadCompare();
  const found = await compareFiles(locked, is, signal, SIDES);
  return (
    found && {
      summary: found.summary,
      rows: found.rows.map(({ row, cells }) => ({
        row,
        cells: cells.map(({ column, inPlace, rebuilt }) => ({ column, locked: inPlace, is: rebuilt })),
      })),
    }
  );
}

/** With --json it stands in the last event. */
async function printDiffering(differing: readonly LockDifference[], { json }: Common, io: Io): Promise<void> {
  if (differing.length === 0 || json) return;
  const { formatLocked } = await import('../ui/locked-table.ts');
  const { color, width } = outTerminal(io);
  io.stdout.write(formatLocked(differing, { color, width }));
}

function isProfiled({ trace, profile }: BuildOptions): boolean {
  return trace !== undefined || profile === true;
}

async function reporters(
  common: Common,
  options: BuildOptions,
  opened: OpenWorkspace & { readonly began: number; readonly loaded: number },
  io: Io,
): Promise<Reporter> {
  const { openlineage, offline, trace, profile = false, jobs = Number.POSITIVE_INFINITY } = options;
  const all = await usualReporters(common, io);
  if (isProfiled(options)) {
    const { profileReporters } = await import('./profile.ts');
    const { before, after } = profileReporters({ trace, profile, jobs, ...opened }, common, opened, io);
    all.unshift(...before);
    all.push(...after);
  }
  if (openlineage !== undefined) {
    const { openLineage } = await import('./openlineage.ts');
    all.push(await openLineage({ ...openlineage, workspace: opened.workspace }, io));
  }
  all.push(...(await monitors(opened, offline, io)));
  return combine(all);
}

/** None where nobody wants to know anything. */
export async function monitors(opened: OpenWorkspace, offline: boolean, io: Io): Promise<Reporter[]> {
  const wanted = monitoringOf(opened.manifest.config);
  const { metrics, hooks } = wanted;
  if (metrics === undefined && hooks.length === 0 && !io.env['GITHUB_STEP_SUMMARY']) return [];
  const { createMonitor } = await import('./monitoring.ts');
  return [createMonitor(opened, { wanted, offline }, io)];
}

function noteRunning({ running }: Io): Listener {
  return (event) => {
    if (event.type === 'target-started') running?.add(event.target);
    else if (event.type === 'target-finished') running?.delete(event.target);
  };
}

/** What people and programs are told of any build. */
export async function usualReporters(common: Common, io: Io): Promise<Reporter[]> {
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
  all.push({ listener: noteRunning(io), close: () => undefined });
  const { createSummary } = await import('../ui/summary.ts');
  all.push(createSummary(io.stderr, { color, quiet }));
  return all;
}
