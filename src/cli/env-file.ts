/**
 * The file `.env` of a workspace: proxies and secrets that need not stand in the shell. What is set already wins,
 * as with `process.loadEnvFile`. No value of it is ever part of a message.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Diagnostic } from '../engine/diagnostic.ts';
import { warning } from '../engine/diagnostic.ts';
import { errorCode, isMissing } from '../engine/state/files.ts';

const ENV_FILE = '.env';

const FORM = 'expected NAME=value, perhaps in quotes, or a comment that begins with #';

/** Adds to `env` what the file has and `env` has not. What cannot be taken is left out, with a warning that says so. */
export function loadEnvFile(
  workspace: string,
  env: Record<string, string | undefined>,
): readonly Diagnostic[] {
  const found = textOf(join(workspace, ENV_FILE));
  if (found === undefined) return [];
  if ('trouble' in found)
    return [warning(`${ENV_FILE} ${found.trouble}: nothing of it counts`, undefined, found.hint)];
  const { values, malformed } = readEnv(found.text);
  for (const [name, value] of values) if (env[name] === undefined) env[name] = value;
  return malformed.map((line) =>
    warning(`line ${line} of ${ENV_FILE} is no NAME=value: it does not count`, undefined, FORM),
  );
}

/** What people write by hand is shorter. */
const MAX_BYTES = 1 << 20;

type Found = { readonly text: string } | { readonly trouble: string; readonly hint: string };

/** Undefined where there is none. A pipe, which nobody may ever write to, is not waited for. */
function textOf(path: string): Found | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (thrown) {
    return isMissing(thrown) && !isLink(path) ? undefined : unreadable(thrown);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      const hint = 'put a file of NAME=value lines in its place, or move it away';
      return { trouble: `is ${stat.isDirectory() ? 'a folder' : 'a pipe or a device'} and no file`, hint };
    }
    const bytes = beginning(fd, MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) return { trouble: `has more than ${MAX_BYTES} bytes`, hint: FORM };
    // A password with a letter that is not in it would be another one.
    if (!isUtf8(bytes) || bytes.includes(0)) return { trouble: 'is no text in UTF-8', hint: FORM };
    return { text: bytes.toString('utf8') };
  } catch (thrown) {
    return unreadable(thrown);
  } finally {
    closeSync(fd);
  }
}

/** To nowhere, as far as it is asked here. */
function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function unreadable(thrown: unknown): Found {
  const code = errorCode(thrown);
  if (code === undefined) throw thrown;
  return { trouble: `cannot be read (${code})`, hint: 'make it readable for this user, or move it away' };
}

function beginning(fd: number, most: number): Buffer {
  const bytes = Buffer.alloc(most);
  let length = 0;
  while (length < most) {
    const count = readSync(fd, bytes, length, most - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

interface ReadEnv {
  readonly values: ReadonlyMap<string, string>;
  /** Numbers of the lines that are neither assignments nor comments, from 1. */
  readonly malformed: readonly number[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=[^\S\n]*(["'`]?)/;

/** Node's own parser reads the values, but takes the name after a bad line to begin in it: bad lines are kept from it. */
export function readEnv(text: string): ReadEnv {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const good: string[] = [];
  const malformed: number[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const found = ASSIGNMENT.exec(line);
    const [head = '', name = '', quote = ''] = found ?? [];
    const last = found === null ? undefined : lastLine(lines, at, head.length, quote);
    if (last === undefined) malformed.push(at + 1);
    else {
      // Node takes blanks around the name, but one after `export`, to be part of it.
      good.push(`${name}=${quote}${line.slice(head.length)}`, ...lines.slice(at + 1, last + 1));
      at = last;
    }
  }
  const values = Object.entries(parseEnv(good.join('\n'))).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { values: new Map(values), malformed };
}

/** Where the value that begins there ends: on its own line, or at the closing quote. Undefined: it is never closed. */
function lastLine(lines: readonly string[], at: number, from: number, quote: string): number | undefined {
  if (quote === '') return at;
  for (let line = at; line < lines.length; line += 1) {
    if ((lines[line] ?? '').indexOf(quote, line === at ? from : 0) >= 0) return line;
  }
  return undefined;
}
