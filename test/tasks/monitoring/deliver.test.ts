/** How a message gets to a webhook, and what is said when it does not: never more of the address than its host. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Times } from '../../../tasks/monitoring/notify/deliver.ts';
import { addressOf, deliver, TIMES } from '../../../tasks/monitoring/notify/deliver.ts';
import { serve } from '../server.ts';

const USUAL: Times = { tryMs: 20_000, waitsMs: [5, 5] };
const QUICK: Times = { ...USUAL, tryMs: 200 };
const SECRET = '/services/T0/s3cr3t?sig=s3cr3t';

interface Told {
  readonly trouble: string | undefined;
  readonly asked: number;
  readonly host: string;
  readonly bodies: readonly string[];
}

/** `answer` is called for each request, numbered from 0. */
async function told(
  answer: (response: ServerResponse, at: number, request: IncomingMessage) => void,
  { signal = new AbortController().signal, times = USUAL } = {},
): Promise<Told> {
  const bodies: string[] = [];
  let count = 0;
  const server = await serve((request, response) => {
    const at = count;
    count += 1;
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      bodies.push(`${request.method} ${request.headers['content-type']} ${body}`);
      answer(response, at, request);
    });
  });
  const host = new URL(server.url).host;
  const options = { workspace: '/nowhere', signal, caFile: undefined, times };
  const trouble = await deliver({ url: `${server.url}${SECRET}`, host }, '{"a":1}', options);
  expect(trouble ?? '').not.toContain('s3cr3t');
  return { trouble, asked: server.asked.length, host, bodies };
}

describe('a message to a webhook', () => {
  it('is posted as JSON, once', async () => {
    const { trouble, bodies, asked } = await told((response) => response.writeHead(200).end('ok'));
    expect({ trouble, bodies, asked }).toEqual({
      trouble: undefined,
      bodies: ['POST application/json {"a":1}'],
      asked: 1,
    });
  });

  it.each([200, 201, 202, 204])('has arrived where %i is answered', async (status) => {
    expect((await told((response) => response.writeHead(status).end())).trouble).toBeUndefined();
  });

  it('is posted again after an error of the server', async () => {
    const { trouble, asked } = await told((response, at) => response.writeHead(at < 2 ? 500 : 200).end());
    expect([trouble, asked]).toEqual([undefined, 3]);
  });

  it('is given up after three tries', async () => {
    const { trouble, asked, host } = await told((response, _, request) =>
      response.writeHead(503).end(`no such thing: ${request.url}`),
    );
    expect([trouble, asked]).toEqual([`${host}: it answered 503`, 3]);
  });

  it.each([400, 403, 404, 410])('is given up at once where %i is answered', async (status) => {
    const { trouble, asked, host } = await told((response, _, request) =>
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`no_service ${request.url}`),
    );
    expect([trouble, asked]).toEqual([`${host}: it answered ${status}`, 1]);
  });

  it('is not carried to another address', async () => {
    const { trouble, asked, host } = await told((response, _, request) =>
      response.writeHead(302, { location: `${request.url}/elsewhere` }).end(),
    );
    expect([trouble, asked]).toEqual([`${host}: it answered 302, and redirects are not followed`, 1]);
  });

  it('is given up where nobody answers', async () => {
    const { trouble, asked, host } = await told(() => undefined, { times: QUICK });
    expect([trouble, asked]).toEqual([`${host}: no answer within 0.2 s`, 3]);
  });

  it('has arrived where a good answer never ends', async () => {
    const { trouble, asked } = await told((response) => void response.writeHead(200).write('o'), {
      times: QUICK,
    });
    expect([trouble, asked]).toEqual([undefined, 1]);
  });

  it('is tried again where the connection is cut', async () => {
    const { trouble, asked } = await told((response, at) => {
      if (at === 0) response.destroy();
      else response.writeHead(200).end();
    });
    expect([trouble, asked]).toEqual([undefined, 2]);
  });

  it('holds nobody up for longer than 15 seconds', () => {
    const waits = TIMES.waitsMs.reduce((sum, each) => sum + each, 0);
    expect((TIMES.waitsMs.length + 1) * TIMES.tryMs + waits).toBeLessThan(15_000);
  });

  it('is given up at once by an interrupt', async () => {
    const controller = new AbortController();
    const { trouble, asked, host } = await told(() => controller.abort(), controller);
    expect([trouble, asked]).toEqual([`${host}: interrupted`, 1]);
    const { asked: none } = await told((response) => response.end(), controller);
    expect(none).toBe(0);
  });

  it('says what is wrong where nobody is', async () => {
    const options = { workspace: '/', signal: new AbortController().signal, caFile: undefined, times: USUAL };
    expect(await deliver({ url: `http://127.0.0.1:9${SECRET}`, host: '127.0.0.1:9' }, '{}', options)).toBe(
      '127.0.0.1:9: http-connect; check the address in the config and whether a proxy is needed (HTTPS_PROXY)',
    );
  });
});

describe('the address of a webhook', () => {
  it('stands in the config, or in the variable that the config names', () => {
    const url = 'https://hooks.example.org/services/x';
    expect(addressOf({ url }, {})).toEqual({ ok: true, url, host: 'hooks.example.org' });
    expect(addressOf({ env: 'HOOK' }, { HOOK: url })).toEqual({ ok: true, url, host: 'hooks.example.org' });
  });

  it('is missing where the variable is not set or empty', () => {
    for (const env of [{}, { HOOK: '' }])
      expect(addressOf({ env: 'HOOK' }, env)).toEqual({
        ok: false,
        reason: 'the environment variable HOOK is not set',
      });
  });

  it('is not shown where it is none', () => {
    for (const HOOK of [
      'hooks.example.org/s3cr3t',
      'https://me:s3cr3t@x/y',
      'https://x/#s3cr3t',
      'https://x/s3 cr3t',
    ])
      expect(addressOf({ env: 'HOOK' }, { HOOK })).toEqual({
        ok: false,
        reason:
          'what stands in the environment variable HOOK is no address (it is not shown): expected http:// or https://, a host and perhaps a path, without user and password',
      });
  });
});
