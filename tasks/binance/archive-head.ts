/**
 * Whether the archive has one file, and what a listing would say of it, told by the headers of a HEAD answer. Mirrors
 * are taken in turn. It knows neither which files to ask for nor why the listing is not asked.
 */
import type { TaskContext, TaskFailure } from '../../src/engine/task.ts';
import type { HeadResult } from '../lib/http.ts';
import { head } from '../lib/http.ts';
import type { NetworkSettings } from '../lib/settings.ts';
import { addressOf } from './layout.ts';
import type { Entry } from './listing-file.ts';
import { MirrorHealth } from './mirrors.ts';

export type Looked =
  /** No entry: there is no such file. */
  | { readonly ok: true; readonly entry: Entry | undefined }
  | { readonly ok: false; readonly failure: TaskFailure };

export type Look = (key: string) => Promise<Looked>;

/** One reset among hundreds of answers says nothing about the host. */
const ROUNDS = 2;

/** A host that asked to be left alone is not asked for other files either. */
const health = new MirrorHealth();

export interface Mirrors {
  /** At least one. */
  readonly urls: readonly string[];
  readonly network: NetworkSettings;
}

/**
 * The sidecar is not asked for: it is taken to be there. A file is not there where none of the mirrors has it that
 * answer.
 */
export function looker(
  { signal, workspace, log }: Pick<TaskContext<unknown>, 'signal' | 'workspace' | 'log'>,
  { urls, network }: Mirrors,
): Look {
  // Both are kept from file to file: a mirror that does not answer costs its time-outs once.
  let turn = 0;
  const silent = new Set<string>();
  const askOne = async (base: string, key: string): Promise<Looked> => {
    const url = addressOf(base, key);
    const gate = async (): Promise<TaskFailure | undefined> => health.givenUp(base) ?? health.hold(base);
    const answer = await head(url, { signal, workspace, settings: network, gate });
    if (answer.ok) health.worked(base);
    else if (answer.held !== true) health.failed(base, answer, log);
    const looked = entryFrom(key, url, answer);
    if (looked.ok) silent.delete(base);
    else silent.add(base);
    return looked;
  };
  return async (key) => {
    for (let tried = 1; ; tried += 1) {
      const mine = turn;
      const base = urls[mine % urls.length] ?? '';
      const looked = await askOne(base, key);
      if (looked.ok && looked.entry !== undefined) return looked;
      if (looked.ok) {
        for (const other of urls) {
          if (other === base || silent.has(other)) continue;
          const there = await askOne(other, key);
          if (there.ok && there.entry !== undefined) return there;
        }
        return looked;
      }
      if (tried >= ROUNDS * urls.length) return looked;
      if (turn === mine) turn += 1;
    }
  };
}

type Headers = Extract<HeadResult, { readonly ok: true }>['headers'];

function entryFrom(key: string, url: string, answer: HeadResult): Looked {
  if (!answer.ok) return answer;
  if (answer.status === 404) return { ok: true, entry: undefined };
  const size = text(answer.headers, 'content-length');
  const lastModified = isoInstant(text(answer.headers, 'last-modified'));
  const etag = /^(?:W\/)?"([^"]+)"$/.exec(text(answer.headers, 'etag'))?.[1];
  if (/^\d{1,15}$/.test(size) && lastModified !== undefined && etag !== undefined)
    return { ok: true, entry: { key, size: Number(size), etag, lastModified } };
  const given = ['content-length', 'last-modified', 'etag'].map(
    (name) => `${name}: ${text(answer.headers, name) || 'none'}`,
  );
  return {
    ok: false,
    failure: {
      code: 'probe-malformed',
      message: `HEAD ${url} answered with ${given.join(', ')}: expected all three, as the archive gives them`,
      hint: 'check binance.archive_url and the proxy',
    },
  };
}

function text(headers: Headers, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** `Tue, 02 Jan 2024 03:04:05 GMT` as listings spell it: `2024-01-02T03:04:05.000Z`. */
function isoInstant(httpDate: string): string | undefined {
  const at = new Date(httpDate);
  return at.toUTCString() === httpDate ? at.toISOString() : undefined;
}
