/**
 * What went wrong with a request, in words: which address, what was answered or what broke, and what to do.
 * Pure: it sends nothing and decides no retry, it only says whether another try may help.
 */
import type { TaskFailure } from '../../src/engine/task.ts';
import { durationText } from './duration.ts';
import { withoutSecrets } from './settings.ts';

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly contentType: string | undefined;
  readonly location: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** The first kilobytes of the body, as text. */
  readonly body: string;
  /** What else may be asked where this address is refused. */
  readonly elsewhere?: string | undefined;
}

interface Meaning {
  readonly code: string;
  readonly hint: string;
  readonly transient?: true;
}

const LOOK_AT_PROXY = 'check the proxy (HTTPS_PROXY, NO_PROXY) or use another network';
/** The shortest ban there is (docs/DOMAIN.md §3): for an answer that does not say how long it lasts. */
const SHORTEST_BAN_MS = 120_000;

/** A failure for an answer whose status is not the expected one. */
export function failureOfAnswer(url: string, answer: Answer): TaskFailure {
  const html = isHtml(answer);
  const { code, hint, transient } = meaningOf(answer, html);
  const status = `${answer.status} ${answer.statusText}`.trim();
  const { retryAfterMs } = answer;
  const wait = retryAfterMs === undefined ? '' : `; it asks to wait ${durationText(retryAfterMs)}`;
  const message = `GET ${url} answered ${status}${inside(answer, html)}${wait}`;
  if (transient === undefined) return { code, message, hint };
  const notBefore = retryAfterMs ?? (answer.status === 418 ? SHORTEST_BAN_MS : undefined);
  return { code, message, hint, transient, ...(notBefore === undefined ? {} : { retryAfterMs: notBefore }) };
}

function meaningOf({ status, body, elsewhere }: Answer, html: boolean): Meaning {
  const or = elsewhere === undefined ? '' : `, or ${elsewhere}`;
  if (status >= 500) {
    const hint = 'the server is in trouble: build again later';
    return { code: 'http-server-error', hint, transient: true };
  }
  if (status >= 300 && status < 400) {
    const hint = 'redirects are not followed: put the address that is meant into the config';
    return { code: 'http-redirect', hint };
  }
  switch (status) {
    case 403: {
      // S3 says what it refuses; a page, or nothing at all, comes from something in between.
      if (!html && body.trim() !== '') {
        const hint = `the server refuses this address or this client: check the address in the config${or}`;
        return { code: 'http-forbidden', hint };
      }
      const hint = `a firewall or a proxy answered in the server's place, which often passes; if it does not, ${LOOK_AT_PROXY}${or}`;
      return { code: 'http-firewall', hint, transient: true };
    }
    case 404:
      return {
        code: 'http-not-found',
        hint: 'the server has no such thing: check the address in the config',
      };
    case 407:
      return { code: 'http-proxy', hint: PROXY_LOGIN };
    case 418: {
      const hint =
        'this IP address is banned for having asked too much: wait that long, then build again; if it comes back, lower pools.network or pools.rest';
      return { code: 'http-banned', hint, transient: true };
    }
    case 429: {
      const hint = 'too much was asked at once: lower pools.network or pools.rest';
      return { code: 'http-rate-limited', hint, transient: true };
    }
    case 451: {
      const what = elsewhere ?? 'use an address in the config that serves it';
      const hint = `the publisher does not serve this location, and trying again does not help: ${what}, or use a network of another region (HTTPS_PROXY)`;
      return { code: 'http-location-refused', hint };
    }
    default:
      return { code: 'http-status', hint: 'check the address in the config' };
  }
}

const PROXY_LOGIN = 'put user and password into HTTPS_PROXY: http://user:password@host:port';

function isHtml(answer: Answer): boolean {
  return /^text\/html\b/i.test(answer.contentType ?? '') || /^\s*<(!doctype html|html)/i.test(answer.body);
}

/** What the body adds to the status: the title of a page, the beginning of anything else. */
function inside(answer: Answer, html: boolean): string {
  if (answer.location !== undefined) return ` to ${withoutSecrets(answer.location)}`;
  const body = answer.body.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  if (html) {
    const title = /<title[^>]*>([^<]*)</i.exec(body)?.[1]?.trim();
    return title ? ` with an HTML page, "${title.slice(0, 100)}"` : ' with an HTML page';
  }
  if (body === '') return '';
  return `: ${body.length > 200 ? `${body.slice(0, 200)}…` : body}`;
}

const TLS_TRUST = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

const TIME_OUTS: Readonly<Record<string, readonly [what: string, setting: string]>> = {
  UND_ERR_CONNECT_TIMEOUT: ['no connection in time', 'network.connect_timeout'],
  ETIMEDOUT: ['no connection in time', 'network.connect_timeout'],
  UND_ERR_HEADERS_TIMEOUT: ['no answer in time', 'network.headers_timeout'],
  UND_ERR_BODY_TIMEOUT: ['the answer stopped in the middle', 'network.body_timeout'],
};

