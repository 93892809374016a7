/**
 * Ways in which servers, caches and proxies bend what they are asked or what they answer, for faults of the
 * kind `rewrite`: `faults.add({ match: key, times: 1, ...rangeIgnored })`. Each is a function of one request;
 * none knows the store.
 */
import { sha256 } from '../../../src/engine/task.ts';
import type { FaultKind } from './faults.ts';
import type { Ask, Reply } from './reply.ts';

const ofReply = (reply: (reply: Reply, ask: Ask) => Reply): FaultKind => ({ kind: 'rewrite', reply });
const ofBody = (body: (body: Buffer) => Buffer): FaultKind =>
  ofReply((reply) => ({ ...reply, body: body(reply.body) }));
const ofText = (change: (text: string) => string): FaultKind =>
  ofBody((body) => Buffer.from(change(body.toString())));
const withHeaders = (reply: Reply, headers: Readonly<Record<string, string>>): Reply => ({
  ...reply,
  headers: { ...reply.headers, ...headers },
});
const without = (ask: Ask, names: readonly string[]): Ask => ({
  ...ask,
  headers: Object.fromEntries(Object.entries(ask.headers).filter(([name]) => !names.includes(name))),
});

/** The whole with 200, where a part was asked for. */
export const rangeIgnored: FaultKind = { kind: 'rewrite', ask: (ask) => without(ask, ['range']) };

/** Conditions are not looked at, and the answer's ETag is that of something else. Its bytes stay. */
export const otherEtag: FaultKind = {
  kind: 'rewrite',
  ask: (ask) => without(ask, ['if-match', 'if-range', 'if-none-match']),
  reply: (reply) => withHeaders(reply, { ETag: `"${sha256(reply.headers['ETag'] ?? '').slice(0, 32)}"` }),
};

export const noEtag: FaultKind = ofReply((reply) => {
  const { ETag: _, ...headers } = reply.headers;
  return { ...reply, headers };
});

/** `Content-Length` is so much more or less than what comes; then the connection ends. */
export function wrongLength(by: number): FaultKind {
  return ofReply((reply) =>
    withHeaders(reply, { 'Content-Length': String(Math.max(0, reply.body.length + by)) }),
  );
}

/** No `Content-Length`: the end of the body is where the server says so. */
export const chunked: FaultKind = ofReply((reply) => withHeaders(reply, { 'Transfer-Encoding': 'chunked' }));

/** The body twice, and announced so. */
export const twiceAsLong: FaultKind = ofBody((body) => Buffer.concat([body, body]));

/** Half of the body, announced as if it were the whole: a ZIP without a directory, XML without an end. */
export const cutInHalf: FaultKind = ofBody((body) => body.subarray(0, body.length >> 1));

export const empty: FaultKind = ofBody(() => Buffer.alloc(0));

/** CHECKSUM: well-formed, of other bytes. */
export const otherDigest: FaultKind = ofText((text) =>
  text.replace(/^[0-9a-f]{64}/, (digest) => sha256(digest)),
);

/** CHECKSUM: right, but for a file of another name. */
export const otherName: FaultKind = ofText((text) => text.replace(/^([0-9a-f]{64} {2})/, '$1OTHER'));

/** Listing: a page that is cut, and does not say where the next one begins. */
export const noNextMarker: FaultKind = ofText((text) => text.replace(/<NextMarker>[^<]*<\/NextMarker>/, ''));

/** Listing: the first page again, whichever was asked for, as from a cache that overlooks the marker. */
export const firstPageAgain: FaultKind = {
  kind: 'rewrite',
  ask: (ask) => {
    const query = new URLSearchParams(ask.query);
    query.delete('marker');
    return { ...ask, query };
  },
};
