/**
 * What a request asks and what is answered, as plain data, and the archive's own error page. Knows no
 * sockets.
 */

export interface Ask {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Decoded where it can be, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Counts requests from 1: what stands for the identifiers that real servers draw at random. */
  readonly serial: number;
  /** The target is no path with a query in percent-encoded UTF-8. */
  readonly malformed: boolean;
  /** The client comes by a redirect that a fault gave it. */
  readonly redirected: boolean;
}

/**
 * `Content-Length` follows from the body unless the headers name it or a `Transfer-Encoding`; after a length
 * that is a lie the connection ends.
 */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function header(ask: Ask, name: string): string | undefined {
  const value = ask.headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json;charset=UTF-8', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

export function plain(status: number, text: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: Buffer.from(`${text}\n`) };
}

/** An error as S3 gives it. `details` are further elements, such as the key. */
export function s3Error(
  ask: Ask,
  status: number,
  code: string,
  message: string,
  details: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const id = ask.serial.toString(16).toUpperCase().padStart(16, '0');
  const elements = { Code: code, Message: message, ...details, RequestId: id, HostId: 'emulator' };
  const body = Object.entries(elements).map(([name, text]) => `<${name}>${xml(text)}</${name}>`);
  return {
    status,
    headers: { 'Content-Type': 'application/xml', 'x-amz-request-id': id, ...headers },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${body.join('')}</Error>`),
  };
}

export function xml(text: string): string {
  return text.replace(/[&<>"]/g, (c) =>
    c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&quot;',
  );
}