const UNREACHED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN']);
const CUT = new Set([
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/**
 * A failure for what was thrown on the way, or undefined where it is none that is known: a bug. `proxies` are those of
 * the environment, as `host:port`.
 */
export function failureOfError(
  url: string,
  thrown: unknown,
  proxies: readonly string[] = [],
): TaskFailure | undefined {
  const code = codeOf(thrown);
  const { host, hostname } = new URL(url);
  const proxy = proxyIn(thrown, url, proxies);
  const fail = (kind: string, what: string, hint: string, transient: boolean): TaskFailure => ({
    code: kind,
    message: `GET ${url} failed: ${what}`,
    hint,
    ...(transient ? { transient } : {}),
  });
  const timeOut = TIME_OUTS[code];
  if (timeOut) {
    const [what, setting] = timeOut;
    const whose = proxy === undefined ? '' : `; the proxy ${proxy} was asked`;
    const hint = `build again; on a slow line raise ${setting}`;
    return fail('http-timeout', `${what} (${code})${whose}`, hint, true);
  }
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) {
    const name = nameOf(thrown) ?? hostname;
    const ofProxy = proxies.find(
      (each) => each.slice(0, each.lastIndexOf(':')) === name && name !== hostname,
    );
    if (ofProxy !== undefined) {
      const hint =
        'check the network, and the name of the proxy in HTTPS_PROXY; NO_PROXY names hosts that need none';
      const what = `the name of the proxy ${ofProxy} cannot be resolved (${code})`;
      return fail('http-proxy', what, hint, code !== 'ENOTFOUND');
    }
    const hint = 'check the network, the name in the config, and whether a proxy is needed (HTTPS_PROXY)';
    return fail('http-dns', `the name ${name} cannot be resolved (${code})`, hint, code !== 'ENOTFOUND');
  }
  if (UNREACHED.has(code)) {
    const what = code === 'ECONNREFUSED' ? 'refused the connection' : 'cannot be reached';
    if (proxy !== undefined) {
      const hint = 'check HTTPS_PROXY, and whether the proxy runs there; NO_PROXY names hosts that need none';
      return fail('http-proxy', `the proxy ${proxy} ${what} (${code})`, hint, true);
    }
    const hint = 'check the address in the config and whether a proxy is needed (HTTPS_PROXY)';
    return fail('http-connect', `${host} ${what} (${code})`, hint, true);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const hint = 'check the firewall of this machine, and whether a proxy is needed (HTTPS_PROXY)';
    return fail('http-connect', `this machine allows no connection to ${host} (${code})`, hint, false);
  }
  if (TLS_TRUST.has(code)) {
    const hint = 'if a proxy of your company opens TLS, name its certificate in network.ca_file (PEM)';
    const what = `the certificate of ${host} comes from an unknown authority (${code})`;
    return fail('http-tls', what, hint, false);
  }
  if (
    /^(CERT_|ERR_TLS_|ERR_SSL_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_)/.test(code) ||
    code === 'EPROTO' ||
    code === 'UND_ERR_PRX_TLS'
  ) {
    const hint = 'check the address in the config, the clock of this machine, and the proxy';
    return fail('http-tls', `no secure connection to ${host} (${code})`, hint, false);
  }
  if (code === 'UND_ERR_ABORTED' && thrown instanceof Error && thrown.message.startsWith('Proxy response'))
    return ofTunnel(Number(/\((\d+)\)/.exec(thrown.message)?.[1]), proxies, fail);
  if (code === 'PROXY_HUNG_UP') {
    const hint = 'check HTTPS_PROXY, and whether the proxy runs there and connects to such addresses';
    return fail('http-proxy', `${oneOfThe(proxies)} hung up without an answer`, hint, true);
  }
  if (CUT.has(code)) return fail('http-cut', `the connection was cut (${code})`, 'build again', true);
  if (code.startsWith('HPE_') || code.startsWith('UND_ERR_')) {
    const hint = `build again; if it stays, ${LOOK_AT_PROXY}`;
    return fail('http-protocol', `the answer is no proper HTTP (${code})`, hint, true);
  }
  return undefined;
}

/** The proxy was reached and did not connect us. */
function ofTunnel(
  status: number,
  proxies: readonly string[],
  fail: (kind: string, what: string, hint: string, transient: boolean) => TaskFailure,
): TaskFailure {
  const hint =
    status === 407
      ? PROXY_LOGIN
      : 'the proxy does not connect to this address: ask who runs it, or name the host in NO_PROXY if none is needed';
  const what = Number.isNaN(status) ? 'an error' : String(status);
  return fail('http-proxy', `${oneOfThe(proxies)} answered ${what}`, hint, status >= 500);
}

function oneOfThe(proxies: readonly string[]): string {
  const [only, ...others] = new Set(proxies);
  return only === undefined || others.length > 0 ? 'the proxy' : `the proxy ${only}`;
}

/** The proxy that could not be connected to, told by the port that was tried. */
function proxyIn(thrown: unknown, url: string, proxies: readonly string[]): string | undefined {
  const { protocol, port } = new URL(url);
  const own = port || (protocol === 'https:' ? '443' : '80');
  return proxies.find((proxy) => {
    const at = proxy.slice(proxy.lastIndexOf(':') + 1);
    return errorsIn(thrown).some(
      (error) =>
        error.message.includes(`attempted address: ${proxy}`) ||
        (at !== own && 'port' in error && String(error.port) === at),
    );
  });
}

/** The error, its causes, and what they gather. */
function errorsIn(thrown: unknown, depth = 0): readonly Error[] {
  if (!(thrown instanceof Error) || depth > 5) return [];
  const gathered = thrown instanceof AggregateError ? thrown.errors : [];
  return [thrown, ...[thrown.cause, ...gathered].flatMap((each: unknown) => errorsIn(each, depth + 1))];
}

/** The name that was looked up: that of a proxy where there is one. */
function nameOf(thrown: unknown): string | undefined {
  for (const error of errorsIn(thrown))
    if ('hostname' in error && typeof error.hostname === 'string') return error.hostname;
  return undefined;
}

/** The code of an error or of the first of its causes that has one. */
function codeOf(thrown: unknown): string {
  for (const error of errorsIn(thrown)) {
    if ('code' in error && typeof error.code === 'string') return error.code;
    // undici's has no code for some of what its parser refuses.
    if (error.name === 'HTTPParserError') return 'HPE_UNKNOWN';
  }
  return '';
}
