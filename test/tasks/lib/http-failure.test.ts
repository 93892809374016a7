import { describe, expect, it } from 'vitest';
import { failureOfError } from '../../../tasks/lib/http-failure.ts';

const url = 'https://data.binance.vision/data/x.zip';
const coded = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('what breaks on the way', () => {
  it.each([
    ['ENOTFOUND', 'http-dns', 'the name data.binance.vision cannot be resolved (ENOTFOUND)', undefined],
    ['EAI_AGAIN', 'http-dns', 'the name data.binance.vision cannot be resolved (EAI_AGAIN)', true],
    ['EAI_FAIL', 'http-dns', 'the name data.binance.vision cannot be resolved (EAI_FAIL)', true],
    ['INVALID_CA', 'http-tls', 'no secure connection to data.binance.vision (INVALID_CA)', undefined],
    ['ENETUNREACH', 'http-connect', 'data.binance.vision cannot be reached (ENETUNREACH)', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'http-timeout', 'no connection in time (UND_ERR_CONNECT_TIMEOUT)', true],
    ['UND_ERR_BODY_TIMEOUT', 'http-timeout', 'the answer stopped in the middle (UND_ERR_BODY_TIMEOUT)', true],
    ['ECONNRESET', 'http-cut', 'the connection was cut (ECONNRESET)', true],
    [
      'CERT_HAS_EXPIRED',
      'http-tls',
      'no secure connection to data.binance.vision (CERT_HAS_EXPIRED)',
      undefined,
    ],
    ['HPE_INVALID_CONSTANT', 'http-protocol', 'the answer is no proper HTTP (HPE_INVALID_CONSTANT)', true],
  ])('%s is said in a sentence', (code, kind, what, transient) => {
    const failure = failureOfError(url, coded(code));
    expect(failure).toMatchObject({ code: kind, message: `GET ${url} failed: ${what}` });
    expect(failure?.transient).toBe(transient);
    expect(failure?.hint).not.toBe('');
  });

  it('tells to check name, network and proxy when a name cannot be resolved', () => {
    expect(failureOfError(url, coded('ENOTFOUND'))?.hint).toBe(
      'check the network, the name in the config, and whether a proxy is needed (HTTPS_PROXY)',
    );
  });

  it('names the proxy where it is the proxy whose name is unknown', () => {
    const unknown = Object.assign(coded('ENOTFOUND'), { hostname: 'proxy.corp' });
    expect(failureOfError(url, unknown)?.message).toBe(
      `GET ${url} failed: the name proxy.corp cannot be resolved (ENOTFOUND)`,
    );
  });

  it('is found in causes, and in the first of several attempts', () => {
    const refused = new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]);
    expect(failureOfError(url, new Error('outer', { cause: refused }))?.message).toBe(
      `GET ${url} failed: data.binance.vision refused the connection (ECONNREFUSED)`,
    );
  });

  it('may be this machine, which another try does not mend', () => {
    expect(failureOfError(url, coded('EACCES'))).toEqual({
      code: 'http-connect',
      message: `GET ${url} failed: this machine allows no connection to data.binance.vision (EACCES)`,
      hint: 'check the firewall of this machine, and whether a proxy is needed (HTTPS_PROXY)',
    });
  });

  it.each([
    ['the port that was tried', Object.assign(coded('ECONNREFUSED'), { port: 3128 }), ['proxy.corp:3128']],
    ['the host itself', Object.assign(coded('ECONNREFUSED'), { port: 443 }), ['proxy.corp:443']],
    ['the host itself', coded('ECONNREFUSED'), ['proxy.corp:3128']],
  ])('is the fault of the proxy only where the error tells so: %s', (_, thrown, proxies) => {
    const who = _ === 'the host itself' ? 'data.binance.vision' : 'the proxy proxy.corp:3128';
    expect(failureOfError(url, thrown, proxies)?.message).toBe(
      `GET ${url} failed: ${who} refused the connection (ECONNREFUSED)`,
    );
  });

  it('may be the name of the proxy, which is told from that of the host', () => {
    const unknown = Object.assign(coded('ENOTFOUND'), { hostname: 'proxy.corp' });
    expect(failureOfError(url, unknown, ['proxy.corp:3128'])).toEqual({
      code: 'http-proxy',
      message: `GET ${url} failed: the name of the proxy proxy.corp:3128 cannot be resolved (ENOTFOUND)`,
      hint: 'check the network, and the name of the proxy in HTTPS_PROXY; NO_PROXY names hosts that need none',
    });
    const own = Object.assign(coded('ENOTFOUND'), { hostname: 'data.binance.vision' });
    expect(failureOfError(url, own, ['proxy.corp:3128'])?.code).toBe('http-dns');
  });

  it('says that the proxy was asked when there was no connection in time', () => {
    const message = 'Connect Timeout Error (attempted address: proxy.corp:3128, timeout: 10000ms)';
    expect(failureOfError(url, coded('UND_ERR_CONNECT_TIMEOUT', message), ['proxy.corp:3128'])).toEqual({
      code: 'http-timeout',
      message: `GET ${url} failed: no connection in time (UND_ERR_CONNECT_TIMEOUT); the proxy proxy.corp:3128 was asked`,
      hint: 'build again; on a slow line raise network.connect_timeout',
      transient: true,
    });
  });

  it.each([
    [502, true],
    [403, undefined],
  ])('a proxy that answers %i to CONNECT', (status, transient) => {
    const aborted = coded('UND_ERR_ABORTED', `Proxy response (${status}) !== 200 when HTTP Tunneling`);
    const failure = failureOfError(url, aborted, ['a:1', 'b:2']);
    expect(failure).toMatchObject({
      code: 'http-proxy',
      message: `GET ${url} failed: the proxy answered ${status}`,
    });
    expect(failure?.transient).toBe(transient);
  });

  it('is a bug when nobody knows it', () => {
    expect(failureOfError(url, new TypeError('x is not a function'))).toBeUndefined();
    expect(failureOfError(url, 'text')).toBeUndefined();
  });
});
