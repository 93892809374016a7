import { describe, expect, it } from 'vitest';
import { failureOfError } from '../../../tasks/lib/http-failure.ts';

const url = 'https://data.binance.vision/data/x.zip';
const coded = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('what breaks on the way', () => {
  it.each([
    ['ENOTFOUND', 'http-dns', 'the name data.binance.vision cannot be resolved (ENOTFOUND)', undefined],
    ['EAI_AGAIN', 'http-dns', 'the name data.binance.vision cannot be resolved (EAI_AGAIN)', true],
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

  it('may be the disk, which another try does not mend', () => {
    expect(failureOfError(url, coded('ENOSPC'))).toEqual({
      code: 'disk',
      message: `the answer to GET ${url} cannot be stored: no space is left on the device (ENOSPC)`,
    });
  });

  it('is a bug when nobody knows it', () => {
    expect(failureOfError(url, new TypeError('x is not a function'))).toBeUndefined();
    expect(failureOfError(url, 'text')).toBeUndefined();
  });
});
