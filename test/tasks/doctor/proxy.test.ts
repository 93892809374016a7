import { describe, expect, it } from 'vitest';
import { proxyCheck } from '../../../tasks/doctor/proxy.ts';

describe('proxies of the environment', () => {
  it('are told as hosts, never with user or password', () => {
    const check = proxyCheck({
      HTTP_PROXY: 'proxy.corp:3128',
      HTTPS_PROXY: 'http://user:geheim@proxy.corp:8080/?token=geheim',
      NO_PROXY: 'localhost, .intern',
    });
    expect(check).toEqual({
      name: 'proxy',
      state: 'ok',
      detail: 'HTTP_PROXY is proxy.corp:3128, HTTPS_PROXY is proxy.corp:8080; NO_PROXY has 2 names',
    });
  });

  it('are those of the lower-case names first, and an empty one is none', () => {
    expect(proxyCheck({ https_proxy: 'http://a', HTTPS_PROXY: 'http://b' }).detail).toBe(
      'https_proxy is a:80',
    );
    expect(proxyCheck({ https_proxy: '', HTTPS_PROXY: 'http://b' }).detail).toBe(
      'none in the environment: hosts are asked directly',
    );
    expect(proxyCheck({ no_proxy: '*' }).detail).toBe('none in the environment: hosts are asked directly');
  });

  it('are told to be of no use where NO_PROXY has all hosts', () => {
    expect(proxyCheck({ HTTP_PROXY: 'p:3128', NO_PROXY: '*' }).detail).toBe(
      'HTTP_PROXY is p:3128, but NO_PROXY is *: hosts are asked directly',
    );
  });

  // What a build refuses, doctor must not call right.
  it.each(['http://user:geheim@', 'http://ge heim:1', 'ftp://geheim@p:1', 'http://us%er:geheim@p:1'])(
    'that are none are named, not shown: %s',
    (value) => {
      expect(proxyCheck({ HTTPS_PROXY: value })).toEqual({
        name: 'proxy',
        state: 'fail',
        detail: 'the environment variable HTTPS_PROXY is no address of a proxy',
        hint: 'expected http://host:port, or nothing',
      });
    },
  );
});
