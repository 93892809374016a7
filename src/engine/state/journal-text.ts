/**
 * Records as the text of a line: JSON that begins with kind and key, so that both can be told without parsing it;
 * of a success its parts stand behind a tab, since only what has changed is asked for them. A line of version 1 is the
 * same in one JSON. Pure; knows neither files nor what the records mean together.
 */
import type { Part } from '../hash.ts';
import type { JournalRecord, SuccessRecord } from './record.ts';
import { isParts, isRecord, isSuccessHead } from './record.ts';

/** No JSON holds a raw one. */
const TAB = 9;
const LINE_END = 10;
const QUOTE = 34;
const BACKSLASH = 92;
const NOT_ASCII = 128;

/** By kind: the member by which records of it replace each other. */
const KEYS = {
  success: 'target',
  failure: 'target',
  code: 'digest',
  orphan: 'path',
  start: 'target',
  gone: 'target',
  cleared: 'path',
} as const satisfies { readonly [Kind in JournalRecord['kind']]: string };

const STARTS = Object.entries(KEYS).map(([kind, key]) => ({
  // The entries of a literal have its keys.
  kind: kind as JournalRecord['kind'],
  bytes: Buffer.from(`{"kind":"${kind}","${key}":"`),
}));

export function keyOfRecord(record: JournalRecord): string {
  switch (record.kind) {
    case 'success':
    case 'failure':
    case 'start':
    case 'gone':
      return record.target;
    case 'code':
      return record.digest;
    case 'orphan':
    case 'cleared':
      return record.path;
  }
}

export function textOfRecord(record: JournalRecord): string {
  const first = { kind: record.kind, [KEYS[record.kind]]: keyOfRecord(record) };
  if (record.kind !== 'success') return JSON.stringify({ ...first, ...record });
  const { parts, ...head } = record;
  return `${JSON.stringify({ ...first, ...head })}\t${JSON.stringify(parts)}`;
}

export interface KindAndKey {
  readonly kind: JournalRecord['kind'];
  readonly key: string;
}

/** Of the text from `from` up to `to`; undefined where it does not begin as ours do, or the key is written with escapes. */
export function keyOfText(bytes: Buffer, from: number, to: number): KindAndKey | undefined {
  const start = STARTS.find((each) => beginsWith(bytes, from, each.bytes));
  if (start === undefined) return undefined;
  const first = from + start.bytes.length;
  let ascii = true;
  for (let at = first; at < to; at++) {
    const byte = bytes[at] ?? QUOTE;
    if (byte === QUOTE)
      return { kind: start.kind, key: bytes.toString(ascii ? 'latin1' : 'utf8', first, at) };
    if (byte === BACKSLASH) return undefined;
    if (byte >= NOT_ASCII) ascii = false;
  }
  return undefined;
}

function beginsWith(bytes: Buffer, from: number, start: Buffer): boolean {
  for (let at = start.length - 1; at >= 0; at--) if (bytes[from + at] !== start[at]) return false;
  return true;
}

/** From `from` to the end of its line. */
export function textAt(bytes: Buffer, from: number): Buffer {
  return bytes.subarray(from, bytes.indexOf(LINE_END, from));
}

/** Of the text from `from` to the end of its line; undefined where it is no record. */
export function recordOfText(bytes: Buffer, from: number): JournalRecord | undefined {
  const to = bytes.indexOf(LINE_END, from);
  // Not in all the bytes: a line of version 1 has no tab, and neither have those behind it.
  const head = bytes.subarray(from, to).indexOf(TAB);
  if (head < 0) {
    const value = parse(bytes, from, to);
    return isRecord(value) ? value : undefined;
  }
  const tab = from + head;
  const value = parse(bytes, from, tab);
  if (!isSuccessHead(value)) return undefined;
  let parts: readonly Part[] | undefined;
  return {
    ...value,
    get parts() {
      parts ??= partsOfText(bytes, tab + 1, to);
      return parts;
    },
  };
}

/** `line`: reads the line again that `textOfRecord` has been written to. */
export function withPartsLater({ parts: _, ...head }: SuccessRecord, line: () => Buffer): SuccessRecord {
  return {
    ...head,
    get parts() {
      const bytes = line();
      return partsOfText(bytes, bytes.indexOf(TAB) + 1, bytes.length);
    },
  };
}

const NO_PARTS: readonly Part[] = [];

/** What is no list of parts, although the checksum holds, is another program's doing: it says of nothing what it was. */
function partsOfText(bytes: Buffer, from: number, to: number): readonly Part[] {
  const value = parse(bytes, from, to);
  return isParts(value) ? value : NO_PARTS;
}

function parse(bytes: Buffer, from: number, to: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, to));
  } catch {
    return undefined;
  }
}
