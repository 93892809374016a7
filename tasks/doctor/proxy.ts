/** Which proxies requests go through, as hosts alone: what stands before the host is nobody's business. It asks nothing. */
import { readProxies } from '../lib/proxies.ts';
import type { Check } from './check.ts';
import { failed, ok } from './check.ts';

export function proxyCheck(env: Readonly<Record<string, string | undefined>>): Check {
  const name = 'proxy';
  const read = readProxies(env);
  if (!read.ok) return failed(name, read.failure);
  const { http, https, except } = read.value;
  const named = new Map(
    [http, https].flatMap((proxy) => (proxy ? [[proxy.name, proxy.shown] as const] : [])),
  );
  if (named.size === 0) return ok(name, 'none in the environment: hosts are asked directly');
  const found = [...named].map(([variable, shown]) => `${variable} is ${shown}`).join(', ');
  if (except.length === 0) return ok(name, found);
  if (except.join() === '*') return ok(name, `${found}, but NO_PROXY is *: hosts are asked directly`);
  return ok(name, `${found}; NO_PROXY has ${except.length} ${except.length === 1 ? 'name' : 'names'}`);
}
