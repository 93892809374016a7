/**
 * A failed target in full, for logs and terminals: code, message, hint, the last lines of its log and where the rest is.
 * Knows nothing of when it is printed. Nothing of the machine is added, and a stack only on request.
 */
import type { Failure } from '../engine/events.ts';
import { formatDuration } from './duration.ts';
import { printable, printableLines } from './printable.ts';
import type { Style } from './style.ts';

/** Verbs stand in a column of their own, so that targets are under one another. */
const VERB_WIDTH = 10;
const LOG_LINES = 20;

export interface FailedTarget {
  readonly target: string;
  readonly seconds: number;
  readonly failure?: Failure;
}

export function verb(word: string): string {
  return word.padEnd(VERB_WIDTH);
}

/** Lines without line ends. Only our own words begin a line: GitHub takes a line that begins with `::` for a command, even indented. */
export function formatFailure(failed: FailedTarget, style: Style, verbose: boolean): string[] {
  const { failure } = failed;
  const head = `${style.red(verb('failed'))}${style.bold(printable(failed.target))}  ${formatDuration(failed.seconds)}`;
  if (failure === undefined) return [head];
  const [first = '', ...more] = printableLines(failure.message);
  const lines = [`${head}  ${printable(failure.code)}: ${first}`, ...more.map((line) => `  | ${line}`)];
  if (failure.hint !== undefined) lines.push(`  hint: ${printable(failure.hint)}`);
  lines.push(...formatLog(failure.log ?? [], verbose, style));
  if (failure.logPath !== undefined) lines.push(`  whole log: ${printable(failure.logPath)}`);
  if (failure.stack !== undefined) {
    if (verbose) lines.push('  stack:', ...printableLines(failure.stack).map((line) => `  | ${line}`));
    else lines.push('  this is a bug, not bad input; --verbose shows the stack');
  }
  return lines;
}

function formatLog(log: readonly string[], verbose: boolean, style: Style): string[] {
  if (log.length === 0) return [];
  const shown = verbose ? log : log.slice(-LOG_LINES);
  const hidden = log.length - shown.length;
  const title = hidden > 0 ? `  log (${hidden} earlier lines: --verbose):` : '  log:';
  return [title, ...shown.flatMap(printableLines).map((line) => style.dim(`  | ${line}`))];
}
