/** `pipeline log [RUN]`: the last builds as a table, or all that is kept of one. Needs no manifest and no lock. */
import { suggest } from '../engine/manifest/nearest.ts';
import { readHistory } from '../engine/state/history.ts';
import type { RunRecord } from '../engine/state/run-record.ts';
import { logWithin } from '../engine/state/target-logs.ts';
import { formatLogRun } from '../ui/log-run.ts';
import { formatLog } from '../ui/log-table.ts';
import type { LoggedRun, LoggedTarget } from '../ui/logged-run.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { outTerminal, printJson, remark } from './io.ts';
import type { Common } from './workspace.ts';
import { enterWorkspace } from './workspace.ts';

export interface LogOptions {
  /** A number, a run_id, or `last`. */
  readonly run: string | undefined;
  /** How many to list, as given. */
  readonly count: string | undefined;
}

const LISTED = 20;
const NONE = 'no builds yet';
/** The clock of time stamps may lag behind the one that programs read. */
const CLOCK_LAG_MS = 50;

export function log(common: Common, { run, count }: LogOptions, io: Io): ExitCode {
  const most = countFrom(count);
  const workspace = enterWorkspace(common, io);
  const { runs, remarks } = readHistory(workspace);
  for (const each of remarks) remark(io, each);
  const { color, width } = outTerminal(io);
  if (run !== undefined) {
    const found = find(runs, run);
    if (common.json) printJson(io, found);
    else io.stdout.write(formatLogRun(withLogs(workspace, found), { color, width, verbose: common.verbose }));
    return EXIT.done;
  }
  const newest = runs.slice(-most).reverse();
  if (common.json) printJson(io, { runs: newest });
  else io.stdout.write(newest.length === 0 ? `${NONE}\n` : formatLog(newest, { color, width }));
  return EXIT.done;
}

/** Where the logs of what failed still are those of that build. */
function withLogs(workspace: string, run: RunRecord): LoggedRun {
  const [from, to] = [Date.parse(run.startedAt) - CLOCK_LAG_MS, Date.parse(run.finishedAt) + CLOCK_LAG_MS];
  const targets = run.targets.map((each): LoggedTarget => {
    const { target, failure } = each;
    if (failure === undefined) return each;
    const logPath = logWithin(workspace, target, from, to);
    return logPath === undefined ? each : { ...each, failure: { ...failure, logPath } };
  });
  return { ...run, targets };
}

function countFrom(text: string | undefined): number {
  if (text === undefined) return LISTED;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1) return count;
  throw new UsageError(`-n ${text} is no number of builds`, 'give a whole number from 1, e.g. -n 50');
}

/** Of several builds at one run_id the first: the one that made it. */
function find(runs: readonly RunRecord[], text: string): RunRecord {
  const last = runs.at(-1);
  const oldest = runs[0];
  if (last === undefined || oldest === undefined)
    throw new UsageError(`there is no build ${text}: ${NONE}`, 'make one with `pipeline build`');
  const found =
    text === 'last'
      ? last
      : runs.find(({ number, runId }) => (/^\d+$/.test(text) ? number === Number(text) : runId === text));
  if (found !== undefined) return found;
  if (/^\d+$/.test(text))
    throw new UsageError(
      `there is no build ${text}`,
      `the last is ${last.number}, the oldest that is kept ${oldest.number}`,
    );
  const ids = runs.flatMap(({ runId }) => (runId === null ? [] : [runId])).reverse();
  throw new UsageError(
    `there is no build with run_id "${text}"`,
    `${suggest(text, ids, 'run_ids')} (the last build is number ${last.number})`,
  );
}
