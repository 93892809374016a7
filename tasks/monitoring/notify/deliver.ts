/**
 * Takes a message to a webhook, in a few tries and a short time. What goes wrong comes back as a sentence that names
 * the host alone: the rest of the address may be a secret, and an answer may repeat it.
 */
import type { TaskFailure } from '../../../src/engine/task.ts';
import { postJson } from '../../lib/post.ts';
import type { Hook } from '../settings.ts';
import { isWebhook } from '../settings.ts';

export interface Delivery {
  readonly workspace: string;
  /** Ends everything: an interrupt. */
  readonly signal: AbortSignal;
  /** PEM file of further certificate authorities, relative to the workspace. */
  readonly caFile: string | undefined;
  /** For tests. */
  readonly times?: Times;
}

export interface Times {
  /** Of one try. */
  readonly tryMs: number;
  /** Before the second try, and before the third. */
  readonly waitsMs: readonly number[];
}

/** Together at most 13.5 seconds; several hooks are told side by side. */
export const TIMES: Times = { tryMs: 4_000, waitsMs: [500, 1_000] };

export type Address =
  | { readonly ok: true; readonly url: string; readonly host: string }
  | { readonly ok: false; readonly reason: string };

export function addressOf(to: Hook['to'], env: Readonly<Record<string, string | undefined>>): Address {
  if ('url' in to) return { ok: true, url: to.url, host: new URL(to.url).host };
  const url = env[to.env];
  if (!url) return { ok: false, reason: `the environment variable ${to.env} is not set` };
  if (isWebhook(url)) return { ok: true, url, host: new URL(url).host };
  return {
    ok: false,
    reason: `what stands in the environment variable ${to.env} is no address (it is not shown): expected http:// or https://, a host and perhaps a path, without user and password`,
  };
}

/** Undefined when it was taken; else why not. */
export async function deliver(
  { url, host }: { readonly url: string; readonly host: string },
  body: string,
  { workspace, signal, caFile, times = TIMES }: Delivery,
): Promise<string | undefined> {
  let why = '';
  for (let tries = 0; ; tries += 1) {
    const trouble = await post(url, body, { workspace, signal, caFile, tryMs: times.tryMs });
    if (trouble === undefined) return undefined;
    why = trouble.why;
    const wait = times.waitsMs[tries];
    if (!trouble.again || wait === undefined || signal.aborted) return `${host}: ${why}`;
    await pause(wait, signal);
  }
}

interface Trouble {
  readonly why: string;
  readonly again: boolean;
}

async function post(
  url: string,
  body: string,
  { workspace, signal, caFile, tryMs }: Omit<Delivery, 'times'> & { readonly tryMs: number },
): Promise<Trouble | undefined> {
  const ending = new AbortController();
  const end = (): void => ending.abort(new Error('it took too long'));
  const timer = setTimeout(end, tryMs);
  signal.addEventListener('abort', end);
  try {
    if (signal.aborted) end();
    const options = { workspace, signal: ending.signal, ...(caFile === undefined ? {} : { caFile }) };
    const failure = await postJson(url, body, options);
    return failure === undefined ? undefined : troubleOf(failure);
  } catch {
    if (signal.aborted) return { why: 'interrupted', again: false };
    if (ending.signal.aborted) return { why: `no answer within ${tryMs / 1000} s`, again: true };
    // What it says may name the address; nothing that goes wrong here may undo a build.
    return { why: 'it failed in an unknown way', again: false };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Of the message only the status: the rest is what the address is made of, or what the other side has said. */
function troubleOf({ code, message, hint, transient }: TaskFailure): Trouble {
  const status = / answered (\d{3})\b/.exec(message)?.[1];
  const again = transient === true;
  // Hints on other answers are about the exchange.
  if (status !== undefined)
    return {
      why: `it answered ${status}${code === 'http-redirect' ? ', and redirects are not followed' : ''}`,
      again,
    };
  return { why: hint === undefined ? code : `${code}; ${hint}`, again };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
