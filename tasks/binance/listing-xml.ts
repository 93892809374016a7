/**
 * One page of an S3 listing (docs/DOMAIN.md §1): what the answer says, checked. It asks nothing and knows
 * neither the archive's layout nor how pages follow each other.
 */
import { byCodeUnit } from '../../src/engine/task.ts';
import type { XmlElement } from '../lib/xml.ts';
import { parseXml } from '../lib/xml.ts';

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** Without the quotes around it. */
  readonly etag: string;
  /** ISO 8601, UTC, as it was given. */
  readonly lastModified: string;
}

interface ListingPage {
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly string[];
  /** Where the next page goes on; undefined on the last one. */
  readonly next: string | undefined;
  /** What was asked for, as the answer says; undefined where it does not. */
  readonly asked: string | undefined;
}

export type ListingPageResult =
  | { readonly ok: true; readonly page: ListingPage }
  /** `code` is the server's own (`NoSuchBucket`) where it answered with an error in a well-formed body. */
  | { readonly ok: false; readonly message: string; readonly code?: string };

export function readListingPage(body: string): ListingPageResult {
  const head = body.trimStart().slice(0, 200).toLowerCase();
  if (head.startsWith('<!doctype html') || head.startsWith('<html')) {
    return bad('an HTML page, where a ListBucketResult was expected');
  }
  const parsed = parseXml(body);
  if (!parsed.ok) return bad(`no well-formed XML: ${parsed.message}`);
  const { root } = parsed;
  if (root.name === 'Error') {
    const code = textOf(root, 'Code') ?? 'without a code';
    return { ok: false, message: `the error ${code}: ${textOf(root, 'Message') ?? 'no message'}`, code };
  }
  if (root.name !== 'ListBucketResult') return bad(`<${root.name}>, where <ListBucketResult> was expected`);
  return readResult(root);
}

function readResult(root: XmlElement): ListingPageResult {
  const objects: ListedObject[] = [];
  for (const element of root.children.filter((child) => child.name === 'Contents')) {
    const object = readObject(element, objects.length + 1);
    if (typeof object === 'string') return bad(object);
    objects.push(object);
  }
  const prefixes: string[] = [];
  for (const element of root.children.filter((child) => child.name === 'CommonPrefixes')) {
    const prefix = textOf(element, 'Prefix');
    if (prefix === undefined) return bad('a <CommonPrefixes> without <Prefix>');
    prefixes.push(prefix);
  }
  const asked = textOf(root, 'Prefix');
  // Without it nobody can tell whether this is all: what is taken for all makes holes.
  const truncated = textOf(root, 'IsTruncated');
  if (truncated === undefined) return bad('a <ListBucketResult> without <IsTruncated>');
  if (truncated === 'false') return { ok: true, page: { objects, prefixes, next: undefined, asked } };
  if (truncated !== 'true')
    return bad(`<IsTruncated> ${JSON.stringify(truncated)}, where true or false was expected`);
  // Without a delimiter S3 leaves NextMarker out: the last key or prefix is where the next page goes on.
  const last = [...objects.map(({ key }) => key), ...prefixes].sort(byCodeUnit).at(-1);
  const next = textOf(root, 'NextMarker') || last;
  if (next === undefined) return bad('a truncated page with neither keys nor <NextMarker>');
  return { ok: true, page: { objects, prefixes, next, asked } };
}

/** The object, or what is wrong with it. */
function readObject(element: XmlElement, number: number): ListedObject | string {
  const place = `<Contents> number ${number}`;
  const key = textOf(element, 'Key');
  if (!key) return `${place} without <Key>`;
  const size = textOf(element, 'Size') ?? '';
  if (!/^\d{1,15}$/.test(size))
    return `<Size> ${JSON.stringify(size)} of ${key}, where a number of bytes was expected`;
  const lastModified = textOf(element, 'LastModified') ?? '';
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(lastModified)) {
    return `<LastModified> ${JSON.stringify(lastModified)} of ${key}, where a UTC time was expected`;
  }
  const etag = (textOf(element, 'ETag') ?? '').replace(/^"(.*)"$/, '$1');
  return { key, size: Number(size), etag, lastModified };
}

/** Text of the first child of that name; undefined where there is none. Keys hold no outer white space, so it is trimmed. */
function textOf(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text.trim();
}

function bad(message: string): ListingPageResult {
  return { ok: false, message };
}
