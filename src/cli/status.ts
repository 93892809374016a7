/** `pipeline status`: the dry plan of `build`, as a table or JSON, and how far behind each symbol is. */
import { builtins, looker, programDigest } from '../compose.ts';
import type { FreshRun, TargetStatus } from '../engine/events.ts';
import { formatInstant } from '../engine/manifest/instant.ts';
import { orphansOf } from '../engine/orphans.ts';
import type { Found } from '../engine/standing.ts';
import { findStanding } from '../engine/standing.ts';
import type { Lock } from '../engine/state/lockfile.ts';
import { survey } from '../engine/status.ts';
import type { Span } from '../engine/task.ts';
import type { SymbolLag } from '../ui/lag-table.ts';
import { formatLag } from '../ui/lag-table.ts';
import type { ListedOrphan } from '../ui/orphans.ts';
import { formatOrphans } from '../ui/orphans.ts';
import { formatStatus } from '../ui/status-table.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { outTerminal, printJson, remark } from './io.ts';
import { lagOf, rememberedLag } from './lag.ts';
import type { Common, OpenWorkspace } from './workspace.ts';
import { openWorkspace, printDiagnostics } from './workspace.ts';

export interface StatusOptions {
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  /** Exit 3 if anything is not as it should be. */
  readonly check: boolean;
}

export async function status(common: Common, options: StatusOptions, io: Io): Promise<ExitCode> {
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  const found = await standingOf(opened, options, io);
  // Who wants to hear of each target gets a pass that goes through them.
  const noted =
    found?.kind === 'all' && !common.json && !common.verbose ? found.standing.status() : undefined;
  if (noted !== undefined) {
    printTables({ ...noted, lag: rememberedLag(noted.also) }, common, io);
    return EXIT.done;
  }
  const asked = { ...options, force: false, refresh: false, staleOnly: false, earlier: found };
  return printStatus(opened, common, asked, io);
}

/** What the last builds have left for whoever asks for everything. */
async function standingOf(
  opened: OpenWorkspace,
  { selectors, between }: StatusOptions,
  io: Io,
): Promise<Found | undefined> {
  const program = programDigest();
  if (program === undefined || selectors.length > 0 || between !== undefined) return undefined;
  return findStanding({ ...opened, builtins: builtins(), program, looker: looker(), now: io.now() });
}

export interface PrintOptions extends StatusOptions {
  readonly force: boolean;
  readonly refresh: boolean;
  readonly lock?: Lock | undefined;
  readonly earlier?: Found | undefined;
  /** For `build -n`: what would be built. */
  readonly staleOnly: boolean;
}

export async function printStatus(
  opened: OpenWorkspace,
  common: Common,
  options: PrintOptions,
  io: Io,
): Promise<ExitCode> {
  const found = await survey({ ...opened, ...options, builtins: builtins(), now: io.now() });
  if (found.kind === 'invalid') {
    printDiagnostics(found.diagnostics, io);
    return EXIT.usage;
  }
  for (const each of found.remarks) remark(io, each);
  const targets = options.staleOnly ? found.targets.filter(isUnsettled) : found.targets;
  const asOf = formatInstant(opened.manifest.asOf);
  // What a dry run would build says nothing of what is there.
  const lag = options.staleOnly ? undefined : await lagOf(opened, found, io);
  // Of a part of the graph nobody can say what it lacks.
  const whole = !options.staleOnly && options.selectors.length === 0 && options.between === undefined;
  const orphans = whole ? orphansOf(found.session).map(({ target, path }) => ({ target, path })) : undefined;
  if (common.json)
    printJson(io, {
      asOf,
      counts: countStates(targets),
      targets,
      ...(orphans && { orphans }),
      ...(lag && { lag }),
    });
  else if (options.staleOnly && targets.length === 0) io.stdout.write('nothing to do\n');
  else printTables({ targets, orphans, lag }, common, io);
  return options.check && targets.some(isUnsettled) ? EXIT.stale : EXIT.done;
}

interface Told {
  readonly targets: readonly (TargetStatus | FreshRun)[];
  readonly orphans: readonly ListedOrphan[] | undefined;
  readonly lag: readonly SymbolLag[] | undefined;
}

function printTables({ targets, orphans = [], lag = [] }: Told, { verbose }: Common, io: Io): void {
  const { color, width } = outTerminal(io);
  io.stdout.write(formatStatus(targets, { color, width, verbose }));
  if (orphans.length > 0) io.stdout.write(`\n${formatOrphans(orphans, { color, width, verbose })}`);
  if (lag.length > 0) io.stdout.write(`\n${formatLag(lag, { color, width })}`);
}

/** What `build -n` tells of, and `--check` complains of. */
function isUnsettled({ state }: TargetStatus): boolean {
  return state !== 'fresh' && state !== 'absent';
}

function countStates(targets: readonly TargetStatus[]): Readonly<Record<string, number>> {
  const counts = { fresh: 0, stale: 0, pending: 0, absent: 0, failed: 0, blocked: 0, unknown: 0 };
  for (const { state } of targets) counts[state]++;
  return counts;
}
