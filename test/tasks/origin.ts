/**
 * A server of one file for tests: validators, conditions and ranges as S3 has them (RFC 9110), and answers that are cut
 * where the test says. It remembers what was asked and how much was sent. Closed when the test ends.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestServer } from './server.ts';
import { serve } from './server.ts';

export interface OriginOptions {
  readonly body: Buffer;
  /** As it is sent; undefined: none. Default: `"v1"`. */
  readonly etag?: string | undefined;
  /** Of the nth answer: the connection ends after so many bytes of its body; undefined: whole. */
  readonly cuts?: readonly (number | undefined)[];
  /** No more comes after the cut, but the connection stays. */
  readonly stall?: boolean;
  /** Answers with all of it, whatever was asked. */
  readonly ignoresRange?: boolean;
  readonly ignoresIfMatch?: boolean;
  /** Changes the head of a 206. */
  readonly headers206?: Readonly<Record<string, string>>;
  /** Other files, by path: always whole, and not among the requests. */
  readonly beside?: Readonly<Record<string, string>>;
  /** In pieces, without a length. */
  readonly chunked?: boolean;
}

export interface Asked {
  readonly range: string | undefined;
  readonly ifMatch: string | undefined;
  readonly status: number;
  /** Of the body, as sent. */
  readonly bytes: number;
}

export interface Origin extends TestServer {
  readonly requests: readonly Asked[];
  /** What is served from now on. */
  change(options: Partial<OriginOptions>): void;
}

export async function origin(given: OriginOptions): Promise<Origin> {
  let options = given;
  const requests: Asked[] = [];
  const server = await serve((request, response) => {
    const other = options.beside?.[request.url ?? ''];
    if (other !== undefined) return void response.end(other);
    const { status, headers, body } = reply(request, options);
    const cut = options.cuts?.[requests.length];
    const bytes = Math.min(cut ?? body.length, body.length);
    const { range, 'if-match': ifMatch } = request.headers;
    requests.push({ range, ifMatch, status, bytes });
    const length = options.chunked === true ? {} : { 'content-length': body.length };
    response.writeHead(status, { ...headers, ...length });
    send(response, body.subarray(0, bytes), cut === undefined ? 'whole' : options.stall ? 'stall' : 'cut');
  });
  return {
    ...server,
    requests,
    change(changes) {
      options = { ...options, ...changes };
    },
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function reply({ headers: asked }: IncomingMessage, options: OriginOptions): Reply {
  const { body } = options;
  const etag = 'etag' in options ? options.etag : '"v1"';
  const tagged = etag === undefined ? {} : { etag };
  const ifMatch = asked['if-match'];
  if (ifMatch !== undefined && options.ignoresIfMatch !== true && ifMatch !== etag)
    return { status: 412, headers: {}, body: Buffer.from('<Error>') };
  const from = /^bytes=(\d+)-$/.exec(asked.range ?? '')?.[1];
  if (from === undefined || options.ignoresRange === true) return { status: 200, headers: tagged, body };
  if (Number(from) >= body.length)
    return {
      status: 416,
      headers: { 'content-range': `bytes */${body.length}` },
      body: Buffer.from('<Error>'),
    };
  const range = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` };
  return {
    status: 206,
    headers: { ...tagged, ...range, ...options.headers206 },
    body: body.subarray(Number(from)),
  };
}

function send(response: ServerResponse, bytes: Buffer, then: 'whole' | 'cut' | 'stall'): void {
  response.on('error', () => {});
  if (then === 'whole') return void response.end(bytes);
  response.flushHeaders();
  // Ended, not destroyed: what was written goes out first.
  const end = (): void => void (then === 'cut' && response.socket?.end());
  if (bytes.length === 0) end();
  else response.write(bytes, end);
}
