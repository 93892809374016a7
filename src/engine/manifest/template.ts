/** The grammar of `${…}`: text into pieces. What a name means, and what stands for it, is decided elsewhere. */

export interface Interpolation {
  /** What stands between the braces, trimmed. */
  readonly name: string;
  /** As written, `${…}`. */
  readonly text: string;
  /** Offset of its `$` in the text. */
  readonly at: number;
}

export interface ParsedTemplate {
  readonly pieces: readonly (string | Interpolation)[];
  readonly errors: readonly {
    readonly message: string;
    readonly hint: string;
    readonly text: string;
    readonly at: number;
  }[];
}

/** `$$` is a dollar; a `$` before anything but `{` or `$` stays. */
export function parseTemplate(text: string): ParsedTemplate {
  const pieces: (string | Interpolation)[] = [];
  const errors: ParsedTemplate['errors'][number][] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) break;
    literal += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next !== '{') {
      literal += '$';
      at = dollar + (next === '$' ? 2 : 1);
      continue;
    }
    const written = /^\$\{([^{}\n]*)\}/.exec(text.slice(dollar));
    if (!written) {
      const hint = 'write ${name}, or $${ for a dollar sign and a brace';
      errors.push({ message: '"${" is not closed by "}"', hint, text: '${', at: dollar });
      at = dollar + 2;
      continue;
    }
    const name = (written[1] ?? '').trim();
    if (name === '') {
      const hint = 'write the name of a value between the braces';
      errors.push({ message: `"${written[0]}" names nothing`, hint, text: written[0], at: dollar });
    } else {
      if (literal !== '') pieces.push(literal);
      literal = '';
      pieces.push({ name, text: written[0], at: dollar });
    }
    at = dollar + written[0].length;
  }
  literal += text.slice(at);
  if (literal !== '') pieces.push(literal);
  return { pieces, errors };
}

/** The one interpolation that a text consists of, which keeps the type of what it names. */
export function wholeReference({ pieces, errors }: ParsedTemplate): Interpolation | undefined {
  const only = pieces[0];
  return pieces.length === 1 && errors.length === 0 && typeof only === 'object' ? only : undefined;
}
