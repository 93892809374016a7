/**
 * One pool of connections per process and group of settings: time-outs, certificate authorities, proxies from the
 * environment. undici is imported when the first request is made: a build with nothing to fetch never pays for it.
 * It knows no request and no answer.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Dispatcher } from 'undici';
import type { TaskFailure } from '../../src/engine/task.ts';
import type { NetworkSettings } from './settings.ts';

export type DispatcherResult =
  /** `proxies`: what the environment names, as `host:port`, so that a failure can be told to be theirs. */
  | { readonly ok: true; readonly dispatcher: Dispatcher; readonly proxies: readonly string[] }
  | { readonly ok: false; readonly failure: TaskFailure };

const dispatchers = new Map<string, Promise<DispatcherResult>>();

/** A local exchange must be reached on a machine whose environment names a proxy, too. */
const NEVER_PROXIED = ['localhost', '127.0.0.1', '[::1]'];

export async function dispatcherFor(workspace: string, settings: NetworkSettings): Promise<DispatcherResult> {
  const proxies = proxiesOf(process.env);
  const { connect_timeout, headers_timeout, body_timeout } = settings;
  const caFile = settings.ca_file ? absolute(workspace, settings.ca_file) : undefined;
  const key = JSON.stringify([connect_timeout, headers_timeout, body_timeout, caFile, proxies]);
  const known = dispatchers.get(key);
  if (known !== undefined) return known;
  const made = makeDispatcher(settings, caFile, proxies);
  dispatchers.set(key, made);
  const result = await made.catch((thrown: unknown) => {
    dispatchers.delete(key);
    throw thrown;
  });
  // A missing certificate file may be there at the next attempt.
  if (!result.ok) dispatchers.delete(key);
  return result;
}

interface Proxies {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly none: string;
}

/** As curl and undici read them: the lower-case name wins, an empty value means none, https falls back to http. */
function proxiesOf(env: NodeJS.ProcessEnv): Proxies {
  const none = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').trim();
  const http = (env['http_proxy'] ?? env['HTTP_PROXY']) || undefined;
  return {
    http: withScheme(http),
    https: withScheme((env['https_proxy'] ?? env['HTTPS_PROXY']) || http),
    none: none === '*' ? none : [none, ...NEVER_PROXIED].join(','),
  };
}

/** `proxy.corp:8080`, as curl takes it. */
function withScheme(proxy: string | undefined): string | undefined {
  return proxy === undefined || proxy.includes('://') ? proxy : `http://${proxy}`;
}

const PROXY_SCHEMES = new Set(['http:', 'https:', 'socks5:', 'socks:']);

/** What undici takes; the rest it throws at us, password and all. */
function isProxy(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (!PROXY_SCHEMES.has(protocol) || hostname === '') return false;
  try {
    return decodeURIComponent(username + password) !== undefined;
  } catch {
    return false;
  }
}

async function makeDispatcher(
  settings: NetworkSettings,
  caFile: string | undefined,
  proxies: Proxies,
): Promise<DispatcherResult> {
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const ca = caFile === undefined ? undefined : await authorities(caFile, settings.ca_file ?? caFile);
  if (ca !== undefined && !Array.isArray(ca)) return { ok: false, failure: ca };
  const connect = { timeout: settings.connect_timeout, ...(ca === undefined ? {} : { ca }) };
  const options = { headersTimeout: settings.headers_timeout, bodyTimeout: settings.body_timeout, connect };
  if (proxies.http === undefined && proxies.https === undefined)
    return { ok: true, dispatcher: new Agent(options), proxies: [] };
  for (const [name, value] of [
    ['HTTP_PROXY', proxies.http] as const,
    ['HTTPS_PROXY', proxies.https] as const,
  ]) {
    if (value !== undefined && !isProxy(value)) return { ok: false, failure: badProxy(name) };
  }
  // Through a proxy the certificates of the server are checked with `requestTls`, not with `connect`.
  const tunnel = { requestTls: connect, proxyTls: connect };
  const addresses = { httpProxy: proxies.http ?? '', httpsProxy: proxies.https ?? '', noProxy: proxies.none };
  const dispatcher = new EnvHttpProxyAgent({ ...options, ...tunnel, ...addresses });
  return { ok: true, dispatcher, proxies: [proxies.http, proxies.https].flatMap(hostAndPort) };
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Without user and password. */
function hostAndPort(proxy: string | undefined): string[] {
  if (proxy === undefined) return [];
  const { protocol, hostname, port } = new URL(proxy);
  return [`${hostname}:${port || (DEFAULT_PORTS[protocol] ?? '1080')}`];
}

/** The file's certificates beside the well-known ones, which `ca` would otherwise replace; or why not. */
async function authorities(path: string, shown: string): Promise<string[] | TaskFailure> {
  const { rootCertificates } = await import('node:tls');
  const hint = 'network.ca_file names a PEM file, relative to the workspace';
  try {
    const pem = await readFile(path, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return [...rootCertificates, pem];
    return {
      code: 'ca-file',
      message: `${shown} holds no certificate: expected -----BEGIN CERTIFICATE-----`,
      hint,
    };
  } catch (thrown) {
    const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
    return { code: 'ca-file', message: `${shown} cannot be read: ${why}`, hint };
  }
}

/** The value may hold a password: it is not shown. */
function badProxy(name: string): TaskFailure {
  return {
    code: 'http-proxy',
    message: `the environment variable ${name} is no address of a proxy`,
    hint: 'expected http://host:port, or nothing',
  };
}

function absolute(workspace: string, path: string): string {
  return isAbsolute(path) ? path : join(workspace, path);
}
