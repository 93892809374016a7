/** Reads a text file of the workspace; what goes wrong is a value. It knows no format. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { SourceText } from './source.ts';
import { placeAt, sourceText } from './source.ts';

export type ReadText =
  | { readonly ok: true; readonly source: SourceText }
  | {
      readonly ok: false;
      readonly missing: boolean;
      readonly message: string;
      readonly place?: Diagnostic['place'];
    };

export function readText(workspace: string, file: string): ReadText {
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(workspace, file));
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? `${thrown.code}` : undefined;
    if (code === undefined) throw thrown;
    return { ok: false, missing: code === 'ENOENT' || code === 'ENOTDIR', message: reason(code) };
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const source = sourceText(file, text);
  if (!Buffer.from(text).equals(bytes.subarray(bytes.length - Buffer.byteLength(text)))) {
    const at = text.indexOf('\uFFFD');
    const place = placeAt(source, Math.max(0, at), Math.max(0, at) + 1);
    return { ok: false, missing: false, message: 'it is not UTF-8 text', place };
  }
  return { ok: true, source };
}

function reason(code: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    default:
      return code;
  }
}

/** The error for a file that could not be read, placed where it was asked for unless the file itself has a place. */
export function unreadable(
  what: string,
  result: ReadText & { ok: false },
  place: Diagnostic['place'],
  hint?: string,
) {
  return error(`cannot read ${what}: ${result.message}`, result.place ?? place, hint);
}
