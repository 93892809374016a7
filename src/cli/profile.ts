/** `build --trace FILE` and `--profile`: from the options to reporters. What goes wrong with the file is a warning. */
import type { Reporter } from '../ui/listener.ts';
import { toLine } from '../ui/ndjson.ts';
import { createProfile } from '../ui/profile-reporter.ts';
import type { RunClock } from '../ui/profile-runs.ts';
import { formatProfile } from '../ui/profile-table.ts';
import { createTrace } from '../ui/trace.ts';
import type { Io } from './io.ts';
import { errTerminal, remark } from './io.ts';
import { notOurs } from './own-file.ts';
import { growingFile } from './profile-file.ts';
import type { Common, OpenWorkspace } from './workspace.ts';

export interface ProfileRequest {
  readonly trace: string | undefined;
  readonly profile: boolean;
  /** All pools together. */
  readonly jobs: number;
  /** When the build began, and when its manifest had been loaded, as `performance.now()` says it. */
  readonly began: number;
  readonly loaded: number;
}

export interface ProfileReporters {
  /** Hears the end of the build before it is told on stdout: `build-finished` is the last line. */
  readonly before: readonly Reporter[];
  /** Closes below the summary. */
  readonly after: readonly Reporter[];
}

export function profileReporters(
  request: ProfileRequest,
  { json }: Common,
  { workspace, manifest }: OpenWorkspace,
  io: Io,
): ProfileReporters {
  const { trace, profile, jobs, began, loaded } = request;
  const clock: RunClock = { now: () => performance.now() - began, loaded: loaded - began };
  const pools = {
    limits: new Map([...manifest.pools].map(([name, limit]) => [name, Math.min(limit, jobs)])),
    poolOf: (rule: string): string => {
      const pool = manifest.rules.get(rule)?.pool;
      if (pool === undefined) throw new Error(`an event tells of an unknown rule: "${rule}"`);
      return pool;
    },
  };
  const before: Reporter[] = [];
  const after: Reporter[] = [];
  if (profile && json)
    before.push(
      createProfile({
        ...clock,
        ...pools,
        atEnd: (found) => io.stdout.write(`${toLine({ type: 'profile', ...found })}\n`),
      }),
    );
  else if (profile) {
    const { color, width } = errTerminal(io);
    after.push(
      createProfile({
        ...clock,
        ...pools,
        atClose: (found) => io.stderr.write(`\n${formatProfile(found, { color, width })}`),
      }),
    );
  }
  if (trace !== undefined) {
    // A trace in its place would be the end of it.
    const file = notOurs({ option: '--trace', where: trace, example: 'trace.json' }, workspace, io.cwd);
    after.push(traceTo(file, { ...clock, ...pools }, io));
  }
  return { before, after };
}

function traceTo(where: string, options: Parameters<typeof createTrace>[1], io: Io): Reporter {
  const file = growingFile(where, io.cwd);
  const { listener, close } = createTrace(file.write, options);
  return {
    listener,
    close: async () => {
      await close();
      const trouble = file.close();
      if (trouble !== undefined) remark(io, `--trace ${where} was not written: ${trouble}`);
    },
  };
}
