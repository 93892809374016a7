/**
 * GitHub Actions annotations: failed targets and critical alerts as errors, what targets warn of, diagnostics at their
 * file and line. Written to stderr, for the runner reads both streams and stdout carries results, JSON with `--json`.
 * Knows no colours.
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

type Ended = Extract<BuildEvent, { type: 'target-finished' }>;
type Warned = Extract<BuildEvent, { type: 'target-warning' }>;
type Alert = NonNullable<Ended['alerts']>[number];
type Level = 'error' | 'warning';

interface Annotation {
  readonly target: string;
  /** What it is one of, in the plural. */
  readonly what: string;
  readonly line: string;
}

export function createGithub(stream: TextStream, options: GithubOptions = {}): Reporter {
  const directory = options.directory ?? '';
  const errors = rationed(stream, 'error');
  const warnings = rationed(stream, 'warning');
  const ended = (event: Ended): void => {
    const { target, outcome, alerts = [] } = event;
    if (outcome === 'failed')
      errors.annotate({ target, what: 'targets failed', line: failureCommand(event) });
    for (const alert of alerts) {
      const { annotate } = alert.level === 'critical' ? errors : warnings;
      annotate({ target, what: 'alerts', line: alertCommand(target, alert) });
    }
  };
  return {
    listener: (event) => {
      if (event.type === 'warning') warnings.write(diagnosticCommand(event.diagnostic, directory));
      else if (event.type === 'target-warning')
        warnings.annotate({ target: event.target, what: 'targets warn', line: warningCommand(event) });
      else if (event.type === 'target-finished') ended(event);
    },
    close: () => {
      errors.close();
      warnings.close();
    },
  };
}

/** Annotations of one level: the last place is for the tenth, or for the names of those that have none. */
function rationed(stream: TextStream, level: Level) {
  const held: Annotation[] = [];
  let written = 0;
  const write = (line: string): void => {
    stream.write(`${line}\n`);
    written += 1;
  };
  return {
    write,
    annotate(each: Annotation): void {
      if (written < KEPT - 1) write(each.line);
      else held.push(each);
    },
    close(): void {
      const [only] = held;
      if (only === undefined) return;
      if (held.length === 1) write(only.line);
      else {
        const names = held.map(({ target }) => printable(target)).join('\n');
        const what = [...new Set(held.map((each) => each.what))].join(' and ');
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

function failureCommand({ target, failure }: Ended): string {
  const lines = failure === undefined ? ['failed'] : printableLines(`${failure.code}: ${failure.message}`);
  if (failure?.hint !== undefined) lines.push(`hint: ${printable(failure.hint)}`);
  return command('error', { title: printable(target) }, lines.join('\n'));
}

function warningCommand({ target, message }: Warned): string {
  return command('warning', { title: printable(target) }, printableLines(message).join('\n'));
}

function alertCommand(target: string, { level, code, message }: Alert): string {
  const text = printableLines(`${code}: ${message}`).join('\n');
  return command(level === 'critical' ? 'error' : 'warning', { title: printable(target) }, text);
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
