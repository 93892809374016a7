/**
 * Reads YAML text into a positioned tree, and says what is wrong with its syntax in terms of the text. It knows
 * nothing of manifests beyond the trap that `{ a: ${b} }` is for everyone who writes one.
 */
import type { Document, YAMLParseError } from 'yaml';
import { parseDocument, visit } from 'yaml';
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { YamlNode } from './node.ts';
import type { SourceText } from './source.ts';
import { placeAt } from './source.ts';
import { toTree } from './yaml-tree.ts';

export interface ReadYaml {
  /** Absent when the text is not YAML. */
  readonly root: YamlNode | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const TOO_DEEP = 'values are nested too deeply to be read';

type At = (start: number, end: number) => Diagnostic['place'];

/** Reads the text from offset `base` on; places count from the start of the whole text. */
export function readYaml(source: SourceText, base = 0): ReadYaml {
  const text = source.text.slice(base);
  const at: At = (start, end) => placeAt(source, base + start, base + end);
  const document = parse(text);
  if (document === undefined) {
    return { root: undefined, diagnostics: [error(TOO_DEEP, at(0, 1))] };
  }
  if (document.errors.length > 0) return { root: undefined, diagnostics: syntaxErrors(text, document, at) };
  const tags = document.warnings.flatMap(({ code, pos }) => {
    if (code !== 'TAG_RESOLVE_FAILED') return [];
    const message = `unknown YAML tag "${text.slice(...pos)}"`;
    return [error(message, at(...pos), 'remove the tag: values are plain YAML')];
  });
  const { root, diagnostics } = toTree(document, source, base);
  return { root, diagnostics: [...tags, ...diagnostics] };
}

function parse(text: string) {
  try {
    return parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  } catch (thrown) {
    // The parser recurses: a megabyte of brackets overflows its stack.
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** One mistake makes the parser stumble over what follows: the first is told, and every bare `${` in a flow map. */
function syntaxErrors(text: string, document: Document.Parsed, at: At): Diagnostic[] {
  const { errors } = document;
  const traps = errors.filter(({ pos: [start] }) => text[start] === '{' && text[start - 1] === '$');
  const first = errors[0];
  if (first === undefined) return [];
  const open = openQuote(document, first);
  if (open !== undefined) {
    const message = 'a text begins here whose quote is never closed';
    return [error(message, at(open, open + 1), 'close the quote, or escape the quotes inside')];
  }
  if (traps[0] !== first) return [error(sentence(first, text), at(...first.pos), adviceOn(first))];
  return traps.map(({ pos: [start] }) => {
    const reference = /^\{[^{}\n]*\}?/.exec(text.slice(start))?.[0] ?? '{';
    const message = `a bare $${reference} inside { } or [ ] is not YAML: its brace begins a map`;
    return error(message, at(start - 1, start + reference.length), `quote it: "$${reference}"`);
  });
}

/** The parser names the end of the file, where the missing quote was not found; the one that opens says more. */
function openQuote(document: Document.Parsed, { message, pos: [end] }: YAMLParseError): number | undefined {
  let start: number | undefined;
  if (!message.startsWith('Missing closing')) return undefined;
  visit(document, {
    Scalar(_, { type, range }) {
      const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
      if (quoted && range && range[0] < end && end <= range[2]) start = range[0];
    },
  });
  return start;
}

function sentence({ code, message, pos }: YAMLParseError, text: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent YAML';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second ": " stands in one line';
    case 'BAD_SCALAR_START':
      return `a text cannot begin with ${text.slice(...pos)} unless it is quoted`;
    case 'RESOURCE_EXHAUSTION':
      return TOO_DEEP;
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; one is expected';
    default:
      return `this is not YAML: ${message.slice(0, 1).toLowerCase()}${message.slice(1).replaceAll(/\s+/g, ' ')}`;
  }
}

function adviceOn({ code }: YAMLParseError): string | undefined {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'quote the text that holds ": ", or begin a new line';
  if (code === 'MULTIPLE_DOCS') return 'remove the --- line';
  return undefined;
}
