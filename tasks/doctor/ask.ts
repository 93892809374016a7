/**
 * Requests of `doctor`: few, short, and no exception but for an abort. What goes wrong comes back in the words that
 * a build would use. It knows no exchange.
 */
import type { TaskFailure } from '../../src/engine/task.ts';
import { durationText } from '../lib/duration.ts';
import type { HeadResult, HttpOptions, TextResult } from '../lib/http.ts';
import { ask, getText, head } from '../lib/http.ts';
import { failureOfError } from '../lib/http-failure.ts';
import type { NetworkSettings } from '../lib/settings.ts';

export interface Asking {
  readonly workspace: string;
  readonly network: NetworkSettings;
  readonly signal: AbortSignal;
  /** Longest wait for a small answer, or for the beginning of a large one. */
  readonly waitMs: number;
  /** Why a request must not be sent. */
  readonly gate?: () => Promise<TaskFailure | undefined>;
}

interface Failed {
  readonly ok: false;
  readonly failure: TaskFailure;
}

/** An answer of a few hundred keys takes less. */
const MAX_BYTES = 1 << 20;

/** A small answer as text. `elsewhere`: what else may be asked where this address is refused. */
export function askText(url: string, asking: Asking, elsewhere?: string): Promise<TextResult> {
  const more = elsewhere === undefined ? {} : { elsewhere };
  return inTime(url, asking, (options) => getText(url, { ...options, ...more }));
}

export function askHead(url: string, asking: Asking): Promise<HeadResult> {
  return inTime(url, asking, (options) => head(url, options), 'HEAD');
}

export interface Sample {
  readonly ok: true;
  readonly bytes: number;
  /** The first few of them. */
  readonly start: Buffer;
  /** From the request to the last byte that was read. */
  readonly seconds: number;
}

export interface SampleSize {
  readonly bytes: number;
  readonly ms: number;
}

/** The beginning of a large answer: up to so many bytes, or what comes in so long. */
export function askSample(url: string, asking: Asking, size: SampleSize): Promise<Sample | Failed> {
  return inTime(url, asking, async (options) => {
    const begun = performance.now();
    return ask<Sample>(
      url,
      { ...options, maxBytes: Number.POSITIVE_INFINITY },
      async ({ body }) => {
        const read = await count(
          body.on('error', () => {}),
          size,
          options.signal,
        );
        // Up to here an abort may mean no more than that the time is up.
        asking.signal.throwIfAborted();
        return { ok: true, ...read, seconds: (performance.now() - begun) / 1_000 };
      },
      // Servers that know no ranges send the whole file: then the rest is not read.
      { headers: { range: `bytes=0-${size.bytes - 1}` }, statuses: [200, 206] },
    );
  });
}

/** Enough to tell what kind of file it is. */
const START = 16;

interface Body extends AsyncIterable<Buffer> {
  destroy(): unknown;
}

type Counted = Pick<Sample, 'bytes' | 'start'>;

async function count(body: Body, size: SampleSize, signal: AbortSignal): Promise<Counted> {
  let bytes = 0;
  let start: Buffer = Buffer.alloc(0);
  let up = false;
  const timer = setTimeout(() => {
    up = true;
    body.destroy();
  }, size.ms);
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (start.length < START) start = Buffer.concat([start, chunk]).subarray(0, START);
      if (bytes >= size.bytes) break;
    }
  } catch (thrown) {
    if (!up && !signal.aborted) throw thrown;
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
  return { bytes, start };
}

async function inTime<T>(
  url: string,
  { workspace, network: settings, signal, waitMs, gate }: Asking,
  act: (options: HttpOptions) => Promise<T | Failed>,
  method = 'GET',
): Promise<T | Failed> {
  const late = AbortSignal.timeout(waitMs);
  const either = AbortSignal.any([signal, late]);
  try {
    const options = { workspace, settings, signal: either, maxBytes: MAX_BYTES };
    return await act(gate === undefined ? options : { ...options, gate });
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = late.aborted ? tooLate(`${method} ${url}`, waitMs) : failureOfError(url, thrown);
    return { ok: false, failure: failure ?? unknown(url, thrown) };
  }
}

function tooLate(request: string, waitMs: number): TaskFailure {
  return {
    code: 'http-timeout',
    message: `${request} failed: no answer within ${durationText(waitMs)}`,
    hint: 'check the network, and whether a proxy is needed (HTTPS_PROXY)',
  };
}

/** Whatever it was, a doctor does not fall ill of it. The message of a cause may hold an address with a password. */
function unknown(url: string, thrown: unknown): TaskFailure {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const name = cause instanceof Error ? cause.name : typeof cause;
  return {
    code: 'http-unknown',
    message: `GET ${url} failed in an unknown way (${name})`,
    hint: 'a build says more: `pipeline --verbose build`',
  };
}
