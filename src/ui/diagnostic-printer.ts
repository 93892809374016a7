/**
 * Diagnostics as text: message, place, the offending line underlined, the hint. It chooses colours and crops long
 * lines; it knows neither where diagnostics come from nor where the text goes.
 */
import type { Diagnostic, Place } from '../engine/diagnostic.ts';
import { printable } from './printable.ts';
import { cropAround } from './source-line.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';

export interface PrintOptions {
  readonly color: boolean;
  /** Columns of the terminal: source lines are cropped to it. */
  readonly width: number;
}

/** Without a final line end; empty for no diagnostics. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  { color, width }: PrintOptions,
): string {
  if (diagnostics.length === 0) return '';
  const style = styleFor(color);
  const blocks = diagnostics.map((each) => formatOne(each, width, style));
  return [...blocks, count(diagnostics)].join('\n\n');
}

function formatOne(
  { severity, message, place, hint, related = [] }: Diagnostic,
  width: number,
  style: Style,
): string {
  const tone = severity === 'error' ? style.red : style.yellow;
  const places = [place, ...related.map((each) => each.place)];
  // One margin for the whole diagnostic, as wide as its longest line number.
  const margin = Math.max(1, ...places.map((each) => `${each?.line ?? ''}`.length));
  const lines = [
    `${tone(style.bold(severity))}: ${style.bold(printable(message))}`,
    ...formatPlace(place, tone, margin, width, style),
  ];
  if (hint !== undefined) lines.push(`${' '.repeat(margin + 1)}${style.dim('=')} ${printable(hint)}`);
  for (const { message: note, place: there } of related) {
    lines.push(
      `${style.cyan('note')}: ${printable(note)}`,
      ...formatPlace(there, style.cyan, margin, width, style),
    );
  }
  return lines.join('\n');
}

function formatPlace(
  place: Place | undefined,
  tone: Style['red'],
  margin: number,
  width: number,
  style: Style,
): readonly string[] {
  if (place === undefined) return [];
  const { file, line, column, length, text } = place;
  const bar = style.dim('|');
  const indent = ' '.repeat(margin);
  const { shown, before, marked } = cropAround(text, column - 1, length, width - margin - 3);
  return [
    `${indent}${style.dim('-->')} ${printable(file)}:${line}:${column}`,
    `${indent} ${bar}`,
    `${style.dim(`${line}`.padStart(margin))} ${bar} ${shown}`.trimEnd(),
    `${indent} ${bar} ${' '.repeat(before)}${tone('^'.repeat(marked))}`,
  ];
}

function count(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const parts = [plural(errors, 'error'), plural(warnings, 'warning')];
  return parts.filter((part) => part !== '').join(', ');
}

function plural(amount: number, word: string): string {
  return amount === 0 ? '' : `${amount} ${word}${amount === 1 ? '' : 's'}`;
}
