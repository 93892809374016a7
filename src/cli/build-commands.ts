/** The commands that make targets: their options and help. What each does stands in its own file, imported when called. */

import type { Command } from 'commander';
import { Option } from 'commander';
import { parseJobs, parseQuality } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { AddCommand, Options } from './options.ts';
import { between, commonOf, text, withPlan } from './options.ts';

export function addBuildCommands(
  add: AddCommand,
  io: Io,
  end: (code: ExitCode) => void,
  version: string,
): void {
  withPlan(add('build [selectors...]', 'bring the selection (default: everything) up to date'))
    .option('-j, --jobs <n>', 'at most so many targets at once, over all pools')
    .option('-n, --dry-run', 'say what would be built, and build nothing')
    .option('--force', 'build the selected targets whether fresh or not')
    .option(
      '--refresh',
      'ask volatile targets (listings) again, whatever their age; --refresh=all: for all there is',
    )
    .addOption(new Option('--refresh-all').hideHelp())
    .option('--offline', 'ask nothing of the network')
    .option('--fail-fast', 'start nothing more after the first failure')
    .option(
      '--locked',
      'come to what pipeline.lock says, ask no listing, and exit 3 if anything else comes out',
    )
    .option('--quality <how>', 'enforce (default): exit 4 when a gate is critical; warn: only say so')
    .option('--no-wait', 'fail at once when another build holds the workspace')
    .option('--openlineage <file|url>', 'tell of each target that runs as OpenLineage events')
    .option('--trace <file>', 'write what ran when as Chrome trace events, for ui.perfetto.dev')
    .option('--profile', 'say at the end where the time went: critical path, pools, slowest targets, rules')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { build } = await import('./build.ts');
      const jobs = text(options, 'jobs');
      const where = text(options, 'openlineage');
      end(
        await build(
          commonOf(command),
          {
            selectors,
            between: between(options),
            jobs: jobs === undefined ? undefined : parseJobs(jobs),
            dryRun: options['dryRun'] === true,
            force: options['force'] === true,
            refresh: options['refresh'] === true || options['refreshAll'] === true,
            sweep: options['refreshAll'] === true,
            offline: options['offline'] === true,
            failFast: options['failFast'] === true,
            wait: options['wait'] !== false,
            locked: options['locked'] === true,
            quality: parseQuality(text(options, 'quality') ?? 'enforce'),
            openlineage: where === undefined ? undefined : { where, version },
            trace: text(options, 'trace'),
            profile: options['profile'] === true,
          },
          io,
        ),
      );
    });

  withPlan(
    add('watch [selectors...]', 'build, then build again whenever manifest, configs, code or inputs change'),
  )
    .option('-j, --jobs <n>', 'at most so many targets at once, over all pools')
    .option('--offline', 'ask nothing of the network')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { watch } = await import('./watch.ts');
      const jobs = text(options, 'jobs');
      end(
        await watch(
          commonOf(command),
          {
            selectors,
            between: between(options),
            jobs: jobs === undefined ? undefined : parseJobs(jobs),
            offline: options['offline'] === true,
          },
          io,
        ),
      );
    });

  withPlan(
    add('verify [selectors...]', 'make it again from the recorded sources, and compare with pipeline.lock'),
  )
    .option('-j, --jobs <n>', 'at most so many targets at once, over all pools')
    .option('--sample <n>', 'only so many targets and what they need, the same ones each time')
    .option('--no-wait', 'fail at once when a build holds the workspace')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { verify } = await import('./verify.ts');
      const jobs = text(options, 'jobs');
      end(
        await verify(
          commonOf(command),
          {
            selectors,
            between: between(options),
            jobs: jobs === undefined ? undefined : parseJobs(jobs),
            sample: text(options, 'sample'),
            wait: options['wait'] !== false,
          },
          io,
        ),
      );
    });
}
