/**
 * Which proxies the environment names, as hosts alone: what stands before the host is nobody's business. It asks
 * nothing; `lib/http-agent` is what obeys them, by the same rules.
 */
import type { Check } from './check.ts';
import { fail, ok } from './check.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = ['http_proxy', 'https_proxy'] as const;

export function proxyCheck(env: Environment): Check {
  const found = NAMES.flatMap((name) => {
    // As curl has it: the lower-case name wins, and an empty value means none.
    const spelt = env[name] === undefined ? name.toUpperCase() : name;
    const value = env[spelt];
    return value ? [{ spelt, host: hostOf(value) }] : [];
  });
  if (found.length === 0) return ok('proxy', 'none in the environment: hosts are asked directly');
  const bad = found.find(({ host }) => host === undefined);
  if (bad !== undefined) {
    const detail = `the environment variable ${bad.spelt} is no address of a proxy`;
    return fail('proxy', detail, 'expected http://host:port, or nothing');
  }
  const none = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/).filter((name) => name !== '');
  const except =
    none.length === 0 ? '' : `; NO_PROXY has ${none.length} ${none.length === 1 ? 'name' : 'names'}`;
  return ok('proxy', found.map(({ spelt, host }) => `${spelt} is ${host}`).join(', ') + except);
}

/** `proxy.corp:8080` of `http://user:password@proxy.corp:8080/`; undefined where it is no address. */
function hostOf(value: string): string | undefined {
  const address = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(address)) return undefined;
  const { host } = new URL(address);
  return host === '' ? undefined : host;
}
