/**
 * GitHub Actions annotations: failed targets as errors, what targets warn of, diagnostics at their file and line. Written to stderr, for
 * the runner reads both streams and stdout carries results, JSON with `--json`. Knows no colours.
 */
import type { Diagnostic } from '../engine/diagnostic.ts';
import type { BuildEvent } from '../engine/events.ts';
import type { Reporter, TextStream } from './listener.ts';
import { printable, printableLines } from './printable.ts';

export interface GithubOptions {
  /** Path of the workspace inside the repository: annotations name files from the repository's root. */
  readonly directory?: string;
}

/** The runner keeps ten annotations of a level for each step and drops the rest without a word. */
const KEPT = 10;

type Failed = Extract<BuildEvent, { type: 'target-finished' }>;
type Warned = Extract<BuildEvent, { type: 'target-warning' }>;
type Level = 'error' | 'warning';

export function createGithub(stream: TextStream, options: GithubOptions = {}): Reporter {
  const directory = options.directory ?? '';
  const failures = rationed(stream, 'error', 'targets failed', failureCommand);
  const warnings = rationed(stream, 'warning', 'targets warn', warningCommand);
  return {
    listener: (event) => {
      if (event.type === 'warning') warnings.write(diagnosticCommand(event.diagnostic, directory));
      else if (event.type === 'target-warning') warnings.annotate(event);
      else if (event.type === 'target-finished' && event.outcome === 'failed') failures.annotate(event);
    },
    close: () => {
      failures.close();
      warnings.close();
    },
  };
}

/** Annotations of one level: the last place is for the tenth, or for the names of those that have none. */
function rationed<T extends { readonly target: string }>(
  stream: TextStream,
  level: Level,
  what: string,
  commandOf: (event: T) => string,
) {
  const held: T[] = [];
  let written = 0;
  const write = (line: string): void => {
    stream.write(`${line}\n`);
    written += 1;
  };
  return {
    write,
    annotate(event: T): void {
      if (written < KEPT - 1) write(commandOf(event));
      else held.push(event);
    },
    close(): void {
      const [only] = held;
      if (only === undefined) return;
      if (held.length === 1) write(commandOf(only));
      else {
        const names = held.map((event) => printable(event.target)).join('\n');
        write(command(level, { title: `${held.length} more ${what}` }, names));
      }
    },
  };
}

/** For mistakes in the manifest, which come as a list and not as events. */
export function formatGithubDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: GithubOptions = {},
): string {
  return diagnostics.map((one) => `${diagnosticCommand(one, options.directory ?? '')}\n`).join('');
}

function failureCommand({ target, failure }: Failed): string {
  const lines = failure === undefined ? ['failed'] : printableLines(`${failure.code}: ${failure.message}`);
  if (failure?.hint !== undefined) lines.push(`hint: ${printable(failure.hint)}`);
  return command('error', { title: printable(target) }, lines.join('\n'));
}

function warningCommand({ target, message }: Warned): string {
  return command('warning', { title: printable(target) }, printableLines(message).join('\n'));
}

function diagnosticCommand({ severity, message, hint, place }: Diagnostic, directory: string): string {
  const text = hint === undefined ? message : `${message}\n${hint}`;
  return command(severity, propertiesOf(place, directory), printableLines(text).join('\n'));
}

/** A value given by `--set` stands in no file. */
function propertiesOf(place: Diagnostic['place'], directory: string): Record<string, string> {
  if (place === undefined || place.file.startsWith('--')) return {};
  const inside = directory === '' || directory === '.' ? place.file : `${directory}/${place.file}`;
  return {
    file: inside,
    line: String(place.line),
    col: String(place.column),
    endColumn: String(place.column + place.length),
  };
}

/** `::error title=…,file=…::message`, escaped as the runner unescapes it: `%` first, `:` and `,` in properties only. */
function command(level: Level, properties: Record<string, string>, message: string): string {
  const list = Object.entries(properties)
    .map(([key, value]) => `${key}=${escapeData(value).replaceAll(':', '%3A').replaceAll(',', '%2C')}`)
    .join(',');
  return `::${level}${list === '' ? '' : ` ${list}`}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
