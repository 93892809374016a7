/**
 * Which proxies the environment names, by the rules of curl and undici. What stands before a proxy's host may be a
 * password: only `shown` is for messages. It connects to nothing.
 */
import type { TaskFailure } from '../../src/engine/task.ts';

export interface Proxy {
  /** The environment variable, as it is spelt there. */
  readonly name: string;
  /** With its scheme, user and password. */
  readonly address: string;
  /** `proxy.corp:8080`. */
  readonly shown: string;
}

export interface Proxies {
  readonly http: Proxy | undefined;
  readonly https: Proxy | undefined;
  /** Hosts that are asked directly; `*` are all. */
  readonly except: readonly string[];
}

export type ProxiesRead =
  | { readonly ok: true; readonly value: Proxies }
  | { readonly ok: false; readonly failure: TaskFailure };

type Environment = Readonly<Record<string, string | undefined>>;

/** The lower-case name wins, an empty value means none, https falls back to http. */
export function readProxies(env: Environment): ProxiesRead {
  const http = proxyIn(env, 'http_proxy');
  if (http !== undefined && 'failure' in http) return { ok: false, failure: http.failure };
  const https = proxyIn(env, 'https_proxy') ?? http;
  if (https !== undefined && 'failure' in https) return { ok: false, failure: https.failure };
  const except = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/).filter((name) => name !== '');
  return { ok: true, value: { http, https, except } };
}

function proxyIn(env: Environment, lower: string): Proxy | { readonly failure: TaskFailure } | undefined {
  const name = env[lower] === undefined ? lower.toUpperCase() : lower;
  const value = env[name];
  if (!value) return undefined;
  // `proxy.corp:8080`, as curl takes it.
  const address = value.includes('://') ? value : `http://${value}`;
  const shown = hostAndPort(address);
  return shown === undefined ? { failure: noProxy(name) } : { name, address, shown };
}

/** The schemes that undici takes, and where they listen by default. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'socks5:': '1080',
  'socks:': '1080',
};

/** Undefined where undici would throw it at us, password and all. */
function hostAndPort(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, hostname, port, username, password } = new URL(address);
  const usual = DEFAULT_PORTS[protocol];
  if (usual === undefined || hostname === '') return undefined;
  try {
    decodeURIComponent(username + password);
  } catch {
    return undefined;
  }
  return `${hostname}:${port || usual}`;
}

/** The value may hold a password: it is not shown. */
function noProxy(name: string): TaskFailure {
  return {
    code: 'http-proxy',
    message: `the environment variable ${name} is no address of a proxy`,
    hint: 'expected http://host:port, or nothing',
  };
}
