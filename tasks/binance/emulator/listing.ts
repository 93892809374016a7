/**
 * The bucket's listing: S3 ListObjects, version 1, as the archive's own index page asks for it
 * (docs/DOMAIN.md §1). It knows neither files nor HTTP beyond the query.
 */
import type { Ask, Reply } from './reply.ts';
import { s3Error, xml } from './reply.ts';
import type { Store } from './store.ts';

export interface ListingOptions {
  /** Keys and common prefixes a page, at most. S3: 1,000. */
  readonly pageSize: number;
  /**
   * Whether cut pages name their NextMarker. S3 does so only together with a delimiter; clients must do
   * without.
   */
  readonly nextMarker: boolean;
}

const BUCKET = 'data.binance.vision';
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

type Entry = { readonly key: string } | { readonly prefix: string };

export function listingReply(store: Store, ask: Ask, now: number, options: ListingOptions): Reply {
  const prefix = ask.query.get('prefix') ?? '';
  const marker = ask.query.get('marker') ?? '';
  const delimiter = ask.query.get('delimiter') ?? '';
  const asked = ask.query.get('max-keys') ?? '1000';
  if (ask.method !== 'GET') {
    const message = 'The specified method is not allowed against this resource.';
    return s3Error(ask, 405, 'MethodNotAllowed', message, { Method: ask.method }, { Allow: 'GET' });
  }
  if (ask.query.has('list-type')) {
    return s3Error(ask, 501, 'NotImplemented', 'Only the first version of the listing is implemented.');
  }
  if (!/^\d{1,9}$/.test(asked)) {
    const details = { ArgumentName: 'max-keys', ArgumentValue: asked };
    return s3Error(
      ask,
      400,
      'InvalidArgument',
      'Provided max-keys not an integer or within integer range',
      details,
    );
  }
  const most = Math.min(Number(asked), options.pageSize);
  const entries = entriesOf(store.keys(prefix, now), prefix, delimiter, marker);
  const page = entries.slice(0, most);
  const cut = most > 0 && entries.length > page.length;
  const last = page.at(-1);
  const next = cut && last !== undefined && delimiter !== '' && options.nextMarker ? nameOf(last) : undefined;
  const text = [
    element('Name', BUCKET),
    element('Prefix', prefix),
    element('Marker', marker),
    next === undefined ? '' : element('NextMarker', next),
    element('MaxKeys', String(Math.min(Number(asked), 1_000))),
    delimiter === '' ? '' : element('Delimiter', delimiter),
    element('IsTruncated', String(cut)),
    ...page.map((entry) => ('key' in entry ? contents(store, entry.key, now) : '')),
    ...page.map((entry) =>
      'prefix' in entry ? wrap('CommonPrefixes', element('Prefix', entry.prefix)) : '',
    ),
  ].join('');
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml' },
    body: Buffer.from(
      `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="${NAMESPACE}">${text}</ListBucketResult>`,
    ),
  };
}

/**
 * What follows the marker: keys, and in place of the keys below a further delimiter, their common prefix
 * once.
 */
function entriesOf(
  keys: readonly string[],
  prefix: string,
  delimiter: string,
  marker: string,
): readonly Entry[] {
  const entries: Entry[] = [];
  let folder: string | undefined;
  for (const key of keys) {
    if (key <= marker) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end === -1) {
      entries.push({ key });
      continue;
    }
    const common = key.slice(0, end + delimiter.length);
    // A marker that is itself a common prefix has been listed: what lies below it is not listed again.
    if (common === folder || common === marker) continue;
    folder = common;
    entries.push({ prefix: common });
  }
  return entries;
}

function nameOf(entry: Entry): string {
  return 'key' in entry ? entry.key : entry.prefix;
}

function contents(store: Store, key: string, now: number): string {
  const object = store.object(key, now);
  if (object === undefined) return '';
  const modified = new Date(Math.floor(object.modified / 1_000) * 1_000).toISOString();
  return wrap(
    'Contents',
    element('Key', key) +
      element('LastModified', modified) +
      element('ETag', object.etag) +
      element('Size', String(object.size)) +
      element('StorageClass', 'STANDARD'),
  );
}

function element(name: string, text: string): string {
  return `<${name}>${xml(text)}</${name}>`;
}

function wrap(name: string, inner: string): string {
  return `<${name}>${inner}</${name}>`;
}
