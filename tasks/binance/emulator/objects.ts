/**
 * Answers for one key of the archive as S3 behind its CDN gives them: validators, conditions and ranges (RFC
 * 9110), and NoSuchKey. It knows neither how bytes come about nor what may happen to them on the way.
 */
import type { Ask, Reply } from './reply.ts';
import { header, s3Error } from './reply.ts';
import type { Store, StoredObject } from './store.ts';

export function objectReply(store: Store, ask: Ask, now: number): Reply {
  const key = ask.path.slice(1);
  if (ask.method !== 'GET' && ask.method !== 'HEAD') {
    const message = 'The specified method is not allowed against this resource.';
    return s3Error(ask, 405, 'MethodNotAllowed', message, { Method: ask.method }, { Allow: 'GET, HEAD' });
  }
  const object = store.object(key, now);
  if (object === undefined)
    return s3Error(ask, 404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
  const validators = {
    ETag: object.etag,
    'Last-Modified': new Date(object.modified).toUTCString(),
    'Accept-Ranges': 'bytes',
  };
  const ifMatch = header(ask, 'if-match');
  if (ifMatch !== undefined && !names(ifMatch, object)) {
    const message = 'At least one of the pre-conditions you specified did not hold';
    return s3Error(ask, 412, 'PreconditionFailed', message, { Condition: 'If-Match' });
  }
  const ifNone = header(ask, 'if-none-match');
  if (ifNone !== undefined && names(ifNone, object)) {
    return { status: 304, headers: validators, body: Buffer.alloc(0) };
  }
  const type = key.endsWith('.CHECKSUM') ? 'binary/octet-stream' : 'application/zip';
  const bytes = object.bytes();
  const range = unchanged(ask, object) ? rangeOf(header(ask, 'range'), bytes.length) : undefined;
  if (range === undefined)
    return { status: 200, headers: { ...validators, 'Content-Type': type }, body: bytes };
  if (range === 'unsatisfiable') {
    const details = { RangeRequested: header(ask, 'range') ?? '', ActualObjectSize: String(bytes.length) };
    const headers = { 'Content-Range': `bytes */${bytes.length}` };
    return s3Error(ask, 416, 'InvalidRange', 'The requested range is not satisfiable', details, headers);
  }
  const [first, last] = range;
  return {
    status: 206,
    headers: {
      ...validators,
      'Content-Type': type,
      'Content-Range': `bytes ${first}-${last}/${bytes.length}`,
    },
    body: bytes.subarray(first, last + 1),
  };
}

function names(condition: string, object: StoredObject): boolean {
  return condition.trim() === '*' || condition.split(',').some((tag) => tag.trim() === object.etag);
}

/** If-Range: the range counts only while the object is the one that the client has begun to fetch. */
function unchanged(ask: Ask, object: StoredObject): boolean {
  const condition = header(ask, 'if-range');
  if (condition === undefined) return true;
  if (condition.startsWith('"')) return condition === object.etag;
  return Date.parse(condition) === Math.floor(object.modified / 1_000) * 1_000;
}

/**
 * Undefined where the whole object is meant: no range, one that cannot be read, or several at once (S3
 * ignores those).
 */
function rangeOf(
  text: string | undefined,
  size: number,
): readonly [number, number] | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text?.trim() ?? '');
  if (match === null) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return undefined;
  if (from === '')
    return to === '0' || size === 0 ? 'unsatisfiable' : [Math.max(0, size - Number(to)), size - 1];
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return undefined;
  return first >= size ? 'unsatisfiable' : [first, last];
}
