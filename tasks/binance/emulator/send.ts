/**
 * One reply onto one socket: whole, at the pace that was asked for, or cut off as a fault wants it. It knows
 * neither what is sent nor why.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenBucket } from './bucket.ts';
import type { FaultKind } from './faults.ts';
import type { Reply } from './reply.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface Sending {
  /** What else befalls the reply: of several faults that end it, the first does. */
  readonly met: readonly FaultKind[];
  /** The line that all replies share; without one they are as fast as the machine. */
  readonly bucket: TokenBucket | undefined;
  /** Aborted when the server closes. */
  readonly signal: AbortSignal;
  /** Called once, when the head goes out, or with 0 where nothing does. `bytes` then grows with the body. */
  readonly begin: (status: number) => { bytes: number };
}

/** What a body that nothing slows down is written in. */
const PORTION = 256 << 10;

export async function send(exchange: Exchange, reply: Reply, sending: Sending): Promise<void> {
  const { request, response } = exchange;
  const cut = sending.met.find(({ kind }) => kind === 'reset' || kind === 'truncate' || kind === 'stall');
  const silent = (cut?.kind === 'reset' || cut?.kind === 'stall') && cut.after === undefined;
  if (silent || response.destroyed) {
    sending.begin(0);
    if (cut?.kind === 'reset') request.socket.resetAndDestroy();
    return;
  }
  const body = request.method === 'HEAD' || reply.status === 304 ? Buffer.alloc(0) : reply.body;
  const entry = sending.begin(reply.status);
  response.writeHead(reply.status, headersOf(reply));
  switch (cut?.kind) {
    case 'reset':
    case 'truncate':
    case 'stall': {
      const after = cut.after ?? body.length >> 1;
      response.flushHeaders();
      if (!(await write(response, body.subarray(0, after), sending, entry))) return;
      // Ended, not destroyed: what was written goes out first.
      if (cut.kind === 'truncate') request.socket.end();
      if (cut.kind === 'reset') request.socket.resetAndDestroy();
      return;
    }
    default:
      // Head and body in one, and counted before the client can have them.
      if (body.length <= PORTION && paceOf(sending) === undefined) {
        entry.bytes = body.length;
        response.end(body);
      } else {
        if (!(await write(response, body, sending, entry))) return;
        response.end();
      }
      if (isLie(reply) && request.method !== 'HEAD') request.socket.end();
  }
}

function headersOf(reply: Reply): Readonly<Record<string, string>> {
  const names = Object.keys(reply.headers).map((name) => name.toLowerCase());
  if (reply.status === 304 || names.includes('content-length') || names.includes('transfer-encoding')) {
    return reply.headers;
  }
  return { ...reply.headers, 'Content-Length': String(reply.body.length) };
}

function isLie(reply: Reply): boolean {
  const announced = reply.headers['Content-Length'];
  return announced !== undefined && Number(announced) !== reply.body.length;
}

interface Pace {
  readonly portion: number;
  wait(bytes: number, isFirst: boolean): Promise<unknown>;
}

function paceOf({ met, bucket, signal }: Sending): Pace | undefined {
  const trickle = met.find((fault) => fault.kind === 'trickle');
  if (trickle !== undefined) {
    const portion = Math.max(1, trickle.bytes);
    return {
      portion,
      wait: async (bytes, isFirst) => {
        if (!isFirst) await sleep(trickle.everyMs, undefined, { signal });
        await bucket?.take(bytes, signal);
      },
    };
  }
  return bucket && { portion: bucket.portion, wait: (bytes) => bucket.take(bytes, signal) };
}

/** False where the client has gone. */
async function write(
  response: ServerResponse,
  body: Buffer,
  sending: Sending,
  entry: { bytes: number },
): Promise<boolean> {
  const pace = paceOf(sending);
  const portion = pace?.portion ?? PORTION;
  for (let from = 0; from < body.length; from += portion) {
    const part = body.subarray(from, from + portion);
    await pace?.wait(part.length, from === 0);
    if (!(await written(response, part))) return false;
    entry.bytes += part.length;
  }
  return true;
}

function written(response: ServerResponse, part: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve(false);
    const gone = (): void => resolve(false);
    response.once('close', gone);
    response.write(part, (error) => {
      response.off('close', gone);
      resolve(error === null || error === undefined);
    });
  });
}
