/** A text and where its lines begin: turns offsets into places. It knows neither YAML nor files. */
import type { Place } from '../diagnostic.ts';

export interface SourceText {
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

export function sourceText(file: string, text: string): SourceText {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

/** The place of `start..end`, cut to the line on which it starts. */
export function placeAt(source: SourceText, start: number, end: number): Place {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= start) low = middle;
    else high = middle - 1;
  }
  const lineStart = source.lineStarts[low] ?? 0;
  const next = source.text.indexOf('\n', lineStart);
  const text = source.text.slice(lineStart, next === -1 ? undefined : next).replace(/\r$/, '');
  const column = Math.min(start - lineStart, text.length);
  const offending = text.slice(column, column + Math.max(0, end - start)).trimEnd();
  return {
    file: source.file,
    line: low + 1,
    column: column + 1,
    length: Math.max(1, offending.length),
    text,
  };
}
