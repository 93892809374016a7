/** `pipeline backup DIR`: options → what is kept → a table or JSON. With `--verify` the newest backup is read instead. */
import { resolve } from 'node:path';
import { builtins } from '../compose.ts';
import type { BackedUp } from '../engine/backup/backup.ts';
import { backup as backUp } from '../engine/backup/backup.ts';
import { KINDS } from '../engine/backup/index-file.ts';
import { verifyBackup } from '../engine/backup/verify.ts';
import { byCodeUnit } from '../engine/json.ts';
import { formatBytes } from '../ui/amounts.ts';
import type { BackupRow } from '../ui/backup-table.ts';
import { formatBackup, formatChecked, formatList } from '../ui/backup-table.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson, remark } from './io.ts';
import { slowly } from './slowly.ts';
import type { Common } from './workspace.ts';
import { openWorkspace, printDiagnostics } from './workspace.ts';

export interface BackupOptions {
  /** As given. */
  readonly keep: string | undefined;
  readonly dryRun: boolean;
  readonly verify: boolean;
}

export async function backup(
  common: Common,
  directory: string,
  options: BackupOptions,
  io: Io,
): Promise<ExitCode> {
  const keep = keepFrom(options.keep);
  const folder = resolve(io.cwd, directory);
  const waiting = {
    holder: `process ${process.pid}, backup`,
    onWaiting: (holder: string) => remark(io, `waiting for who is at this backup: ${holder}`),
    signal: io.signal,
    onProgress: slowly(common, io),
  };
  if (options.verify) {
    if (keep !== undefined || options.dryRun)
      throw new UsageError(
        '--verify makes no backup: it goes with neither --keep nor --dry-run',
        'run it by itself',
      );
    return check(common, folder, waiting, io);
  }
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  const result = await backUp({
    ...opened,
    ...waiting,
    folder,
    keep,
    dryRun: options.dryRun,
    builtins: builtins(),
    now: io.now(),
  });
  switch (result.kind) {
    case 'invalid':
      printDiagnostics(result.diagnostics, io);
      return EXIT.usage;
    case 'full':
      complain(
        io,
        `no room left for ${folder}: ${result.copied} files were copied, ${result.missingBytes === undefined ? 'the index is' : `${formatBytes(result.missingBytes)} are`} still to come, and no backup was made`,
        'free that much there, or let old backups go with --keep, and run it again: what was copied stays',
      );
      return EXIT.failed;
    case 'kept':
      return tell(result.done, common, directory, io);
  }
}

function tell(done: BackedUp, common: Common, directory: string, io: Io): ExitCode {
  const { name, files, copied, lacks, pruned, remarks } = done;
  for (const each of remarks) remark(io, each);
  const rows = KINDS.map((kind): BackupRow => {
    return { kind, files: sumOf(files, kind), copied: sumOf(copied, kind) };
  });
  if (common.json) {
    const counts = Object.fromEntries(rows.map(({ kind, ...counted }) => [kind, counted]));
    printJson(io, { backup: name ?? null, counts, lacks, pruned: pruned ?? null });
  } else if (!common.quiet) {
    const { color, width } = outTerminal(io);
    io.stdout.write(formatBackup(rows, { name, directory, pruned }, { color, width }));
    if (common.verbose) io.stdout.write(formatList(copied, width));
    if (name === undefined) io.stderr.write('a dry run: nothing was copied\n');
  }
  complainOf(
    lacks.map(({ path, why }) => `${path}: ${why}`),
    name === undefined ? undefined : HINT,
    io,
  );
  return lacks.length > 0 ? EXIT.failed : EXIT.done;
}

const HINT =
  '`pipeline build` makes or fetches what is missing; the files named are not in this backup, and none was pruned';
const MOST_NAMED = 10;

function complainOf(messages: readonly string[], hint: string | undefined, io: Io): void {
  for (const each of messages.slice(0, MOST_NAMED)) complain(io, each);
  const more = messages.length - MOST_NAMED;
  if (more > 0) complain(io, `and ${more} more (--json names all)`);
  if (messages.length > 0 && hint !== undefined) io.stderr.write(`  = ${hint}\n`);
}

const SET_ASIDE =
  'the next backup copies it anew as long as the workspace has it; what was damaged lies in `damaged`';
const STAYS =
  'the backup cannot be written to: what is damaged stays in its place, and the next backup takes it for whole. Run this again where it can be';

async function check(
  common: Common,
  folder: string,
  waiting: Parameters<typeof verifyBackup>[1],
  io: Io,
): Promise<ExitCode> {
  const checked = await verifyBackup(folder, waiting);
  if (common.json) printJson(io, checked);
  else if (!common.quiet) io.stdout.write(formatChecked(checked));
  const messages = checked.damages.map(({ digest, paths, why }) => {
    const others = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
    return `content ${digest.slice(0, 12)} of ${paths.toSorted(byCodeUnit)[0] ?? ''}${others} is ${why}`;
  });
  const stays = checked.damages.some(({ inPlace }) => inPlace === true);
  complainOf(messages, stays ? STAYS : SET_ASIDE, io);
  return messages.length > 0 ? EXIT.failed : EXIT.done;
}

function sumOf(
  files: BackedUp['files'],
  wanted: (typeof KINDS)[number],
): { readonly count: number; readonly bytes: number } {
  const own = files.filter(({ kind }) => kind === wanted);
  return { count: own.length, bytes: own.reduce((sum, { size }) => sum + size, 0) };
}

function keepFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--keep ${text} is no number of backups`, 'give a whole number from 1, e.g. 30');
}
