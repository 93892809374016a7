import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { connect, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { HttpOptions } from '../../../tasks/lib/http.ts';
import { getText } from '../../../tasks/lib/http.ts';
import { networkSchema } from '../../../tasks/lib/settings.ts';
import { scratch } from '../context.ts';
import { listening, serve } from '../server.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

function options(
  more: Partial<HttpOptions> & { readonly network?: Record<string, string> } = {},
): HttpOptions {
  const { network, ...rest } = more;
  const settings = networkSchema.parse(network ?? {});
  return {
    signal: new AbortController().signal,
    workspace: '/nowhere',
    maxBytes: 1_000_000,
    settings,
    ...rest,
  };
}

/** One that nobody listens on. */
async function freePort(): Promise<number> {
  const socket = createSocketServer();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const address = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  if (address === null || typeof address !== 'object') throw new Error('the socket has no port');
  return address.port;
}

describe('getText', () => {
  it('gives the body without its byte order mark, and the headers', async () => {
    const { url } = await serve((_, response) => response.setHeader('x-a', 'b').end('\uFEFFtéxt'));
    expect(await getText(`${url}/a`, options())).toMatchObject({
      ok: true,
      text: 'téxt',
      headers: { 'x-a': 'b' },
    });
  });

  it('says who asks', async () => {
    const { url } = await serve((request, response) => response.end(request.headers['user-agent']));
    const network = { user_agent: 'somebody (mail@example.com)' };
    expect(await getText(url, options({ network }))).toMatchObject({ text: 'somebody (mail@example.com)' });
  });

  it.each([
    [
      404,
      'text/plain',
      '',
      {
        code: 'http-not-found',
        message: ' answered 404 Not Found',
        hint: 'the server has no such thing: check the address in the config',
      },
    ],
    [
      503,
      'application/xml',
      '<Error>\n<Code>SlowDown</Code></Error>',
      {
        code: 'http-server-error',
        message: ' answered 503 Service Unavailable: <Error> <Code>SlowDown</Code></Error>',
        hint: 'the server is in trouble: build again later',
        transient: true,
      },
    ],
    [
      403,
      'text/html',
      '<!DOCTYPE html><html><head><title>ERROR: The request could not be satisfied</title></head>…',
      {
        code: 'http-firewall',
        message: ' answered 403 Forbidden with an HTML page, "ERROR: The request could not be satisfied"',
        hint:
          "a firewall or a proxy answered in the server's place, which often passes; if it does not, " +
          'check the proxy (HTTPS_PROXY, NO_PROXY) or use another network',
        transient: true,
      },
    ],
    [
      403,
      'application/xml',
      '<Error><Code>AccessDenied</Code></Error>',
      {
        code: 'http-forbidden',
        message: ' answered 403 Forbidden: <Error><Code>AccessDenied</Code></Error>',
        hint: 'the server refuses this address or this client: check the address in the config',
      },
    ],
    [
      451,
      'application/json',
      '{"code":0,"msg":"Service unavailable from a restricted location"}',
      {
        code: 'http-location-refused',
        message:
          ' answered 451 Unavailable For Legal Reasons: {"code":0,"msg":"Service unavailable from a restricted location"}',
        hint:
          'the publisher does not serve this location, and trying again does not help: ' +
          'use an address in the config that serves it, or use a network of another region (HTTPS_PROXY)',
      },
    ],
    [
      400,
      'application/json',
      '{"code":-1121,"msg":"Invalid symbol."}',
      {
        code: 'http-status',
        message: ' answered 400 Bad Request: {"code":-1121,"msg":"Invalid symbol."}',
        hint: 'check the address in the config',
      },
    ],
  ])('turns a %i (%s) into a failure that says what to do', async (status, type, body, expected) => {
    const { url } = await serve((_, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    const result = await getText(`${url}/a/b?c=d`, options());
    const failure = { ...expected, message: `GET ${url}/a/b?c=d${expected.message}` };
    expect(result).toMatchObject({ ok: false, status });
    expect(!result.ok && result.failure).toEqual(failure);
  });

  it('takes a 403 with nothing in it for a firewall, too', async () => {
    const { url } = await serve((_, response) => response.writeHead(403).end());
    const result = await getText(url, options());
    expect(!result.ok && result.failure).toEqual({
      code: 'http-firewall',
      message: `GET ${url} answered 403 Forbidden`,
      hint:
        "a firewall or a proxy answered in the server's place, which often passes; if it does not, " +
        'check the proxy (HTTPS_PROXY, NO_PROXY) or use another network',
      transient: true,
    });
  });

  it.each([
    [
      403,
      '<html>',
      "a firewall or a proxy answered in the server's place, which often passes; if it does not, " +
        'check the proxy (HTTPS_PROXY, NO_PROXY) or use another network, or name a mirror in x.url',
    ],
    [
      403,
      'no',
      'the server refuses this address or this client: check the address in the config, or name a mirror in x.url',
    ],
    [
      451,
      'no',
      'the publisher does not serve this location, and trying again does not help: ' +
        'name a mirror in x.url, or use a network of another region (HTTPS_PROXY)',
    ],
  ])('tells after a %i (%s) what else may be asked, where the caller knows', async (status, body, hint) => {
    const { url } = await serve((_, response) => response.writeHead(status).end(body));
    expect(await getText(url, options({ elsewhere: 'name a mirror in x.url' }))).toMatchObject({
      failure: { hint },
    });
  });

  const TOO_MUCH = 'too much was asked at once: lower pools.network or pools.rest';
  it.each([
    [429, 'http-rate-limited', '429 Too Many Requests', TOO_MUCH],
    [503, 'http-server-error', '503 Service Unavailable', 'the server is in trouble: build again later'],
    [
      418,
      'http-banned',
      "418 I'm a Teapot",
      'this IP address is banned for having asked too much: wait that long, then build again; ' +
        'if it comes back, lower pools.network or pools.rest',
    ],
  ])('passes on how long a %i asks to wait', async (status, code, words, hint) => {
    const { url } = await serve((_, response) => response.writeHead(status, { 'retry-after': '90' }).end());
    const result = await getText(url, options());
    expect(result).toMatchObject({ ok: false, status, retryAfterMs: 90_000 });
    expect(!result.ok && result.failure).toEqual({
      code,
      message: `GET ${url} answered ${words}; it asks to wait 90s`,
      hint,
      transient: true,
      retryAfterMs: 90_000,
    });
  });

  it('counts a Retry-After that is a date from the date of the answer', async () => {
    const headers = { date: 'Tue, 02 Jan 2024 03:04:05 GMT', 'retry-after': 'Tue, 02 Jan 2024 03:05:05 GMT' };
    const { url } = await serve((_, response) => response.writeHead(429, headers).end());
    expect(await getText(url, options())).toMatchObject({
      retryAfterMs: 60_000,
      failure: { message: `GET ${url} answered 429 Too Many Requests; it asks to wait 1m` },
    });
  });

  it.each(['soon', '0', '-5', '1.5', 'Tue, 02 Jan 2024 03:04:05 GMT'])(
    'takes no wait from the Retry-After "%s"',
    async (text) => {
      const headers = { date: 'Tue, 02 Jan 2024 03:04:05 GMT', 'retry-after': text };
      const { url } = await serve((_, response) => response.writeHead(429, headers).end());
      const result = await getText(url, options());
      expect(!result.ok && result.failure).toEqual({
        code: 'http-rate-limited',
        message: `GET ${url} answered 429 Too Many Requests`,
        hint: TOO_MUCH,
        transient: true,
      });
    },
  );

  it('takes a ban that does not say how long it lasts for the shortest there is', async () => {
    const { url } = await serve((_, response) => response.writeHead(418).end());
    const result = await getText(url, options());
    expect(!result.ok && result.failure).toMatchObject({ transient: true, retryAfterMs: 120_000 });
  });

  it('does not follow a redirect, and says where to', async () => {
    const { url, asked } = await serve((_, response) =>
      response.writeHead(302, { location: 'http://other/' }).end(),
    );
    expect(await getText(url, options())).toMatchObject({
      failure: {
        code: 'http-redirect',
        message: `GET ${url} answered 302 Found to http://other/`,
        hint: 'redirects are not followed: put the address that is meant into the config',
      },
    });
    expect(asked).toEqual(['/']);
  });

  it('shows neither user nor query of the address that a redirect names', async () => {
    const location = 'https://user:secret@other/x?signature=secret';
    const { url } = await serve((_, response) => response.writeHead(307, { location }).end());
    expect(await getText(url, options())).toMatchObject({
      failure: { message: `GET ${url} answered 307 Temporary Redirect to https://…@other/x?…` },
    });
  });

  it('refuses a body that is too long, with and without a stated length', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/stated') response.setHeader('content-length', '11');
      response.write('eleven');
      response.end('bytes');
    });
    const short = options({ maxBytes: 10, limitName: 'limits.max_zip_bytes' });
    const hint = 'if it is right, raise limits.max_zip_bytes';
    const result = await getText(`${url}/stated`, short);
    expect(!result.ok && result.failure).toEqual({
      code: 'http-too-large',
      message: `GET ${url}/stated answered with 11 bytes: at most 10 are accepted (limits.max_zip_bytes)`,
      hint,
    });
    const chunked = await getText(`${url}/chunked`, short);
    expect(!chunked.ok && chunked.failure).toEqual({
      code: 'http-too-large',
      message: `GET ${url}/chunked answered with more than 10 bytes: at most 10 are accepted (limits.max_zip_bytes)`,
      hint,
    });
    expect(await getText(`${url}/chunked`, options({ maxBytes: 11 }))).toMatchObject({
      ok: true,
      text: 'elevenbytes',
    });
  });

  it('says that a connection was refused', async () => {
    const port = await freePort();
    const result = await getText(`http://127.0.0.1:${port}/`, options());
    expect(!result.ok && result.failure).toEqual({
      code: 'http-connect',
      message: `GET http://127.0.0.1:${port}/ failed: 127.0.0.1:${port} refused the connection (ECONNREFUSED)`,
      hint: 'check the address in the config and whether a proxy is needed (HTTPS_PROXY)',
      transient: true,
    });
  });

  it('says that an answer was cut', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    const result = await getText(url, options());
    expect(!result.ok && result.failure).toEqual({
      code: 'http-cut',
      message: `GET ${url} failed: the connection was cut (UND_ERR_SOCKET)`,
      hint: 'build again',
      transient: true,
    });
  });

  it('gives up a server that does not answer', async () => {
    const { url } = await serve(() => {});
    const result = await getText(url, options({ network: { headers_timeout: '50ms' } }));
    expect(!result.ok && result.failure).toEqual({
      code: 'http-timeout',
      message: `GET ${url} failed: no answer in time (UND_ERR_HEADERS_TIMEOUT)`,
      hint: 'build again; on a slow line raise network.headers_timeout',
      transient: true,
    });
  });

  it('refuses a certificate of an unknown authority, and takes it with network.ca_file', async () => {
    const keys = { key: fixture('loopback-key.pem'), cert: fixture('loopback-cert.pem') };
    const answer: RequestListener = (_, response) => void response.end('secret');
    const { url } = await listening(createTlsServer(keys, answer), 'https');
    const result = await getText(url, options());
    const host = new URL(url).host;
    expect(!result.ok && result.failure).toEqual({
      code: 'http-tls',
      message: `GET ${url} failed: the certificate of ${host} comes from an unknown authority (DEPTH_ZERO_SELF_SIGNED_CERT)`,
      hint: 'if a proxy of your company opens TLS, name its certificate in network.ca_file (PEM)',
    });
    const workspace = scratch();
    writeFileSync(join(workspace, 'ca.pem'), keys.cert);
    const trusting = options({ workspace, network: { ca_file: 'ca.pem' } });
    expect(await getText(url, trusting)).toMatchObject({ ok: true, text: 'secret' });
  });

  it('says what is wrong with network.ca_file', async () => {
    const workspace = scratch();
    writeFileSync(join(workspace, 'empty.pem'), '');
    const ask = (ca_file: string) =>
      getText('https://127.0.0.1:9/', options({ workspace, network: { ca_file } }));
    const hint = 'network.ca_file names a PEM file, relative to the workspace';
    expect(await ask('none.pem')).toEqual({
      ok: false,
      failure: { code: 'ca-file', message: 'none.pem cannot be read: ENOENT', hint },
    });
    expect(await ask('empty.pem')).toEqual({
      ok: false,
      failure: {
        code: 'ca-file',
        message: 'empty.pem holds no certificate: expected -----BEGIN CERTIFICATE-----',
        hint,
      },
    });
    expect(await ask('.')).toEqual({
      ok: false,
      failure: { code: 'ca-file', message: '. is no file', hint },
    });
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [join(workspace, 'pipe.pem')]);
    expect(await ask('pipe.pem')).toEqual({
      ok: false,
      failure: { code: 'ca-file', message: 'pipe.pem is no file', hint },
    });
  });

  it('asks through a proxy that the environment names, but loopback itself directly', async () => {
    const tunnels: string[] = [];
    const { url: proxy } = await listening(
      createServer().on('connect', (request, socket) => {
        tunnels.push(request.url ?? '');
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      }),
      'http',
    );
    for (const name of ['http_proxy', 'HTTPS_PROXY', 'https_proxy', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('HTTP_PROXY', proxy);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url } = await serve((_, response) => response.end('direct'));
    expect(await getText(url, options())).toMatchObject({ ok: true, text: 'direct' });
    const result = await getText('http://archive.invalid/x', options());
    expect(!result.ok && result.failure).toEqual({
      code: 'http-proxy',
      message: `GET http://archive.invalid/x failed: the proxy ${new URL(proxy).host} answered 407`,
      hint: 'put user and password into HTTPS_PROXY: http://user:password@host:port',
    });
    expect(tunnels).toEqual(['archive.invalid:80']);
    vi.stubEnv('HTTP_PROXY', 'ftp://user:secret@x');
    expect(await getText('http://archive.invalid/x', options())).toEqual({
      ok: false,
      failure: {
        code: 'http-proxy',
        message: 'the environment variable HTTP_PROXY is no address of a proxy',
        hint: 'expected http://host:port, or nothing',
      },
    });
  });

  it.each(['http://us%er:secret@x', 'mailto:secret', 'http://:3128'])(
    'refuses a proxy that cannot be one without showing it: %s',
    async (value) => {
      vi.stubEnv('https_proxy', value);
      onTestFinished(() => void vi.unstubAllEnvs());
      expect(await getText('https://archive.invalid/x', options())).toEqual({
        ok: false,
        failure: {
          code: 'http-proxy',
          message: 'the environment variable https_proxy is no address of a proxy',
          hint: 'expected http://host:port, or nothing',
        },
      });
    },
  );

  it('takes a proxy without a scheme, as curl does', async () => {
    const { url: proxy } = await listening(
      createServer().on('connect', (_, socket) => {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      }),
      'http',
    );
    for (const name of ['HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('http_proxy', proxy.replace('http://', ''));
    onTestFinished(() => void vi.unstubAllEnvs());
    const result = await getText('http://archive.invalid/x', options());
    expect(!result.ok && result.failure).toEqual({
      code: 'http-proxy',
      message: `GET http://archive.invalid/x failed: the proxy ${new URL(proxy).host} answered 403`,
      hint: 'the proxy does not connect to this address: ask who runs it, or name the host in NO_PROXY if none is needed',
    });
  });

  it('says that it was the proxy who refused the connection, and shows no password', async () => {
    const port = await freePort();
    for (const name of ['http_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('https_proxy', `http://user:secret@127.0.0.1:${port}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const result = await getText('https://archive.invalid/x', options());
    expect(!result.ok && result.failure).toEqual({
      code: 'http-proxy',
      message: `GET https://archive.invalid/x failed: the proxy 127.0.0.1:${port} refused the connection (ECONNREFUSED)`,
      hint: 'check HTTPS_PROXY, and whether the proxy runs there; NO_PROXY names hosts that need none',
      transient: true,
    });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['before it was asked', (socket) => void socket.end()],
    ['once it was asked', (socket) => void socket.once('data', () => socket.end())],
  ])('calls a proxy that hangs up %s no more than once', async (_, hangUp) => {
    let calls = 0;
    const server = createSocketServer((socket) => {
      calls += 1;
      hangUp(socket.on('error', () => {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address !== 'object') throw new Error('the socket has no port');
    for (const name of ['http_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('https_proxy', `http://user:secret@127.0.0.1:${address.port}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const result = await getText('https://archive.invalid/x', options());
    expect(!result.ok && result.failure).toEqual({
      code: 'http-proxy',
      message: `GET https://archive.invalid/x failed: the proxy 127.0.0.1:${address.port} hung up without an answer`,
      hint: 'check HTTPS_PROXY, and whether the proxy runs there and connects to such addresses',
      transient: true,
    });
    expect(calls).toBe(1);
  });

  it('gives up a proxy that says nothing as it gives up a server', async () => {
    const silent = createServer().on('connect', (_, socket) => onTestFinished(() => void socket.destroy()));
    const { url: proxy } = await listening(silent, 'http');
    for (const name of ['http_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('https_proxy', proxy);
    onTestFinished(() => void vi.unstubAllEnvs());
    const result = await getText(
      'https://archive.invalid/x',
      options({ network: { headers_timeout: '50ms' } }),
    );
    expect(!result.ok && result.failure).toMatchObject({
      code: 'http-timeout',
      message: 'GET https://archive.invalid/x failed: no answer in time (UND_ERR_HEADERS_TIMEOUT)',
    });
  });

  it('asks through a proxy that connects', async () => {
    const origin = await serve((_, response) => void response.end('through'));
    const goal = new URL(origin.url);
    const tunnels: string[] = [];
    const server = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const through = connect(Number(goal.port), goal.hostname, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        through.pipe(socket);
        socket.pipe(through);
      });
      for (const end of [socket, through]) {
        end.on('error', () => {});
        onTestFinished(() => void end.destroy());
      }
    });
    const { url: proxy } = await listening(server, 'http');
    for (const name of ['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('HTTP_PROXY', proxy);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await getText('http://archive.invalid/x', options())).toMatchObject({ ok: true, text: 'through' });
    expect(tunnels).toEqual(['archive.invalid:80']);
  });

  it('names the name that cannot be resolved', async () => {
    const result = await getText('http://archive.invalid/x', options());
    // Without any name server the system says EAI_AGAIN, and another try may help.
    const code = !result.ok && result.failure.transient === true ? 'EAI_AGAIN' : 'ENOTFOUND';
    expect(!result.ok && result.failure).toEqual({
      code: 'http-dns',
      message: `GET http://archive.invalid/x failed: the name archive.invalid cannot be resolved (${code})`,
      hint: 'check the network, the name in the config, and whether a proxy is needed (HTTPS_PROXY)',
      ...(code === 'EAI_AGAIN' ? { transient: true } : {}),
    });
  });

  it('asks for plain bytes, and refuses others', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/zipped') response.setHeader('content-encoding', 'gzip');
      response.end(request.headers['accept-encoding']);
    });
    expect(await getText(url, options())).toMatchObject({ ok: true, text: 'identity' });
    expect(await getText(`${url}/zipped`, options())).toMatchObject({
      status: 200,
      failure: {
        code: 'http-encoded',
        message: `GET ${url}/zipped answered with the content encoding "gzip": expected none, as was asked for`,
      },
    });
  });

  it.each([204, 206])('does not take %d for the whole answer', async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end());
    expect(await getText(url, options())).toMatchObject({
      ok: false,
      status,
      failure: { code: 'http-status' },
    });
  });

  it('gives up an answer that trickles, were it never so patient with each byte', async () => {
    const { url } = await serve((_, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const result = await getText(url, options({ network: { body_timeout: '1s' } }));
    expect(!result.ok && result.failure).toEqual({
      code: 'http-timeout',
      message: `GET ${url} failed: less than 1024 bytes of the answer came within 1s`,
      hint: 'build again; on a slow line raise network.body_timeout',
      transient: true,
    });
  });

  it('says of what is no HTTP at all that it is none', async () => {
    const socket = createSocketServer((client) => {
      client.on('error', () => {});
      client.once('data', () => client.end('hello'));
    });
    await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void socket.close());
    const address = socket.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const result = await getText(`http://127.0.0.1:${port}/`, options());
    expect(!result.ok && result.failure).toMatchObject({ code: 'http-protocol', transient: true });
  });

  it('sends nothing when it is aborted already, and rejects with the reason', async () => {
    const { url, asked } = await serve((_, response) => response.end());
    const reason = new Error('stop');
    await expect(getText(url, options({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });

  it('sends nothing when it is aborted while it waits to be let through', async () => {
    const { url, asked } = await serve((_, response) => response.end('x'));
    const stop = new AbortController();
    const gate = async (): Promise<undefined> => {
      stop.abort(new Error('enough'));
      return undefined;
    };
    await expect(getText(url, options({ signal: stop.signal, gate }))).rejects.toThrow('enough');
    expect(asked).toEqual([]);
  });

  it('can be aborted while it waits for the answer', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    const { url } = await serve(() => controller.abort(reason));
    await expect(getText(url, options({ signal: controller.signal }))).rejects.toBe(reason);
  });

  it('leaves no connection open once all is aborted, not even one that is being made', async () => {
    const gone: Promise<unknown>[] = [];
    const server = createSocketServer((socket) => {
      gone.push(new Promise((resolve) => socket.on('error', () => {}).on('close', resolve)));
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address !== 'object') throw new Error('the socket has no port');
    const stop = new AbortController();
    const network = { connect_timeout: '1h' };
    // The first is connected and waits for its answer, the second waits for a handshake that never comes.
    const asked = ['http', 'https'].map((scheme) =>
      getText(`${scheme}://127.0.0.1:${address.port}/`, options({ signal: stop.signal, network })),
    );
    await vi.waitFor(() => expect(gone).toHaveLength(2));
    stop.abort(new Error('enough'));
    expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.all(gone);
    // And what is asked afterwards is asked anew.
    const { url } = await serve((_, response) => response.end('again'));
    expect(await getText(url, options({ network }))).toMatchObject({ ok: true, text: 'again' });
  });

  it('hands the connection back after a failure, so that it is used again', async () => {
    const sockets = new Set<unknown>();
    const { url } = await serve((request, response) => {
      sockets.add(request.socket);
      response.writeHead(request.url === '/good' ? 200 : 404).end('x'.repeat(1_000));
    });
    for (let i = 0; i < 20; i += 1) await getText(`${url}/bad`, options());
    expect(await getText(`${url}/good`, options())).toMatchObject({ ok: true });
    expect(sockets.size).toBeLessThan(5);
  });
});
