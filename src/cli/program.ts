/**
 * The command line: which commands there are, their options and help, and what becomes of errors. Each command
 * lives in its own file and is imported when it is called, so that a no-op build loads no more than it needs.
 */
import { Command, CommanderError, Option } from 'commander';
import { JournalError } from '../engine/state/journal.ts';
import { StateError } from '../engine/state/workspace-state.ts';
import { parseJobs, UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, errTerminal, outTerminal } from './io.ts';
import type { Options } from './options.ts';
import { between, collect, commonOf, text, withPlan } from './options.ts';
import type { Common } from './workspace.ts';

export async function run(argv: readonly string[], version: string, io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = commands(version, io, (ended) => {
    code = ended;
  });
  try {
    // An option with an optional value would swallow the selector after it.
    const spelt = argv.map((each) => (each === '--refresh=all' ? '--refresh-all' : each));
    await program.parseAsync(spelt, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (thrown instanceof UsageError) {
      complain(io, thrown.message, thrown.hint);
      return EXIT.usage;
    }
    if (io.signal.aborted) return EXIT.interrupted;
    if (thrown instanceof JournalError || thrown instanceof StateError) {
      complain(io, thrown.message);
      return EXIT.usage;
    }
    if (!isSystemError(thrown)) throw thrown;
    complain(io, thrown.message, systemHint(thrown.code));
    return EXIT.failed;
  }
}

/** Trouble with disk, permissions or the like, outside of any target: no bug of ours, so no stack. */
function isSystemError(thrown: unknown): thrown is Error & { readonly code: string } {
  return (
    thrown instanceof Error && 'syscall' in thrown && 'code' in thrown && typeof thrown.code === 'string'
  );
}

function systemHint(code: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full: free some space and run the same command again; nothing half-written was kept';
    case 'EACCES':
    case 'EPERM':
      return 'let this user read and write there';
    case 'EROFS':
      return 'make the folder writable for this user';
    default:
      return 'mend that and run the same command again';
  }
}

function commands(version: string, io: Io, end: (code: ExitCode) => void): Command {
  const program = withCommon(new Command('pipeline'))
    .description('make for market data: brings files up to date with the rules of pipeline.yaml')
    .version(version, '-V, --version')
    .showHelpAfterError('(pipeline --help lists commands and options)')
    .addHelpText(
      'after',
      `
Selectors: bars · bars/BTCUSDT · bars/BTCUSDT/2024-01 · "bars/*/2024-01..2024-06" · +bars (and all it needs)
           bars+ (and all that needs it) · @stale · @failed · an output path
Exit codes: 0 done · 1 a target failed · 2 usage or manifest error · 3 stale or not as locked · 4 critical gate · 130 interrupted`,
    );
  const add = (usage: string, description: string): Command =>
    withCommon(program.command(usage).description(description));
  const common = (command: Command): Common => commonOf(command);

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
    .option('--no-wait', 'fail at once when another build holds the workspace')
    .option('--openlineage <file|url>', 'tell of each target that runs as OpenLineage events')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { build } = await import('./build.ts');
      const jobs = text(options, 'jobs');
      const where = text(options, 'openlineage');
      end(
        await build(
          common(command),
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
            openlineage: where === undefined ? undefined : { where, version },
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
          common(command),
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
          common(command),
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

  withPlan(add('status [selectors...]', 'say what is fresh, stale, absent or failed, and why'))
    .option('--check', 'exit 3 if anything is stale, pending, failed or unknown')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { status } = await import('./status.ts');
      const check = options['check'] === true;
      end(await status(common(command), { selectors, between: between(options), check }, io));
    });

  add('why <target>', 'every input, parameter and code digest of a target, then and now').action(
    async (target: string, _options: Options, command: Command) => {
      const { why } = await import('./why.ts');
      end(await why(common(command), target, io));
    },
  );

  add('lineage <path|target>', 'where it came from, up to addresses and checksums, and what it went into')
    .option('--format <format>', 'text, json, mermaid or openlineage (default: text)')
    .option('--up', 'only where it came from')
    .option('--down', 'only what it went into')
    .action(async (subject: string, options: Options, command: Command) => {
      const { lineage } = await import('./lineage.ts');
      const directions = { up: options['up'] === true, down: options['down'] === true };
      end(lineage(common(command), subject, { format: text(options, 'format'), ...directions }, version, io));
    });

  add('graph [selectors...]', 'the graph of rules, or with selectors of targets')
    .option('--format <format>', 'dot, mermaid or json (default: dot)')
    .option('--targets', 'targets instead of rules')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { graph } = await import('./graph.ts');
      const targets = options['targets'] === true;
      end(await graph(common(command), { selectors, format: text(options, 'format'), targets }, io));
    });

  add('coverage', 'what the last coverage report says')
    .option('--summary', 'one row a symbol')
    .action(async (options: Options, command: Command) => {
      const { coverage } = await import('./coverage.ts');
      end(await coverage(common(command), { summary: options['summary'] === true }, io));
    });

  add('gaps', 'what the last gap report says').action(async (_options: Options, command: Command) => {
    const { gaps } = await import('./coverage.ts');
    end(await gaps(common(command), io));
  });

  add('log [run]', 'what builds did: the last ones, or one in full (its number, its run_id, or `last`)')
    .option('-n, --number <n>', 'list so many (default: 20)')
    .action(async (run: string | undefined, options: Options, command: Command) => {
      const { log } = await import('./log.ts');
      end(log(common(command), { run, count: text(options, 'number') }, io));
    });

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
          common(command),
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

  add('query <sql>', 'DuckDB over the built tables by name: bars, coverage, gaps')
    .option('--format <format>', 'table, csv or json (default: table)')
    .action(async (sql: string, options: Options, command: Command) => {
      const { query } = await import('./query.ts');
      end(await query(common(command), sql, text(options, 'format'), io));
    });

  add('init <dir>', 'write a workspace of your own').action(async (directory: string) => {
    const { init } = await import('./init.ts');
    end(init(directory, io));
  });

  add('demo [dir]', 'the whole pipeline on a local exchange, no network needed').action(
    async (directory: string | undefined, _options: Options, command: Command) => {
      const { demo } = await import('./demo.ts');
      end(await demo(common(command), directory ?? 'demo', io));
    },
  );

  add('doctor', 'whether this machine and the hosts are fit for a build, and what to do')
    .option('--offline', 'ask nothing of the network')
    .action(async (options: Options, command: Command) => {
      const { doctor } = await import('./doctor.ts');
      end(await doctor(common(command), { offline: options['offline'] === true }, io));
    });

  add('schema', 'the JSON Schema of pipeline.yaml, for editors').action(async () => {
    const { schema } = await import('./schema.ts');
    end(schema(io));
  });
  return program;

  /** Options that may stand before or after the command. */
  function withCommon(command: Command): Command {
    return command
      .exitOverride()
      .configureOutput({
        writeOut: (line) => io.stdout.write(line),
        writeErr: (line) => io.stderr.write(line),
        getOutHelpWidth: () => outTerminal(io).width,
        getErrHelpWidth: () => errTerminal(io).width,
      })
      .option('-C <dir>', 'the workspace: the folder of pipeline.yaml (default: this one)')
      .option('--set <key=value>', 'override one config value, as YAML; may be repeated', collect)
      .option('--as-of <instant>', 'the last minute that counts, or `now`')
      .option('--json', 'results as JSON')
      .option('-q, --quiet', 'say only what went wrong')
      .option('-v, --verbose', 'say everything');
  }
}
