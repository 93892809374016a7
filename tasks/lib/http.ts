/**
 * Asks over HTTP: a text, or a file. One try each: whether to try again is for the rule's `retries`. Failures are
 * values; an abort rejects with the signal's reason at once. It knows no exchange and no archive.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import type { TaskFailure } from '../../src/engine/task.ts';
import { durationText } from './duration.ts';
import { dispatcherFor } from './http-agent.ts';
import { failureOfAnswer, failureOfError } from './http-failure.ts';
import type { NetworkSettings } from './settings.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface HttpOptions {
  readonly signal: AbortSignal;
  /** `ca_file` is relative to it. */
  readonly workspace: string;
  readonly settings: NetworkSettings;
  /** A longer body is a failure, found before or while it is read. */
  readonly maxBytes: number;
  /** The config value that sets `maxBytes`, for the message. */
  readonly limitName?: string;
}

interface HttpFailure {
  readonly ok: false;
  readonly failure: TaskFailure;
  /** Absent where there was no answer. */
  readonly status?: number;
  readonly headers?: Headers;
  /** From `Retry-After`. */
  readonly retryAfterMs?: number;
}

export type TextResult =
  | { readonly ok: true; readonly text: string; readonly headers: Headers }
  | HttpFailure;
export type DownloadResult =
  | { readonly ok: true; readonly bytes: number; readonly headers: Headers }
  | HttpFailure;

export interface DownloadOptions extends HttpOptions {
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/** The body of a 200 answer as UTF-8 text, without a byte order mark. */
export function getText(url: string, options: HttpOptions): Promise<TextResult> {
  return ask(url, options, async ({ body, headers }) => {
    const chunks: Buffer[] = [];
    for await (const chunk of guarded(body, options)) chunks.push(chunk);
    return { ok: true, text: new TextDecoder().decode(Buffer.concat(chunks)), headers };
  });
}

/** The body of a 200 answer into a file, which is overwritten. After a failure the file may be there, incomplete. */
export function download(url: string, path: string, options: DownloadOptions): Promise<DownloadResult> {
  return ask(url, options, async ({ body, headers }) => {
    const total = lengthOf(headers);
    let done = 0;
    const counted = async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of guarded(source, options)) {
        done += chunk.length;
        options.onProgress?.(done, total);
        yield chunk;
      }
    };
    await pipeline(body, counted, createWriteStream(path), { signal: options.signal });
    return { ok: true, bytes: done, headers };
  });
}

/**
 * Sends the request, turns everything but a whole, plain answer of an acceptable length into a failure, and leaves
 * the rest to `read`. Only 200 says "whole": 206 is a part that nobody asked for, 204 nothing at all.
 */
async function ask<T extends { readonly ok: true }>(
  url: string,
  options: HttpOptions,
  read: (answer: Dispatcher.ResponseData) => Promise<T>,
): Promise<T | HttpFailure> {
  const { signal, settings, maxBytes } = options;
  signal.throwIfAborted();
  const made = await dispatcherFor(options.workspace, settings);
  if (!made.ok) return made;
  try {
    const answer = await send(made.dispatcher, url, { signal, userAgent: settings.user_agent });
    if (answer.statusCode !== 200) return await refusal(url, answer, options);
    const encoding = oneOf(answer.headers['content-encoding'])?.trim() || 'identity';
    if (encoding.toLowerCase() !== 'identity') {
      discard(answer.body);
      return { ok: false, failure: encoded(url, encoding), status: answer.statusCode };
    }
    const length = lengthOf(answer.headers);
    if (length !== undefined && length > maxBytes) {
      discard(answer.body);
      return { ok: false, failure: tooLarge(url, options, `${length} bytes`), status: answer.statusCode };
    }
    return await read(answer);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof TooLarge)
      return { ok: false, failure: tooLarge(url, options, `more than ${maxBytes} bytes`) };
    if (thrown instanceof TooSlow) return { ok: false, failure: tooSlow(url, settings) };
    const failure = failureOfError(url, thrown);
    if (failure === undefined) throw new Error(`GET ${url} failed in an unknown way`, { cause: thrown });
    return { ok: false, failure };
  }
}

async function send(dispatcher: Dispatcher, url: string, how: { signal: AbortSignal; userAgent: string }) {
  const { request } = await import('undici');
  return request(url, {
    dispatcher,
    signal: how.signal,
    headers: { 'user-agent': how.userAgent, accept: '*/*', 'accept-encoding': 'identity' },
  });
}

async function refusal(
  url: string,
  answer: Dispatcher.ResponseData,
  options: HttpOptions,
): Promise<HttpFailure> {
  const { statusCode: status, statusText, headers } = answer;
  const retryAfterMs = retryAfter(oneOf(headers['retry-after']));
  const failure = failureOfAnswer(url, {
    status,
    statusText,
    contentType: oneOf(headers['content-type']),
    location: oneOf(headers['location']),
    retryAfterMs,
    body: await beginning(answer.body, options),
  });
  return { ok: false, failure, status, headers, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const BEGINNING = 16_384;

/** The first kilobytes, or what came of them in time; leaving the loop discards the rest, so that the socket is not held. */
async function beginning(body: AsyncIterable<Buffer>, options: HttpOptions): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of guarded(body, { ...options, maxBytes: Number.POSITIVE_INFINITY })) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= BEGINNING) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof TooSlow)) throw thrown;
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, BEGINNING));
}

class TooLarge extends Error {}
class TooSlow extends Error {}

/** What must come at least within `body_timeout`, which undici starts anew with every single byte. */
const TRICKLE = 1_024;

async function* guarded(
  body: AsyncIterable<Buffer>,
  { maxBytes, settings }: HttpOptions,
): AsyncGenerator<Buffer> {
  let length = 0;
  let lap = { length, ends: performance.now() + settings.body_timeout };
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw new TooLarge();
    if (performance.now() > lap.ends) {
      if (length - lap.length < TRICKLE) throw new TooSlow();
      lap = { length, ends: performance.now() + settings.body_timeout };
    }
    yield chunk;
  }
}

function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => {}).destroy();
}

function tooLarge(url: string, options: HttpOptions, size: string): TaskFailure {
  const limit = options.limitName === undefined ? '' : ` (${options.limitName})`;
  return {
    code: 'http-too-large',
    message: `GET ${url} answered with ${size}: at most ${options.maxBytes} are accepted${limit}`,
    hint:
      options.limitName === undefined
        ? 'check the address in the config'
        : `if it is right, raise ${options.limitName}`,
  };
}

function tooSlow(url: string, { body_timeout }: NetworkSettings): TaskFailure {
  return {
    code: 'http-timeout',
    message: `GET ${url} failed: less than ${TRICKLE} bytes of the answer came within ${durationText(body_timeout)}`,
    hint: 'build again; on a slow line raise network.body_timeout',
    transient: true,
  };
}

function encoded(url: string, encoding: string): TaskFailure {
  return {
    code: 'http-encoded',
    message: `GET ${url} answered with the content encoding ${JSON.stringify(encoding)}: expected none, as was asked for`,
    hint: 'a proxy or the server recodes what it passes on: check the address in the config and the proxy (HTTPS_PROXY)',
  };
}

function lengthOf(headers: Headers): number | undefined {
  const text = oneOf(headers['content-length']);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** `Retry-After` in seconds (docs/DOMAIN.md §3); its other form, a date, would need a clock. */
function retryAfter(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,7}$/.test(text) && Number(text) > 0 ? Number(text) * 1_000 : undefined;
}

function oneOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value[0];
}
