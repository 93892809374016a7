/** `pipeline gc`: options → what may go → a table or JSON. With `--dry-run` nothing goes. */
import { builtins } from '../compose.ts';
import { gc as collect } from '../engine/gc/collect.ts';
import type { Collected } from '../engine/gc/items.ts';
import { KINDS } from '../engine/gc/items.ts';
import { parseDuration } from '../engine/manifest/duration.ts';
import type { GcRow, GcSum } from '../ui/gc-table.ts';
import { formatGc } from '../ui/gc-table.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson, remark } from './io.ts';
import type { Common } from './workspace.ts';
import { openWorkspace, printDiagnostics } from './workspace.ts';

export interface GcOptions {
  /** As given. */
  readonly keepRuns: string | undefined;
  readonly olderThan: string | undefined;
  readonly maxSize: string | undefined;
  readonly dryRun: boolean;
  readonly wait: boolean;
}

const KEPT_RUNS = 10;

export async function gc(common: Common, options: GcOptions, io: Io): Promise<ExitCode> {
  const limits = {
    keepRuns: keepRunsFrom(options.keepRuns),
    olderThanMs: olderThanFrom(options.olderThan),
    maxBytes: maxSizeFrom(options.maxSize),
  };
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  const result = await collect({
    ...opened,
    ...limits,
    builtins: builtins(),
    dryRun: options.dryRun,
    wait: options.wait,
    holder: `process ${process.pid}, gc`,
    onWaiting: (holder) => remark(io, `waiting for another build of this workspace: ${holder}`),
    signal: io.signal,
    now: io.now(),
  });
  switch (result.kind) {
    case 'invalid':
      printDiagnostics(result.diagnostics, io);
      return EXIT.usage;
    case 'locked':
      complain(io, `a build holds this workspace: ${result.holder}`, 'leave out --no-wait to wait for it');
      return EXIT.failed;
    case 'collected':
      return tell(result.collected, { ...limits, dryRun: options.dryRun }, common, io);
  }
}

function tell(
  { removed, kept, failures, remarks }: Collected,
  asked: { readonly keepRuns: number; readonly dryRun: boolean },
  common: Common,
  io: Io,
): ExitCode {
  for (const each of remarks) remark(io, each);
  const rows = KINDS.map((kind): GcRow => {
    const [goes, stays] = [removed, kept].map((all) => sumOf(all.filter((each) => each.kind === kind)));
    return { kind, goes: goes ?? NONE, stays: stays ?? NONE };
  });
  if (common.json) {
    const counts = Object.fromEntries(rows.map(({ kind, goes, stays }) => [kind, { goes, stays }]));
    const listed = removed.map(({ kind, path, files, bytes }) => ({ kind, path, files, bytes }));
    printJson(io, { ...asked, bytes: sumOf(removed).bytes, counts, removed: listed, failures });
  } else if (!common.quiet) {
    const { color, width } = outTerminal(io);
    io.stdout.write(formatGc(rows, common.verbose ? removed : [], { color, width }));
    if (asked.dryRun) io.stderr.write('a dry run: nothing was removed\n');
  }
  for (const each of failures) complain(io, each);
  return failures.length > 0 ? EXIT.failed : EXIT.done;
}

const NONE: GcSum = { count: 0, bytes: 0 };

function sumOf(all: readonly { readonly bytes: number }[]): GcSum {
  return { count: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function keepRunsFrom(text: string | undefined): number {
  if (text === undefined) return KEPT_RUNS;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--keep-runs ${text} is no number of builds`, 'give a whole number from 0, e.g. 10');
}

function olderThanFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`--older-than ${text} is no duration`, 'write it as 12h or 30d');
}

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

function maxSizeFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit = 'B'] = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|TB)?$/.exec(text) ?? [];
  const scale = UNITS[unit];
  if (amount !== undefined && scale !== undefined) return Math.round(Number(amount) * scale);
  throw new UsageError(`--max-size ${text} is no size`, 'write it as 500MB or 10GB');
}
