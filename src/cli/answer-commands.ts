/** The commands that only tell: their options and help. What each does stands in its own file, imported when called. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { AddCommand, Options } from './options.ts';
import { between, commonOf, text, withPlan } from './options.ts';

export function addAnswerCommands(
  add: AddCommand,
  io: Io,
  end: (code: ExitCode) => void,
  version: string,
): void {
  withPlan(add('status [selectors...]', 'say what is fresh, stale, absent or failed, and why'))
    .option('--check', 'exit 3 if anything is stale, pending, failed or unknown')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { status } = await import('./status.ts');
      const check = options['check'] === true;
      end(await status(commonOf(command), { selectors, between: between(options), check }, io));
    });

  add('why <target>', 'every input, parameter and code digest of a target, then and now').action(
    async (target: string, _options: Options, command: Command) => {
      const { why } = await import('./why.ts');
      end(await why(commonOf(command), target, io));
    },
  );

  add('lineage <path|target>', 'where it came from, up to addresses and checksums, and what it went into')
    .option('--format <format>', 'text, json, mermaid or openlineage (default: text)')
    .option('--up', 'only where it came from')
    .option('--down', 'only what it went into')
    .action(async (subject: string, options: Options, command: Command) => {
      const { lineage } = await import('./lineage.ts');
      const directions = { up: options['up'] === true, down: options['down'] === true };
      end(
        lineage(commonOf(command), subject, { format: text(options, 'format'), ...directions }, version, io),
      );
    });

  add('graph [selectors...]', 'the graph of rules, or with selectors of targets')
    .option('--format <format>', 'dot, mermaid or json (default: dot)')
    .option('--targets', 'targets instead of rules')
    .action(async (selectors: string[], options: Options, command: Command) => {
      const { graph } = await import('./graph.ts');
      const targets = options['targets'] === true;
      end(await graph(commonOf(command), { selectors, format: text(options, 'format'), targets }, io));
    });

  add('coverage', 'what the last coverage report says')
    .option('--summary', 'one row a symbol')
    .action(async (options: Options, command: Command) => {
      const { coverage } = await import('./coverage.ts');
      end(await coverage(commonOf(command), { summary: options['summary'] === true }, io));
    });

  add('gaps', 'what the last gap report says')
    .option('--propose-halts', 'halts that configs/halts.yaml lacks: what most symbols miss at once')
    .action(async (options: Options, command: Command) => {
      const { gaps, proposeHalts } = await import('./coverage.ts');
      end(await (options['proposeHalts'] === true ? proposeHalts : gaps)(commonOf(command), io));
    });

  add('quality', 'what the gates of the last reports say')
    .option('--broken', 'only gates that are broken, each with what it is broken for')
    .action(async (options: Options, command: Command) => {
      const { quality } = await import('./quality.ts');
      end(await quality(commonOf(command), { broken: options['broken'] === true }, io));
    });

  add('log [run]', 'what builds did: the last ones, or one in full (its number, its run_id, or `last`)')
    .option('-n, --number <n>', 'list so many (default: 20)')
    .action(async (run: string | undefined, options: Options, command: Command) => {
      const { log } = await import('./log.ts');
      end(log(commonOf(command), { run, count: text(options, 'number') }, io));
    });

  add('query <sql>', 'DuckDB over the built tables by name: bars, coverage, gaps')
    .option('--format <format>', 'table, csv or json (default: table)')
    .action(async (sql: string, options: Options, command: Command) => {
      const { query } = await import('./query.ts');
      end(await query(commonOf(command), sql, text(options, 'format'), io));
    });
}
