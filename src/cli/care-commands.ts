/** Commands that care for what is there, `gc`, `backup` and `restore`: their options and help. What they do is imported when they are called. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { AddCommand, Options } from './options.ts';
import { commonOf, text } from './options.ts';

export function addCareCommands(add: AddCommand, io: Io, end: (code: ExitCode) => void): void {
  add('gc', 'remove what neither the lockfile nor the last builds name: earlier results, orphans, leftovers')
    .option('--keep-runs <n>', 'what the last n builds had stays (default: 10)')
    .option('--older-than <duration>', 'only what is older, e.g. 30d')
    .option('--max-size <size>', 'of earlier results only so much that the store holds no more, e.g. 10GB')
    .option('-n, --dry-run', 'say what would be removed, and remove nothing')
    .option('--no-wait', 'fail at once when a build holds the workspace')
    .action(async (options: Options, command: Command) => {
      const { gc } = await import('./gc.ts');
      end(
        await gc(
          commonOf(command),
          {
            keepRuns: text(options, 'keepRuns'),
            olderThan: text(options, 'olderThan'),
            maxSize: text(options, 'maxSize'),
            dryRun: options['dryRun'] === true,
            wait: options['wait'] !== false,
          },
          io,
        ),
      );
    });

  add('backup <dir>', 'keep what is needed to have the workspace again; what is there is not copied again')
    .option('--keep <n>', 'of all backups there only the last n stay')
    .option('--verify', 'make none: read all that the newest one names, and hold it against its checksums')
    .option('-n, --dry-run', 'say what would be copied, and copy nothing')
    .action(async (directory: string, options: Options, command: Command) => {
      const { backup } = await import('./backup.ts');
      const [dryRun, verify] = [options['dryRun'] === true, options['verify'] === true];
      end(await backup(commonOf(command), directory, { keep: text(options, 'keep'), dryRun, verify }, io));
    });

  add('restore <dir> [paths...]', 'put back what is missing, all of it or these files, from the last backup')
    .option('--at <name>', 'from this backup')
    .option('--list', 'list the backups; with --at or paths: the files of one')
    .option('--force', 'put back also what is there and differs')
    .action(async (directory: string, paths: string[], options: Options, command: Command) => {
      const { restore } = await import('./restore.ts');
      const [list, force] = [options['list'] === true, options['force'] === true];
      end(await restore(commonOf(command), directory, { at: text(options, 'at'), paths, list, force }, io));
    });
}
