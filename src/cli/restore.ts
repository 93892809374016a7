/** `pipeline restore DIR`: options → what was put back, or which backups and files there are. Needs no manifest. */
import { dirname, resolve } from 'node:path';
import type { Index } from '../engine/backup/index-file.ts';
import { Repository } from '../engine/backup/repository.ts';
import type { Restored } from '../engine/backup/restore.ts';
import { chosenFrom, restore as restoreFiles } from '../engine/backup/restore.ts';
import { newest } from '../engine/backup/verify.ts';
import { formatCount } from '../ui/amounts.ts';
import { formatBackups, formatList, formatRestored } from '../ui/backup-table.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson, remark } from './io.ts';
import { slowly } from './slowly.ts';
import type { Common } from './workspace.ts';

export interface RestoreOptions {
  /** As given: the name of a backup. */
  readonly at: string | undefined;
  readonly paths: readonly string[];
  readonly list: boolean;
  readonly force: boolean;
}

export async function restore(
  common: Common,
  directory: string,
  options: RestoreOptions,
  io: Io,
): Promise<ExitCode> {
  const folder = resolve(io.cwd, directory);
  const name = options.at?.replace(/\.json$/, '');
  const request = {
    workspace: resolve(io.cwd, common.directory),
    folder,
    name,
    paths: options.paths,
    force: options.force,
    holder: `process ${process.pid}, restore`,
    onWaiting: (holder: string) => remark(io, `waiting for another command: ${holder}`),
    signal: io.signal,
    onProgress: slowly(common, io),
  };
  if (options.list) return list(common, request, io);
  return tell(await restoreFiles(request), common, options, io);
}

type Request = Parameters<typeof restoreFiles>[0];

/** All backups; of one that is named, or where paths are given, its files. */
async function list(common: Common, request: Request, io: Io): Promise<ExitCode> {
  const { name, paths } = request;
  const repository = await Repository.open(request.folder, { ...request, create: false });
  try {
    const { color, width } = outTerminal(io);
    if (name !== undefined || paths.length > 0) {
      const { files } = chosenFrom(newest(repository, name).index, paths);
      if (common.json) printJson(io, files);
      else io.stdout.write(formatList(files, width));
      return EXIT.done;
    }
    const read = repository.names().map((each) => ({ name: each, index: repository.read(each) }));
    for (const { name: each, index } of read)
      if (typeof index === 'string') complain(io, `${repository.indexPlace(each)}: ${index}`);
    const lines = read.flatMap(({ name: each, index }) =>
      typeof index === 'string' ? [] : [lineOf(each, index)],
    );
    if (common.json) printJson(io, lines);
    else if (lines.length === 0) io.stdout.write('no backup yet\n');
    else io.stdout.write(formatBackups(lines, { color, width }));
    return lines.length < read.length ? EXIT.failed : EXIT.done;
  } finally {
    await repository.close();
  }
}

function lineOf(
  name: string,
  { at, asOf, files, lacks }: Index,
): Parameters<typeof formatBackups>[0][number] {
  return { name, at, asOf, files: sumOf(files), lacks: lacks.length };
}

function tell(done: Restored, common: Common, { force }: RestoreOptions, io: Io): ExitCode {
  const { name, restored, same, differing, outside, failures, lacks } = done;
  if (common.json) {
    const listed = restored.map(({ path, size, digest }) => ({ path, bytes: size, digest }));
    printJson(io, { backup: name, force, restored: listed, same, differing, outside, failures, lacks });
  } else if (!common.quiet) {
    io.stdout.write(formatRestored(name, sumOf(restored), same));
    if (common.verbose) io.stdout.write(formatList(restored, outTerminal(io).width));
  }
  for (const path of differing) complain(io, `${path} is there and differs: it was left alone`);
  if (differing.length > 0) io.stderr.write('  = --force puts the backup in its place\n');
  const [first] = outside;
  if (first !== undefined) {
    const more = outside.length > 1 ? ` and ${formatCount(outside.length - 1)} more` : '';
    complain(
      io,
      `${first}${more}: outside of the workspace, missing or not as in the backup: left alone`,
      `name the files or their folder to put them there: \`pipeline restore DIR ${dirname(first)}\``,
    );
  }
  for (const { path, why } of failures) complain(io, `${path}: ${why}`);
  if (failures.length > 0)
    io.stderr.write(
      '  = an older backup may have them (--list, --at NAME); `pipeline build` makes or fetches what is missing\n',
    );
  for (const { path, why } of lacks) remark(io, `${path} was not in the backup: ${why}`);
  return differing.length + outside.length + failures.length > 0 ? EXIT.failed : EXIT.done;
}

function sumOf(files: readonly { readonly size: number }[]): {
  readonly count: number;
  readonly bytes: number;
} {
  return { count: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}
