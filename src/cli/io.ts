/**
 * The world as a command sees it: streams, environment, clock, signal. Handed in by `main`, so that a test can be
 * the world. Knows no command.
 */
import type { TextStream } from '../ui/listener.ts';
import { printable, printableLines } from '../ui/printable.ts';
import type { StreamFacts, Terminal } from '../ui/terminal.ts';
import { describeTerminal } from '../ui/terminal.ts';

export interface OutputStream extends TextStream, StreamFacts {
  readonly rows?: number | undefined;
}

export interface Io {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** `.env` of the workspace adds to it: for `main` it is the environment of the process. */
  readonly env: Record<string, string | undefined>;
  readonly cwd: string;
  /** Aborted by the first signal to end. */
  readonly signal: AbortSignal;
  /** Aborted when nobody reads the results any more (`pipeline watch --json | head`): for what would go on for ever. */
  readonly readerGone: AbortSignal;
  /** Epoch milliseconds. */
  now(): number;
  /** Targets that run: whoever ends the process early can be named. */
  readonly running?: Set<string>;
}

export function outTerminal(io: Io): Terminal {
  return describeTerminal(io.stdout, io.env);
}

export function errTerminal(io: Io): Terminal {
  return describeTerminal(io.stderr, io.env);
}

/** One sentence on stderr, as every complaint about usage is made. */
export function complain(io: Io, message: string, hint?: string): void {
  const lines = printableLines(message).join('\n');
  io.stderr.write(`error: ${lines}\n${hint === undefined ? '' : `  = ${printable(hint)}\n`}`);
}

/** What was not as it should be and stands in nobody's way. */
export function remark(io: Io, message: string): void {
  io.stderr.write(`warning: ${printable(message)}\n`);
}

export function printJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, undefined, outTerminal(io).isTTY ? 2 : undefined)}\n`);
}
