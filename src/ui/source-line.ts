/** One line of a source as it can safely be shown: nothing in it moves the cursor, and it fits. It knows no colours. */

import { printable } from './printable.ts';

const ELLIPSIS = '…';
const LEAST = 20;

export interface Cropped {
  readonly shown: string;
  /** Columns before the marked ones. */
  readonly before: number;
  readonly marked: number;
}

/** What may be a secret in an address: user and password, with a scheme before them or without, and its query. */
const SECRETS: readonly RegExp[] = [
  /(:\/\/)([^\s@"']+)(?=@)/g,
  /([^\s"':@/]+:)(?!\/\/)([^\s"'@]+)(?=@)/g,
  /(:\/\/[^\s"'?#]*[?#])([^\s"']+)/g,
  // Of a webhook the whole address is one, also where the name before it is misspelt,
  /(\burl\w*["']?\s*[:=]\s*["']?)([^\s"',}\]]+)/gi,
  // or missing: only what the names of the market's addresses end in says that a path is none.
  /(?<!_url["']?\s*[:=]\s*["']?)(\bhttps?:\/\/[^\s"'/]+\/)([^\s"',}\]]+)/gi,
];

/** As long as it was, so that columns stay where they are: logs are kept and shared. */
function withoutSecrets(line: string): string {
  const hide = (_: string, before: string, secret: string): string => before + '*'.repeat(secret.length);
  return SECRETS.reduce((text, secret) => text.replace(secret, hide), line);
}

/** The part of the line around `start..start + length` (UTF-16 units) that fits into `width` columns. */
export function cropAround(line: string, start: number, length: number, width: number): Cropped {
  const cells: string[] = [];
  let from = -1;
  let to = -1;
  let unit = 0;
  for (const character of withoutSecrets(line)) {
    if (from === -1 && unit + character.length > start) from = cells.length;
    for (const cell of character === '\t' ? ' ' : printable(character)) cells.push(cell);
    unit += character.length;
    if (to === -1 && unit >= start + length) to = cells.length;
  }
  // A place at the end of the line marks the column after it.
  if (from === -1) from = cells.length;
  if (to === -1) to = Math.max(cells.length, from + 1);
  while (cells.length < to) cells.push(' ');

  const room = Math.max(LEAST, width);
  if (cells.length <= room) return { shown: cells.join('').trimEnd(), before: from, marked: to - from };
  const marked = Math.min(to - from, room - 2);
  const lead = Math.floor((room - marked) / 2);
  const begin = Math.max(0, Math.min(from - lead, cells.length - room));
  const end = Math.min(cells.length, begin + room);
  const shown = cells.slice(begin, end);
  if (begin > 0) shown[0] = ELLIPSIS;
  if (end < cells.length) shown[shown.length - 1] = ELLIPSIS;
  const before = from - begin;
  return { shown: shown.join('').trimEnd(), before, marked: Math.min(marked, Math.max(1, room - before)) };
}
