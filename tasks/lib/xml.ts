/**
 * A small strict reader of XML without a schema: elements, text, the five entities and character references.
 * What machines do not write into answers is refused, document types and entity declarations above all, so that
 * a hostile body cannot grow. Attributes are checked and dropped, namespace prefixes cut off. Knows no S3.
 */

export interface XmlElement {
  /** Local name. */
  readonly name: string;
  /** Its own text, without that of its children. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export type XmlResult =
  | { readonly ok: true; readonly root: XmlElement }
  /** `message` ends with the place: `… at line 2, column 5`. */
  | { readonly ok: false; readonly message: string };

const MAX_DEPTH = 16;
const NAME = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?';
const OPEN_TAG = new RegExp(`<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, 'y');
const CLOSE_TAG = new RegExp(`</(${NAME})\\s*>`, 'y');
const PROLOG = /^\uFEFF?\s*(?:<\?xml\s[^<>]*\?>)?/;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

class Malformed extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Open {
  readonly tag: string;
  text: string;
  readonly children: XmlElement[];
}

export function parseXml(source: string): XmlResult {
  try {
    return { ok: true, root: readDocument(source) };
  } catch (thrown) {
    if (!(thrown instanceof Malformed)) throw thrown;
    const before = source.slice(0, thrown.offset).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    return { ok: false, message: `${thrown.message} at line ${before.length}, column ${column}` };
  }
}

function readDocument(source: string): XmlElement {
  let at = PROLOG.exec(source)?.[0].length ?? 0;
  const stack: Open[] = [{ tag: '', text: '', children: [] }];
  while (at < source.length) {
    const here = stack.at(-1);
    if (here === undefined) throw new Malformed('more is closed than was opened', at);
    const next = source.indexOf('<', at);
    const end = next === -1 ? source.length : next;
    const text = source.slice(at, end);
    if (stack.length === 1 && text.trim() !== '')
      throw new Malformed(`text ${excerpt(text.trim())} outside the root`, at);
    here.text += decode(text, at);
    if (next === -1) break;
    at = readTag(source, end, stack);
  }
  const [document] = stack;
  const unclosed = stack.at(-1);
  if (unclosed !== undefined && unclosed !== document)
    throw new Malformed(`<${unclosed.tag}> is never closed: the text ends`, source.length);
  const root = document?.children[0];
  if (root === undefined) throw new Malformed('there is no element', 0);
  return root;
}

/** Reads the tag at `at`, which is a `<`, and returns where it ends. */
function readTag(source: string, at: number, stack: Open[]): number {
  if (source.startsWith('<!--', at)) {
    const end = source.indexOf('-->', at + 4);
    if (end === -1) throw new Malformed('a comment is never closed', at);
    return end + 3;
  }
  CLOSE_TAG.lastIndex = at;
  const close = CLOSE_TAG.exec(source);
  if (close !== null) {
    const open = stack.length > 1 ? stack.pop() : undefined;
    if (open === undefined) throw new Malformed(`</${close[1]}> closes nothing`, at);
    if (open.tag !== close[1]) throw new Malformed(`</${close[1]}> where </${open.tag}> was expected`, at);
    stack.at(-1)?.children.push({ name: localName(open.tag), text: open.text, children: open.children });
    return CLOSE_TAG.lastIndex;
  }
  OPEN_TAG.lastIndex = at;
  const open = OPEN_TAG.exec(source);
  const tag = open?.[1];
  if (open === null || tag === undefined) throw new Malformed(`${excerpt(source.slice(at))} is refused`, at);
  if (stack.length === 1 && stack[0]?.children.length !== 0)
    throw new Malformed(`a second root, <${tag}>,`, at);
  if (stack.length > MAX_DEPTH) throw new Malformed(`<${tag}> is nested deeper than ${MAX_DEPTH}`, at);
  if (open[3] === '/') stack.at(-1)?.children.push({ name: localName(tag), text: '', children: [] });
  else stack.push({ tag, text: '', children: [] });
  return OPEN_TAG.lastIndex;
}

function decode(text: string, offset: number): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&\s]{0,12};)?/g, (whole, body: string | undefined, index: number) => {
    const name = body?.slice(0, -1) ?? '';
    const named = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (named !== undefined) return named;
    const number = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name);
    const code =
      number === null ? Number.NaN : Number.parseInt(number[1] ?? number[2] ?? '', number[1] ? 16 : 10);
    const isCharacter = code === 9 || code === 10 || code === 13 || (code >= 32 && code <= 0x10ffff);
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (!isCharacter || isSurrogate) throw new Malformed(`unknown entity ${excerpt(whole)}`, offset + index);
    return String.fromCodePoint(code);
  });
}

function localName(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}

function excerpt(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 40)}…` : line);
}
