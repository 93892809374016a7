/** A loopback HTTP server for one test: answers by path and remembers what was asked. Closed when the test ends. */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

export interface TestServer {
  /** Without a final slash. */
  readonly url: string;
  /** Path and query of every request, in order. */
  readonly asked: readonly string[];
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export function serve(handler: Handler): Promise<TestServer> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request.url ?? '');
    handler(request, response);
  };
  return listening(createServer(listener), 'http', asked);
}

/** Starts a server that exists already. */
export async function listening(
  server: Server,
  scheme: string,
  asked: readonly string[] = [],
): Promise<TestServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return { url: `${scheme}://127.0.0.1:${address.port}`, asked };
}

/** Serves bodies by path, 404 for the rest. */
export function files(bodies: Readonly<Record<string, string | Buffer>>): Handler {
  return (request, response) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '');
    const body = Object.hasOwn(bodies, path) ? bodies[path] : undefined;
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': Buffer.byteLength(body) }).end(body);
  };
}
