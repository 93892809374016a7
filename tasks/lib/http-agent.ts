/**
 * One pool of connections per process and group of settings: time-outs, certificate authorities, proxies from the
 * environment. undici is imported when the first request is made: a build with nothing to fetch never pays for it.
 * It knows no request and no answer.
 */
import { setMaxListeners } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { buildConnector, Dispatcher } from 'undici';
import type { TaskFailure } from '../../src/engine/task.ts';
import type { Proxies } from './proxies.ts';
import { readProxies } from './proxies.ts';
import type { NetworkSettings } from './settings.ts';

export type DispatcherResult = Made | { readonly ok: false; readonly failure: TaskFailure };

interface Made {
  readonly ok: true;
  readonly dispatcher: Dispatcher;
  /** What the environment names, as `host:port`, so that a failure can be told to be theirs. */
  readonly proxies: readonly string[];
  /** Ends all connections, those that are still being made included, which undici leaves to their time-out. */
  hangUp(): void;
}

const dispatchers = new Map<string, Promise<DispatcherResult>>();

/** A local exchange must be reached on a machine whose environment names a proxy, too. */
const NEVER_PROXIED = ['localhost', '127.0.0.1', '[::1]'];

export async function dispatcherFor(workspace: string, settings: NetworkSettings): Promise<DispatcherResult> {
  const read = readProxies(process.env);
  if (!read.ok) return read;
  const proxies = read.value;
  const { connect_timeout, headers_timeout, body_timeout } = settings;
  const caFile = settings.ca_file ? absolute(workspace, settings.ca_file) : undefined;
  const key = JSON.stringify([connect_timeout, headers_timeout, body_timeout, caFile, proxies]);
  const known = dispatchers.get(key);
  if (known !== undefined) return known;
  const made = makeDispatcher(settings, caFile, proxies, () => dispatchers.delete(key));
  dispatchers.set(key, made);
  const result = await made.catch((thrown: unknown) => {
    dispatchers.delete(key);
    throw thrown;
  });
  // A missing certificate file may be there at the next attempt.
  if (!result.ok) dispatchers.delete(key);
  return result;
}

const lent = new Map<Made, number>();

/**
 * To be called before each request; what it gives, when the request has ended. Once the last one of those that were
 * aborted has, nothing stays open: a process that is told to stop does not wait for hosts that say nothing.
 */
export function borrow(made: Made): (aborted: boolean) => void {
  lent.set(made, (lent.get(made) ?? 0) + 1);
  return (aborted) => {
    const others = (lent.get(made) ?? 1) - 1;
    lent.set(made, others);
    if (!aborted || others > 0) return;
    lent.delete(made);
    made.hangUp();
  };
}

async function makeDispatcher(
  settings: NetworkSettings,
  caFile: string | undefined,
  proxies: Proxies,
  forget: () => void,
): Promise<DispatcherResult> {
  const { Agent, EnvHttpProxyAgent, Pool } = await import('undici');
  const ca = caFile === undefined ? undefined : await authorities(caFile, settings.ca_file ?? caFile);
  if (ca !== undefined && !Array.isArray(ca)) return { ok: false, failure: ca };
  const ending = new AbortController();
  // One for each connection there is.
  setMaxListeners(0, ending.signal);
  const { signal } = ending;
  const connect = { timeout: settings.connect_timeout, signal, ...(ca === undefined ? {} : { ca }) };
  const options = { headersTimeout: settings.headers_timeout, bodyTimeout: settings.body_timeout, connect };
  const made = (dispatcher: Dispatcher, through: readonly string[]): Made => ({
    ok: true,
    dispatcher,
    proxies: through,
    hangUp: () => {
      forget();
      void dispatcher.destroy();
      ending.abort();
    },
  });
  const { http, https, except } = proxies;
  if (http === undefined && https === undefined) return made(new Agent(options), []);
  // Through a proxy the certificates of the server are checked with `requestTls`, not with `connect`.
  const tunnel = { requestTls: connect, proxyTls: connect };
  const none = except.join();
  const addresses = {
    httpProxy: http?.address ?? '',
    httpsProxy: https?.address ?? '',
    noProxy: none === '*' ? none : [...except, ...NEVER_PROXIED].join(),
  };
  const factory = (origin: string | URL, given: object): Dispatcher =>
    new Pool(origin, tunnels(given) ? { ...given, connect: onlyOnce(given.connect) } : given);
  // Its own would wait five minutes for an answer of the proxy.
  const clientFactory = (origin: URL, given: object): Dispatcher =>
    new Pool(origin, { ...options, ...given });
  const factories = { factory, clientFactory };
  const dispatcher = new EnvHttpProxyAgent({ ...options, ...tunnel, ...addresses, ...factories });
  return made(
    dispatcher,
    [http, https].flatMap((proxy) => proxy?.shown ?? []),
  );
}

/** The proxy hung up while a way through it was asked for. */
export class ProxyHungUp extends Error {
  readonly code = 'PROXY_HUNG_UP';
}

interface Tunnelling {
  readonly connect: buildConnector.connector;
}

function tunnels(given: object): given is Tunnelling {
  return 'connect' in given && typeof given.connect === 'function';
}

/**
 * undici connects again, at once and for ever, after what it takes to be trouble of a socket that will pass (7.30,
 * `onError` in client.js): a proxy that hangs up was called five thousand times a second, and no abort ended it.
 */
function onlyOnce(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[thrown, socket]) => {
      if (thrown === null) callback(null, socket);
      else callback(isOfSocket(thrown) ? new ProxyHungUp(thrown.message, { cause: thrown }) : thrown, null);
    });
}

function isOfSocket(thrown: Error): boolean {
  return 'code' in thrown && (thrown.code === 'UND_ERR_SOCKET' || thrown.code === 'UND_ERR_INFO');
}

/** The file's certificates beside the well-known ones, which `ca` would otherwise replace; or why not. */
async function authorities(path: string, shown: string): Promise<string[] | TaskFailure> {
  const { rootCertificates } = await import('node:tls');
  const hint = 'network.ca_file names a PEM file, relative to the workspace';
  try {
    // A pipe, which nobody may ever write to, is not waited for.
    if (!(await stat(path)).isFile()) return { code: 'ca-file', message: `${shown} is no file`, hint };
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

function absolute(workspace: string, path: string): string {
  return isAbsolute(path) ? path : join(workspace, path);
}
