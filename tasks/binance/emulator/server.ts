/**
 * The emulator's sockets: loopback only, one request in, one reply out, faults laid over it, every request
 * logged. It knows neither keys nor rows; replies are made by the function it is given.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultBook, FaultKind } from './faults.ts';
import type { Ask, Reply } from './reply.ts';

export interface LoggedRequest {
  readonly method: string;
  /** Decoded where it can be. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  readonly range?: string;
  /** 0 where no status was sent. */
  readonly status: number;
  /** Bytes of the body that were sent. */
  readonly bytes: number;
}

export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

export async function serve(
  answer: (ask: Ask) => Reply,
  faults: FaultBook,
  log: (request: LoggedRequest) => void,
): Promise<Server> {
  const closing = new AbortController();
  let serial = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.on('error', () => {}); // the client is gone
    request.resume();
    respond(request, response, ++serial).catch((cause: unknown) => {
      if (!closing.signal.aborted)
        response.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });

  const respond = async (
    request: IncomingMessage,
    response: ServerResponse,
    number: number,
  ): Promise<void> => {
    const target = request.url ?? '/';
    const ask = askOf(request, target, number);
    const met = faults.meet(request.method ?? 'GET', target);
    for (const fault of met) {
      if (fault.kind === 'delay') await sleep(fault.ms, undefined, { signal: closing.signal });
    }
    const reply = met.reduce<Reply>(changed, instead(met) ?? ('status' in ask ? ask : safely(answer, ask)));
    const cut = met.find(({ kind }) => kind === 'reset' || kind === 'truncate' || kind === 'stall');
    const [path = '', query = ''] = target.split(/\?(.*)/s);
    const { range } = request.headers;
    const record = (status: number, bytes: number): void => {
      const known = 'status' in ask ? path : ask.path;
      log({ method: request.method ?? '', path: known, query, ...(range ? { range } : {}), status, bytes });
    };
    send(request, response, reply, cut, record);
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the emulator has no port');
  return {
    url: `http://${LOOPBACK}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Path and query decoded, or a 400 where they cannot be. */
function askOf(request: IncomingMessage, target: string, serial: number): Ask | Reply {
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  try {
    if (!path.startsWith('/')) throw new URIError(path);
    decodeURIComponent(query.replaceAll('+', ' '));
    return {
      method: request.method ?? 'GET',
      path: decodeURIComponent(path),
      query: new URLSearchParams(query),
      headers: request.headers,
      serial,
    };
  } catch {
    return refusal(400, `"${target}" is no path with a query in percent-encoded UTF-8`);
  }
}

/** A bug in the emulator must show in the test that met it, not end the process. */
function safely(answer: (ask: Ask) => Reply, ask: Ask): Reply {
  try {
    return answer(ask);
  } catch (cause) {
    return refusal(
      500,
      `the emulator failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`,
    );
  }
}

function refusal(status: number, text: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: Buffer.from(`${text}\n`) };
}

function instead(met: readonly FaultKind[]): Reply | undefined {
  const fault = met.find((f) => f.kind === 'status');
  if (fault?.kind !== 'status') return undefined;
  return { status: fault.status, headers: fault.headers ?? {}, body: Buffer.from(fault.body ?? '') };
}

function changed(reply: Reply, fault: FaultKind): Reply {
  if (fault.kind !== 'flip' || reply.body.length === 0) return reply;
  const body = Buffer.from(reply.body);
  const offset = Math.min(fault.offset ?? body.length >> 1, body.length - 1);
  body[offset] = (body[offset] ?? 0) ^ 0xff;
  return { ...reply, body };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  cut: FaultKind | undefined,
  record: (status: number, bytes: number) => void,
): void {
  const body = request.method === 'HEAD' || reply.status === 304 ? Buffer.alloc(0) : reply.body;
  const head = (): void => {
    const length = reply.status === 304 ? {} : { 'Content-Length': String(reply.body.length) };
    response.writeHead(reply.status, { ...reply.headers, ...length });
  };
  const part = (after: number, then: () => void): void => {
    const bytes = Math.min(after, body.length);
    record(reply.status, bytes);
    head();
    response.flushHeaders();
    if (bytes === 0) then();
    else response.write(body.subarray(0, bytes), then);
  };
  const nothing = (then: () => void): void => {
    record(0, 0);
    then();
  };
  switch (cut?.kind) {
    case undefined:
    case 'status':
    case 'delay':
    case 'flip':
      record(reply.status, body.length);
      head();
      response.end(body);
      return;
    case 'reset':
      if (cut.after === undefined) nothing(() => request.socket.resetAndDestroy());
      else part(cut.after, () => request.socket.resetAndDestroy());
      return;
    case 'truncate':
      // Ended, not destroyed: what was written goes out first.
      part(cut.after ?? body.length >> 1, () => request.socket.end());
      return;
    case 'stall':
      if (cut.after === undefined) nothing(() => {});
      else part(cut.after, () => {});
      return;
  }
}
