/**
 * Asks one mirror for the SHA-256 that it publishes of one ZIP. It compares it with nothing.
 */
import type { TaskFailure } from '../../src/engine/task.ts';
import type { HttpFailure, HttpOptions } from '../lib/http.ts';
import { getText } from '../lib/http.ts';
import { parseChecksum } from './checksum.ts';
import { CHECKSUM_SUFFIX } from './layout.ts';

export type ChecksumAnswer =
  | { readonly ok: true; readonly sha256: string }
  | { readonly ok: false; readonly failure: TaskFailure; readonly http: HttpFailure | undefined };

const MAX_BYTES = 4_096;

/** `url`: of the ZIP, whose file name is `name`. */
export async function askChecksum(
  url: string,
  name: string,
  options: Omit<HttpOptions, 'maxBytes'>,
): Promise<ChecksumAnswer> {
  const address = url + CHECKSUM_SUFFIX;
  const answer = await getText(address, { ...options, maxBytes: MAX_BYTES });
  if (answer.ok) {
    const parsed = parseChecksum(answer.text, name);
    if (parsed.ok) return { ok: true, sha256: parsed.sha256 };
    const hint = 'the publisher or a proxy serves something else under this address: build again later';
    const message = `${address} ${parsed.message}`;
    // As passing as a wrong digest may be: an answer cut short, or the page of a proxy.
    const failure = { code: 'checksum-malformed', message, hint, transient: true };
    return { ok: false, failure, http: undefined };
  }
  if (answer.status !== 404) return { ok: false, failure: answer.failure, http: answer };
  const message = `${name} has no checksum: GET ${address} answered 404`;
  const hint =
    'an unverified file is never used; the publisher adds the sidecar as a rule soon: build again later';
  return { ok: false, failure: { code: 'checksum-missing', message, hint }, http: answer };
}
