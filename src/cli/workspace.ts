/** From the common options to a checked manifest: what every command begins with that needs a workspace. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { marketConfig, taskNames } from '../compose.ts';
import type { Checked, Diagnostic } from '../engine/diagnostic.ts';
import { loadManifest } from '../engine/manifest/load.ts';
import type { Manifest } from '../engine/manifest/model.ts';
import { statOf } from '../engine/state/files.ts';
import { lockedAsOf } from '../engine/state/lockfile.ts';
import { formatDiagnostics } from '../ui/diagnostic-printer.ts';
import { formatGithubDiagnostics } from '../ui/github.ts';
import { parseAsOf, UsageError, yesterdaysLastMinute } from './args.ts';
import { loadEnvFile } from './env-file.ts';
import type { Io } from './io.ts';
import { errTerminal } from './io.ts';

/** Options that stand before or after the command. */
export interface Common {
  readonly directory: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly asOf: string | undefined;
}

export interface OpenWorkspace {
  /** Absolute, links resolved. */
  readonly workspace: string;
  readonly manifest: Manifest;
}

/** The folder that `-C` names, absolute, links resolved. Its `.env` is read before anything else. */
export function enterWorkspace(common: Common, io: Io): string {
  const directory = resolve(io.cwd, common.directory);
  const there = statOf(directory);
  if (there === undefined)
    throw new UsageError(`-C ${common.directory}: no such folder`, 'make one with `pipeline init DIR`');
  if (!there.isDirectory())
    throw new UsageError(`-C ${common.directory} is no folder`, 'name the folder that pipeline.yaml lies in');
  const workspace = realpathSync(directory);
  const warnings = loadEnvFile(workspace, io.env);
  if (warnings.length > 0 && !common.quiet) printDiagnostics(warnings, io);
  return workspace;
}

/** Undefined: what is wrong has been printed, and the exit code is `usage`. */
export function openWorkspace(
  common: Common,
  io: Io,
  workspace = enterWorkspace(common, io),
  asOf?: number,
): OpenWorkspace | undefined {
  const loaded = loadWorkspace(common, io, workspace, asOf);
  if (!loaded.ok) {
    printDiagnostics(loaded.diagnostics, io);
    return undefined;
  }
  if (loaded.warnings.length > 0 && !common.quiet) printDiagnostics(loaded.warnings, io);
  return { workspace, manifest: loaded.value };
}

/** The manifest as it is now, or what is wrong with it: nothing is printed. `asOf`: that of a lockfile, for a locked build. */
export function loadWorkspace(common: Common, io: Io, workspace: string, asOf?: number): Checked<Manifest> {
  const now = io.now();
  return loadManifest({
    workspace,
    set: common.set,
    asOf: asOf ?? (common.asOf === undefined ? undefined : parseAsOf(common.asOf, now)),
    defaultAsOf: defaultAsOf(workspace, now),
    now,
    builtinTasks: taskNames,
    configSchema: marketConfig,
  });
}

/** Yesterday's last minute, or that of the lockfile where it is later: a build does not go back behind it by itself. */
function defaultAsOf(workspace: string, now: number): number {
  const locked = lockedAsOf(workspace) ?? 0;
  return Math.max(yesterdaysLastMinute(now), locked > now ? 0 : locked);
}

export function printDiagnostics(diagnostics: readonly Diagnostic[], io: Io): void {
  const { color, width, github } = errTerminal(io);
  io.stderr.write(`${formatDiagnostics(diagnostics, { color, width })}\n`);
  if (github) io.stderr.write(formatGithubDiagnostics(diagnostics));
}
