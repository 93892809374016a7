/**
 * HTML by construction: in a text made by `html` every value is escaped, but for what `html` made itself. So no
 * name, path or evidence can become markup, whatever it holds. It knows nothing of the page.
 */

const MARKUP = Symbol('markup');

/** Markup that is safe to put into markup. Only this file makes it. */
export interface Html {
  readonly [MARKUP]: string;
}

/** What may stand in `${}`: numbers as JavaScript spells them, lists one after the other, null as nothing. */
export type Content = string | number | null | Html | readonly Content[];

export function html(texts: TemplateStringsArray, ...values: readonly Content[]): Html {
  let made = texts[0] ?? '';
  for (const [at, value] of values.entries()) made += contentOf(value) + (texts[at + 1] ?? '');
  return { [MARKUP]: made };
}

export function markupOf(made: Html): string {
  return made[MARKUP];
}

/** The style sheet and elements with names of ours, whose text must not be escaped or is escaped already. */
export function trusted(markup: string): Html {
  return { [MARKUP]: markup };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for an element or a quoted attribute. What HTML cannot hold (control characters, halves of a surrogate pair)
 * and what would turn the order of the letters around is shown as U+FFFD.
 */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\p{Surrogate}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}

function contentOf(value: Content): string {
  if (value === null) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return isMarkup(value) ? value[MARKUP] : value.map(contentOf).join('');
}

/** `Array.isArray` does not narrow readonly arrays. */
function isMarkup(value: Html | readonly Content[]): value is Html {
  return MARKUP in value;
}
