/**
 * The command line: its commands in order, the options that all share, and what becomes of errors. Each command lives
 * in its own file and is imported when it is called, so that a no-op build loads no more than it needs.
 */
import { Command, CommanderError } from 'commander';
import { JournalError } from '../engine/state/journal.ts';
import { StateError } from '../engine/state/workspace-state.ts';
import { addAnswerCommands } from './answer-commands.ts';
import { UsageError } from './args.ts';
import { addBuildCommands } from './build-commands.ts';
import { addCareCommands } from './care-commands.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, errTerminal, outTerminal } from './io.ts';
import type { AddCommand, Options } from './options.ts';
import { collect, commonOf } from './options.ts';

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
  const add: AddCommand = (usage, description) => withCommon(program.command(usage).description(description));

  addBuildCommands(add, io, end, version);
  addAnswerCommands(add, io, end, version);
  addCareCommands(add, io, end);

  add('notify', 'what webhooks would be told now (--dry-run), or a message that tries them (--test)')
    .option('-n, --dry-run', 'print what would be sent, and send nothing')
    .option('--test', 'send a test message to all of them')
    .action(async (options: Options, command: Command) =>
      end(await (await import('./notify.ts')).notify(commonOf(command), options, io)),
    );

  add('init <dir>', 'write a workspace of your own').action(async (directory: string) => {
    const { init } = await import('./init.ts');
    end(init(directory, io));
  });

  add('demo [dir]', 'the whole pipeline on a local exchange, no network needed').action(
    async (directory: string | undefined, _options: Options, command: Command) => {
      const { demo } = await import('./demo.ts');
      end(await demo(commonOf(command), directory ?? 'demo', io));
    },
  );

  add('doctor', 'whether this machine and the hosts are fit for a build, and what to do')
    .option('--offline', 'ask nothing of the network')
    .action(async (options: Options, command: Command) => {
      const { doctor } = await import('./doctor.ts');
      end(await doctor(commonOf(command), { offline: options['offline'] === true }, io));
    });

  add('schema [of]', 'JSON Schemas: of pipeline.yaml for editors, or with `summary` of summary.json').action(
    async (of: string | undefined) => {
      const { schema } = await import('./schema.ts');
      end(await schema(of ?? 'pipeline', io));
    },
  );
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
