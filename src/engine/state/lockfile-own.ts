/**
 * Reads back lines that this workspace has written itself, and that nobody has touched since: of each only what tells
 * it apart, with its own text, so that lines that stay are neither parsed nor written anew, and those of the thousands
 * of members of a map not even told apart. Not for lines that may be another's: what is wrong goes unnoticed here.
 */
import type { Digest } from '../hash.ts';
import type { Json } from '../json.ts';
import type { LockEntry, LockedLine, ReadMembers } from './lockfile-lines.ts';
import { HEADER, parseLock } from './lockfile-lines.ts';

/** Undefined: it was not as it is written here. */
export function ownLines(text: string): readonly LockedLine[] | undefined {
  if (!text.startsWith(`${HEADER}\n`) || !text.endsWith('\n')) return undefined;
  const lines: LockedLine[] = [];
  for (let at = HEADER.length + 1; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const row = text.slice(at, end);
    const line = plainLine(row) ?? parsedLine(row);
    if (line === undefined) return undefined;
    const lead = line.kind === 'value' ? leadOf(line.target, line.pointer, row) : undefined;
    let next = end + 1;
    while (lead !== undefined && text.startsWith(lead.text, next)) next = text.indexOf('\n', next) + 1;
    if (lead === undefined || next === end + 1) lines.push(line);
    else
      lines.push({
        kind: 'value',
        target: line.target,
        above: lead.above,
        lead: lead.text.length,
        text: text.slice(at, next - 1),
      });
    at = next;
  }
  return lines;
}

/** Each on its own. */
export function linesOf({ text }: ReadMembers): readonly LockEntry[] {
  return text.split('\n').flatMap((row) => plainLine(row) ?? parsedLine(row) ?? []);
}

/** Whether these are the lines of members with just these names, which come in code-unit order. */
export function areOf({ text, lead }: ReadMembers, names: readonly string[]): boolean {
  let at = 0;
  for (const name of names) {
    const from = at + lead;
    if (at > text.length || !text.startsWith(name, from) || text[from + name.length] !== ' ') return false;
    const end = text.indexOf('\n', from);
    at = end < 0 ? text.length + 1 : end + 1;
  }
  return at === text.length + 1;
}

/** How lines of members begin of the map that holds this value; lines that begin so follow each other. */
function leadOf(
  target: string,
  pointer: string,
  row: string,
): { readonly text: string; readonly above: string } | undefined {
  const above = pointer.slice(0, Math.max(pointer.lastIndexOf('/'), 0));
  const text = `value ${target} ${above}/`;
  return above !== '' && row.startsWith(text) ? { text, above } : undefined;
}

/** Of a row whose words are bare. */
function plainLine(row: string): LockEntry | undefined {
  const kind = kindOf(row);
  if (kind === undefined || row[kind.length + 1] === '"') return undefined;
  const second = row.indexOf(' ', kind.length + 1);
  const third = row.indexOf(' ', second + 1);
  if (second < 0 || third < 0 || row[second + 1] === '"') return undefined;
  const target = row.slice(kind.length + 1, second);
  const word = row.slice(second + 1, third);
  // It was written by `formatLine`, which knows its digests and has its JSON from JSON.
  if (kind !== 'value')
    return { kind, target, path: word, digest: row.slice(third + 1) as Digest, text: row };
  return {
    kind,
    target,
    pointer: word,
    get value() {
      return JSON.parse(row.slice(third + 1)) as Json;
    },
    text: row,
  };
}

/** Of which there are many. */
function kindOf(row: string): 'value' | 'source' | 'output' | undefined {
  if (row.startsWith('value ')) return 'value';
  if (row.startsWith('source ')) return 'source';
  return row.startsWith('output ') ? 'output' : undefined;
}

function parsedLine(row: string): LockEntry | undefined {
  const { lines, problems } = parseLock(`${HEADER}\n${row}\n`);
  return problems.length === 0 ? lines[0] : undefined;
}
