/** Options as commander gives them, by name: what commands share, and what each of them means. */
import type { Command } from 'commander';
import { parseBetween } from './args.ts';
import type { Common } from './workspace.ts';

export type Options = Readonly<Record<string, unknown>>;

/** Takes a new command, with the options that all share, into the program. */
export type AddCommand = (usage: string, description: string) => Command;

/** Options of commands that plan. */
export function withPlan(command: Command): Command {
  return command
    .option('--from <instant>', 'only partitions that end after this (2024, 2024-08, 2024-08-01, …)')
    .option('--to <instant>', 'only partitions that begin before the end of this');
}

export function between(options: Options): ReturnType<typeof parseBetween> {
  return parseBetween(text(options, 'from'), text(options, 'to'));
}

export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

export function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The command's own options win over those before it; `--set` adds up, in order. */
export function commonOf(command: Command): Common {
  const levels: Options[] = [command.parent?.opts() ?? {}, command.opts()];
  const last = (name: string): string | undefined =>
    levels.reduce<string | undefined>((found, level) => text(level, name) ?? found, undefined);
  const any = (name: string): boolean => levels.some((level) => level[name] === true);
  return {
    directory: last('C') ?? '.',
    set: levels.flatMap((level) => (Array.isArray(level['set']) ? level['set'].map(String) : [])),
    json: any('json'),
    quiet: any('quiet'),
    verbose: any('verbose'),
    asOf: last('asOf'),
  };
}
