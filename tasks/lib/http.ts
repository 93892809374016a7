/**
 * Asks over HTTP: a text, or whether something is there. One try each: whether to try again is for the rule's
 * `retries`. Failures are values; an abort rejects with the signal's reason at once. It knows no exchange and no
 * archive.
 */
import type { Dispatcher } from 'undici';
import type { TaskFailure } from '../../src/engine/task.ts';
import { durationText } from './duration.ts';
import { borrow, dispatcherFor } from './http-agent.ts';
import type { Headers } from './http-body.ts';
import {
  beginning,
  discard,
  guarded,
  leastBytes,
  lengthOf,
  oneOf,
  retryAfterMs,
  TooLarge,
  TooSlow,
} from './http-body.ts';
import { failureOfAnswer, failureOfError } from './http-failure.ts';
import type { NetworkSettings } from './settings.ts';

export interface HttpOptions {
  readonly signal: AbortSignal;
  /** `ca_file` is relative to it. */
  readonly workspace: string;
  readonly settings: NetworkSettings;
  /** A longer body is a failure, found before or while it is read. */
  readonly maxBytes: number;
  /** Bytes a second: a slower answer is a failure. */
  readonly leastRate?: number;
  /** The config value that sets `maxBytes`, for the message. */
  readonly limitName?: string;
  /** What else may be asked where this address is refused: the caller knows which there are. For the hint. */
  readonly elsewhere?: string;
  /** Right before each request: why it must not be sent. */
  readonly gate?: () => Promise<TaskFailure | undefined>;
}

export interface HttpFailure {
  readonly ok: false;
  readonly failure: TaskFailure;
  /** Absent where there was no answer. */
  readonly status?: number;
  readonly headers?: Headers;
  /** From `Retry-After`. */
  readonly retryAfterMs?: number;
  /** The first kilobytes of what was answered with another status. */
  readonly body?: string;
  /** Nothing was sent: `gate` said no. */
  readonly held?: true;
}

export type TextResult =
  | { readonly ok: true; readonly text: string; readonly headers: Headers }
  | HttpFailure;

/** The body of a 200 answer as UTF-8 text, without a byte order mark. */
export function getText(url: string, options: HttpOptions): Promise<TextResult> {
  return ask<TextResult>(url, options, async ({ body, headers }) => {
    const chunks: Buffer[] = [];
    for await (const chunk of guarded(body, options)) chunks.push(chunk);
    return { ok: true, text: new TextDecoder().decode(Buffer.concat(chunks)), headers };
  });
}

export type HeadResult =
  | { readonly ok: true; readonly status: 200 | 404; readonly headers: Headers }
  | HttpFailure;

/** Whether something is there, and what its headers say of it. Anything but 200 and 404 is a failure. */
export async function head(url: string, options: Omit<HttpOptions, 'maxBytes'>): Promise<HeadResult> {
  const answered = await ask<HeadResult>(
    url,
    { ...options, maxBytes: Number.POSITIVE_INFINITY },
    async ({ statusCode, headers, body }) => {
      await body.dump();
      return { ok: true, status: statusCode === 404 ? 404 : 200, headers };
    },
    { method: 'HEAD', statuses: [200, 404] },
  );
  if (answered.ok) return answered;
  const { failure } = answered;
  return { ...answered, failure: { ...failure, message: failure.message.replace(/^GET /, 'HEAD ') } };
}

/** What is asked for beside the whole of a text. */
export interface Asking {
  /** Default: GET. */
  readonly method?: 'HEAD' | 'POST';
  /** Of a POST. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What `read` knows how to take. Only 200 says "whole": 206 is a part, 204 nothing at all. */
  readonly statuses?: readonly number[];
}

/**
 * Sends the request, turns everything but a plain answer with an expected status and of an acceptable length into a
 * failure, and leaves the rest to `read`.
 */
export async function ask<T>(
  url: string,
  options: HttpOptions,
  read: (answer: Dispatcher.ResponseData) => Promise<T>,
  { method, body, headers = {}, statuses = [200] }: Asking = {},
): Promise<T | HttpFailure> {
  const { signal, settings, maxBytes } = options;
  signal.throwIfAborted();
  const made = await dispatcherFor(options.workspace, settings);
  if (!made.ok) return made;
  const held = await options.gate?.();
  if (held !== undefined) return { ok: false, failure: held, held: true };
  signal.throwIfAborted();
  const giveBack = borrow(made);
  // One listener for each request on a signal that all of them share, and none that stays.
  const own = new AbortController();
  const heed = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', heed);
  try {
    const how: Sending = {
      signal: own.signal,
      userAgent: settings.user_agent,
      method: method ?? 'GET',
      body: body ?? null,
      headers,
    };
    const answer = await send(made.dispatcher, url, how);
    const status = answer.statusCode;
    if (!statuses.includes(status)) return await refusal(url, answer, options);
    const encoding = oneOf(answer.headers['content-encoding'])?.trim() || 'identity';
    if (encoding.toLowerCase() !== 'identity') {
      discard(answer.body);
      return { ok: false, failure: encoded(url, encoding), status };
    }
    const length = lengthOf(answer.headers);
    if (length !== undefined && length > maxBytes) {
      discard(answer.body);
      return { ok: false, failure: tooLarge(url, options, `${length} bytes`), status };
    }
    return await read(answer);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof TooLarge)
      return { ok: false, failure: tooLarge(url, options, `more than ${maxBytes} bytes`) };
    if (thrown instanceof TooSlow) return { ok: false, failure: tooSlow(url, options) };
    const failure = failureOfError(url, thrown, made.proxies);
    if (failure === undefined) throw new Error(`GET ${url} failed in an unknown way`, { cause: thrown });
    return { ok: false, failure };
  } finally {
    signal.removeEventListener('abort', heed);
    giveBack(signal.aborted);
  }
}

interface Sending {
  readonly signal: AbortSignal;
  readonly userAgent: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

async function send(
  dispatcher: Dispatcher,
  url: string,
  { signal, userAgent, method, body, headers }: Sending,
) {
  const { request } = await import('undici');
  const answer = request(url, {
    method,
    body,
    dispatcher,
    signal,
    headers: { 'user-agent': userAgent, accept: '*/*', 'accept-encoding': 'identity', ...headers },
  });
  return unlessAborted(answer, signal);
}

/** Heeded at once: undici does so only when there is a connection (found by trying). */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

async function refusal(
  url: string,
  answer: Dispatcher.ResponseData,
  options: HttpOptions,
): Promise<HttpFailure> {
  const { statusCode: status, statusText, headers } = answer;
  const wait = retryAfterMs(headers);
  const body = await beginning(answer.body, options);
  const failure = failureOfAnswer(url, {
    status,
    statusText,
    contentType: oneOf(headers['content-type']),
    location: oneOf(headers['location']),
    retryAfterMs: wait,
    body,
    elsewhere: options.elsewhere,
  });
  return { ok: false, failure, status, headers, body, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
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

function tooSlow(url: string, options: HttpOptions): TaskFailure {
  const time = durationText(options.settings.body_timeout);
  return {
    code: 'http-timeout',
    message: `GET ${url} failed: less than ${leastBytes(options)} bytes of the answer came within ${time}`,
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
