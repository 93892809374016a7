/**
 * Reads the body of an answer piece by piece, with a limit of length and an end of patience, and what its headers say
 * of it. It knows neither requests nor failures: what is wrong is thrown as one of its two errors.
 */
import type { Dispatcher } from 'undici';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export class TooLarge extends Error {}
export class TooSlow extends Error {}

/** What must come at least within `body_timeout`, which undici starts anew with every single byte. */
const TRICKLE = 1_024;

export interface Bounds {
  readonly maxBytes: number;
  readonly settings: { readonly body_timeout: number };
  /** A slower answer is given up, as the same can be had elsewhere: bytes a second. Default: patience with all but a trickle. */
  readonly leastRate?: number;
}

/** Bytes that must come within each `body_timeout`. */
export function leastBytes({ settings, leastRate = 0 }: Omit<Bounds, 'maxBytes'>): number {
  return Math.max(TRICKLE, Math.ceil((leastRate * settings.body_timeout) / 1_000));
}

export async function* guarded(body: AsyncIterable<Buffer>, bounds: Bounds): AsyncGenerator<Buffer> {
  const { maxBytes, settings } = bounds;
  const least = leastBytes(bounds);
  let length = 0;
  let lap = { length, ends: performance.now() + settings.body_timeout };
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw new TooLarge();
    if (performance.now() > lap.ends) {
      if (length - lap.length < least) throw new TooSlow();
      lap = { length, ends: performance.now() + settings.body_timeout };
    }
    yield chunk;
  }
}

const BEGINNING = 16_384;

/** The first kilobytes, or what came of them in time; leaving the loop discards the rest, so that the socket is not held. */
export async function beginning(body: AsyncIterable<Buffer>, bounds: Bounds): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of guarded(body, { ...bounds, maxBytes: Number.POSITIVE_INFINITY })) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= BEGINNING) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof TooSlow)) throw thrown;
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, BEGINNING));
}

/** An unread body would hold its connection. */
export function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => {}).destroy();
}

export function lengthOf(headers: Headers): number | undefined {
  const text = oneOf(headers['content-length']);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function oneOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value[0];
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** `Retry-After` in milliseconds: seconds (docs/DOMAIN.md §3), or a date, which counts from the answer's own `Date`. */
export function retryAfterMs(headers: Headers): number | undefined {
  const text = oneOf(headers['retry-after'])?.trim() ?? '';
  const ms = /^\d{1,7}$/.test(text) ? Number(text) * 1_000 : instant(text) - instant(oneOf(headers['date']));
  return ms > 0 ? ms : undefined;
}

/** NaN where it is no date. */
function instant(text: string | undefined): number {
  return text !== undefined && HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
}
