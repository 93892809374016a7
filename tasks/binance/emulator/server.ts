/**
 * The emulator's sockets: loopback only, one request in, one reply out, faults laid over it, every request
 * logged. It knows neither keys nor rows; replies are made by the function it is given.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenBucket } from './bucket.ts';
import type { Take } from './exchange.ts';
import type { FaultKind } from './faults.ts';
import type { Ask, Reply } from './reply.ts';
import { plain } from './reply.ts';
import { send } from './send.ts';

export interface LoggedRequest {
  /** When it arrived by the emulator's clock, in epoch milliseconds. */
  readonly at: number;
  /** When it arrived in milliseconds since the emulator started, by a clock that nobody sets. */
  readonly seenMs: number;
  readonly method: string;
  /** Decoded where it can be. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** The headers of that name, where they were sent. */
  readonly range?: string;
  readonly ifMatch?: string;
  /** 0 where no status was sent. */
  readonly status: number;
  /** Bytes of the body that were handed to the socket so far. */
  readonly bytes: number;
  /** REST: the weight used in its minute, this request included. */
  readonly weight?: number;
}

export interface ServeOptions {
  readonly take: Take;
  /** Called when the answer begins. `bytes` grows after that. */
  readonly log: (request: LoggedRequest) => void;
  /** Of bodies, all connections together. Default: as fast as the machine. */
  readonly bytesPerSecond?: number | undefined;
  /** Before each answer. Default: none. */
  readonly latencyMs?: number | undefined;
}

export interface Server {
  readonly url: string;
  /** On the scale of `seenMs`. */
  elapsedMs(): number;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** Marks the address that a redirect leads to, so that it is not redirected again; no part of what is asked. */
const REDIRECTED = 'emulator-redirected=1';

export async function serve(options: ServeOptions): Promise<Server> {
  const { take, log, latencyMs = 0 } = options;
  const closing = new AbortController();
  const { signal } = closing;
  const bucket = options.bytesPerSecond === undefined ? undefined : new TokenBucket(options.bytesPerSecond);
  const started = performance.now();
  const elapsedMs = (): number => performance.now() - started;
  let serial = 0;

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seenMs = elapsedMs();
    const ask = askOf(request, ++serial);
    const { at, weight, met, answer } = take(ask, seenMs);
    const late = met.reduce((ms, fault) => ms + (fault.kind === 'delay' ? fault.ms : 0), latencyMs);
    if (late > 0) await sleep(late, undefined, { signal });
    const [, query = ''] = ask.target.split(/\?(.*)/s);
    const { range, 'if-match': ifMatch } = request.headers;
    const begin = (status: number): { bytes: number } => {
      const entry = {
        at,
        seenMs,
        method: ask.method,
        path: ask.path,
        query,
        ...(range === undefined ? {} : { range }),
        ...(ifMatch === undefined ? {} : { ifMatch }),
        status,
        bytes: 0,
        ...(weight === undefined ? {} : { weight }),
      };
      log(entry);
      return entry;
    };
    await send({ request, response }, replyTo(ask, met, answer), { met, bucket, signal, begin });
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.on('error', () => {}); // the client is gone
    request.resume();
    respond(request, response).catch((cause: unknown) => {
      if (!signal.aborted) response.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the emulator has no port');
  return {
    url: `http://${LOOPBACK}:${address.port}`,
    elapsedMs,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function askOf(request: IncomingMessage, serial: number): Ask {
  const target = request.url ?? '/';
  const [path = '', sent = ''] = target.split(/\?(.*)/s);
  const asked = sent.split('&').filter((part) => part !== REDIRECTED);
  const query = asked.join('&');
  const decoded = decodedOr(path, query);
  return {
    method: request.method ?? 'GET',
    target,
    path: decoded ?? path,
    query: new URLSearchParams(query),
    headers: request.headers,
    serial,
    malformed: decoded === undefined,
    redirected: asked.length < sent.split('&').length,
  };
}

/** The path in plain text, or undefined where it or the query cannot be decoded, or it is another address. */
function decodedOr(path: string, query: string): string | undefined {
  try {
    decodeURIComponent(query.replaceAll('+', ' '));
    return path.startsWith('/') ? decodeURIComponent(path) : undefined;
  } catch {
    return undefined;
  }
}

/** A bug in the emulator, or in a test's rewrite, must show in the test that met it, not end the process. */
function replyTo(ask: Ask, met: readonly FaultKind[], answer: (ask: Ask) => Reply): Reply {
  try {
    const asked = met.reduce((a, fault) => (fault.kind === 'rewrite' ? (fault.ask?.(a) ?? a) : a), ask);
    return met.reduce((reply, fault) => changed(reply, fault, asked), instead(met, ask) ?? answer(asked));
  } catch (cause) {
    return plain(
      500,
      `the emulator failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`,
    );
  }
}

/** The first fault that answers for the exchange. */
function instead(met: readonly FaultKind[], ask: Ask): Reply | undefined {
  for (const fault of met) {
    if (fault.kind === 'status') {
      return { status: fault.status, headers: fault.headers ?? {}, body: Buffer.from(fault.body ?? '') };
    }
    if (fault.kind === 'redirect') {
      const Location = fault.location ?? `${ask.target}${ask.target.includes('?') ? '&' : '?'}${REDIRECTED}`;
      return { status: fault.status ?? 302, headers: { Location }, body: Buffer.alloc(0) };
    }
  }
  return undefined;
}

function changed(reply: Reply, fault: FaultKind, ask: Ask): Reply {
  if (fault.kind === 'rewrite') return fault.reply?.(reply, ask) ?? reply;
  if (fault.kind !== 'flip' || reply.body.length === 0) return reply;
  const body = Buffer.from(reply.body);
  const offset = Math.min(fault.offset ?? body.length >> 1, body.length - 1);
  body[offset] = (body[offset] ?? 0) ^ 0xff;
  return { ...reply, body };
}
