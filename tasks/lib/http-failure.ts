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
}

interface Meaning {
  readonly code: string;
  readonly hint: string;
  readonly transient?: true;
}

const LOOK_AT_PROXY = 'check the proxy (HTTPS_PROXY, NO_PROXY) or use another network';

/** A failure for an answer whose status is not 2xx. */
export function failureOfAnswer(url: string, answer: Answer): TaskFailure {
  const html = isHtml(answer);
  const { code, hint, transient } = meaningOf(answer, html);
  const status = `${answer.status} ${answer.statusText}`.trim();
  const wait =
    answer.retryAfterMs === undefined ? '' : `; it asks to wait ${durationText(answer.retryAfterMs)}`;
  const message = `GET ${url} answered ${status}${inside(answer, html)}${wait}`;
  return { code, message, hint, ...(transient === undefined ? {} : { transient }) };
}

function meaningOf(answer: Answer, html: boolean): Meaning {
  const { status } = answer;
  if (status >= 500)
    return {
      code: 'http-server-error',
      hint: 'the server is in trouble: build again later',
      transient: true,
    };
  if (status >= 300 && status < 400) {
    return {
      code: 'http-redirect',
      hint: 'redirects are not followed: put the address that is meant into the config',
    };
  }
  switch (status) {
    case 403:
      if (!html)
        return {
          code: 'http-forbidden',
          hint: 'the server refuses this address or this client: check the address in the config',
        };
      return {
        code: 'http-firewall',
        hint: `a firewall or a proxy answered in the server's place, which often passes; if it does not, ${LOOK_AT_PROXY}`,
        transient: true,
      };
    case 404:
      return {
        code: 'http-not-found',
        hint: 'the server has no such thing: check the address in the config',
      };
    case 407:
      return {
        code: 'http-proxy',
        hint: 'put user and password into HTTPS_PROXY: http://user:password@host:port',
      };
    case 418:
      return {
        code: 'http-banned',
        hint: 'this IP address is banned for having asked too much: wait that long, then build again',
      };
    case 429:
      return {
        code: 'http-rate-limited',
        hint: 'too much was asked at once: lower pools.network or pools.rest',
        transient: true,
      };
    case 451:
      return {
        code: 'http-location-refused',
        hint: 'the publisher does not serve this location, and trying again does not help: use an address in the config that serves it',
      };
    default:
      return { code: 'http-status', hint: 'check the address in the config' };
  }
}

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

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  EIO: 'the device failed',
};

/** A failure for what was thrown on the way, or undefined where it is none that is known: a bug. */
export function failureOfError(url: string, thrown: unknown): TaskFailure | undefined {
  const code = codeOf(thrown);
  const { host, hostname } = new URL(url);
  const fail = (kind: string, what: string, hint: string, transient: boolean): TaskFailure => ({
    code: kind,
    message: `GET ${url} failed: ${what}`,
    hint,
    ...(transient ? { transient } : {}),
  });
  const timeOut = TIME_OUTS[code];
  if (timeOut)
    return fail(
      'http-timeout',
      `${timeOut[0]} (${code})`,
      `build again; on a slow line raise ${timeOut[1]}`,
      true,
    );
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const hint = 'check the network, the name in the config, and whether a proxy is needed (HTTPS_PROXY)';
    const name = nameOf(thrown) ?? hostname;
    return fail('http-dns', `the name ${name} cannot be resolved (${code})`, hint, code === 'EAI_AGAIN');
  }
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    const what = code === 'ECONNREFUSED' ? `${host} refused the connection` : `${host} cannot be reached`;
    const hint = 'check the address in the config and whether a proxy is needed (HTTPS_PROXY)';
    return fail('http-connect', `${what} (${code})`, hint, true);
  }
  if (TLS_TRUST.has(code)) {
    const hint = 'if a proxy of your company opens TLS, name its certificate in network.ca_file (PEM)';
    return fail(
      'http-tls',
      `the certificate of ${host} comes from an unknown authority (${code})`,
      hint,
      false,
    );
  }
  if (
    code.startsWith('CERT_') ||
    code.startsWith('ERR_TLS_') ||
    code.startsWith('ERR_SSL_') ||
    code === 'EPROTO' ||
    code === 'UND_ERR_PRX_TLS'
  ) {
    const hint = 'check the address in the config, the clock of this machine, and the proxy';
    return fail('http-tls', `no secure connection to ${host} (${code})`, hint, false);
  }
  if (code === 'UND_ERR_ABORTED' && thrown instanceof Error && thrown.message.startsWith('Proxy response')) {
    const status = /\((\d+)\)/.exec(thrown.message)?.[1] ?? 'an error';
    return fail(
      'http-proxy',
      `the proxy answered ${status}`,
      'check HTTPS_PROXY: its host, port, user and password',
      false,
    );
  }
  if (
    code === 'UND_ERR_SOCKET' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  ) {
    return fail('http-cut', `the connection was cut (${code})`, 'build again', true);
  }
  if (code.startsWith('HPE_') || code.startsWith('UND_ERR_')) {
    return fail(
      'http-protocol',
      `the answer is no proper HTTP (${code})`,
      `build again; if it stays, ${LOOK_AT_PROXY}`,
      true,
    );
  }
  const disk = DISK[code];
  return disk
    ? { code: 'disk', message: `the answer to GET ${url} cannot be stored: ${disk} (${code})` }
    : undefined;
}

/** The name that was looked up: that of a proxy where there is one. */
function nameOf(thrown: unknown): string | undefined {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('hostname' in at && typeof at.hostname === 'string') return at.hostname;
  }
  return undefined;
}

/** The code of an error or of the first of its causes that has one. */
function codeOf(thrown: unknown): string {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    // undici's has no code for some of what its parser refuses.
    if (at.name === 'HTTPParserError') return 'HPE_UNKNOWN';
    if (at instanceof AggregateError) {
      const first = at.errors.find((one: unknown) => one instanceof Error && 'code' in one);
      if (first !== undefined) return codeOf(first);
    }
  }
  return '';
}
