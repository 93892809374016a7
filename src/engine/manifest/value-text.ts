/** How a value becomes part of a text: plainly, as words for the shell, or in a glob as just what it is. */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { isArray } from '../json.ts';
import { shellQuote } from './shell-quote.ts';
import type { Interpolation } from './template.ts';
import { describeValue } from './wording.ts';

export type Inserted =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly diagnostic: Diagnostic };

/** Scalars only: a list or a map has no text, and the text of null would be an accident. */
export function insertable(value: Json, { text }: Interpolation, place: Diagnostic['place']): Inserted {
  if (value !== null && typeof value !== 'object') return { ok: true, text: `${value}` };
  const hint =
    value === null
      ? 'set the value, or let the reference stand alone'
      : 'only a reference that stands alone keeps its type';
  return {
    ok: false,
    diagnostic: error(`${text} is ${describeValue(value)} and cannot be part of a text`, place, hint),
  };
}

/** For globs: what stands for a reference is a name, not syntax. */
export function literalInGlob(value: Json, piece: Interpolation, place: Diagnostic['place']): Inserted {
  const inserted = insertable(value, piece, place);
  return inserted.ok ? { ok: true, text: globOfText(inserted.text) } : inserted;
}

/**
 * A glob that matches just this text. Tried against tinyglobby on Linux: an escaped backslash is taken for a slash
 * there, and a quotation mark for syntax, which its own `escapePath` does not see to.
 */
export function globOfText(text: string): string {
  return text.replace(/[\\*?[\]{}()!+@|"]/g, (sign) => (sign === '\\' ? ANY_BACKSLASH : `\\${sign}`));
}

const ANY_BACKSLASH = '[\\\\]';

/** The text of a glob without what is written so that it stands for itself: signs that are left are syntax. */
export function withoutEscapes(glob: string): string {
  return glob.replaceAll(ANY_BACKSLASH, '').replace(/\\./g, '');
}

/** As people write it: for messages. */
export function unescaped(glob: string): string {
  return glob.replaceAll(ANY_BACKSLASH, '\\\\').replace(/\\(.)/g, '$1');
}

/** For `run`: each scalar one shell word, the members of a list separated by spaces. */
export function shellWords(value: Json, { text }: Interpolation, place: Diagnostic['place']): Inserted {
  const items = value !== null && typeof value === 'object' && isArray(value) ? value : [value];
  const words: string[] = [];
  for (const item of items) {
    if (item === null || typeof item === 'object') {
      const what = items === value ? `holds ${describeValue(item)}` : `is ${describeValue(item)}`;
      const message = `${text} ${what} and cannot be a word of a shell command`;
      return { ok: false, diagnostic: error(message, place, 'use texts, numbers, or a list of them') };
    }
    words.push(shellQuote(`${item}`));
  }
  return { ok: true, text: words.join(' ') };
}
