/**
 * Where events go that others read: lines of a file, or an address that takes them one by one. Nothing that goes wrong
 * there stops a build; what is lost is counted. It does not know what the events say.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadPost } from '../compose.ts';
import { UsageError } from './args.ts';

export interface EventSink {
  /** JSON. */
  send(event: string): void;
  /** When all that can be sent has been. What was wrong, in a sentence. */
  close(): Promise<string | undefined>;
}

/** Lines are added to those that the file has. */
export function fileSink(path: string, cwd: string): EventSink {
  const shown = `--openlineage ${path}`;
  let fd: number;
  try {
    fd = openToAppend(resolve(cwd, path));
  } catch (thrown) {
    throw new UsageError(
      `${shown} cannot be written to: ${messageOf(thrown)}`,
      'name a file in a folder that is there, or an address that begins with http:// or https://',
    );
  }
  let [lost, why] = [0, ''];
  return {
    send: (event) => {
      try {
        if (lost === 0) writeAll(fd, `${event}\n`);
        // After a line that may have been cut short, another one would run into it.
        else lost += 1;
      } catch (thrown) {
        lost += 1;
        why = messageOf(thrown);
      }
    },
    close: async () => {
      closeSync(fd);
      return lost === 0 ? undefined : `${shown}: ${counted(lost)} not written: ${why}`;
    },
  };
}

/** A last line that was cut short, as on a full disk, is ended first, so that none runs into it. */
function openToAppend(path: string): number {
  const fd = openSync(path, 'a');
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.size > 0 && lastByteOf(path, stat.size) !== LINE_END) writeSync(fd, '\n');
    return fd;
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}

const LINE_END = 10;

function lastByteOf(path: string, size: number): number | undefined {
  const fd = openSync(path, 'r');
  try {
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, size - 1);
    return byte[0];
  } finally {
    closeSync(fd);
  }
}

/** A disk that fills up takes the first part of a line, and says so only of the next one. */
function writeAll(fd: number, line: string): void {
  const bytes = Buffer.from(line);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

/** Where OpenLineage's servers take events, when the address names no path. */
const USUAL_PATH = '/api/v1/lineage';
/** So many events in a row that cannot be sent are enough. */
const GIVEN_UP = 3;
/** How long the end of the build waits for what is not sent yet. */
const PATIENCE_MS = 10_000;

export interface HttpSinkOptions {
  readonly workspace: string;
  readonly apiKey: string | undefined;
}

/** One after the other, in order, while the build goes on. */
export async function httpSink(where: string, { workspace, apiKey }: HttpSinkOptions): Promise<EventSink> {
  if (!URL.canParse(where))
    throw new UsageError('--openlineage: no address', 'write it as http://host:port or https://host/path');
  const url = new URL(where);
  const authorization = authorizationOf(url, apiKey);
  url.username = '';
  url.password = '';
  if (url.pathname === '/') url.pathname = USUAL_PATH;
  const { postJson } = await loadPost();
  const ending = new AbortController();
  const queue: string[] = [];
  let [lost, inARow, why] = [0, 0, ''];
  let sending = false;
  let sent: Promise<void> = Promise.resolve();

  async function sendAll(): Promise<void> {
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      if (inARow >= GIVEN_UP || ending.signal.aborted) {
        lost += 1;
        continue;
      }
      const failure = await post(event);
      inARow = failure === undefined ? 0 : inARow + 1;
      if (failure === undefined) continue;
      lost += 1;
      why = failure;
    }
    sending = false;
  }

  async function post(event: string): Promise<string | undefined> {
    try {
      const options = { workspace, signal: ending.signal, ...(authorization && { authorization }) };
      const failure = await postJson(url.href, event, options);
      // A query may hold a key of the user's.
      return failure?.message.replaceAll(url.href, `${url.origin}${url.pathname}`);
    } catch (thrown) {
      if (ending.signal.aborted) return `${url.host} had not taken it after ${PATIENCE_MS / 1000} s`;
      // Not even what nobody has thought of undoes a build.
      return `${url.host}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
  }

  return {
    send: (event) => {
      queue.push(event);
      if (sending) return;
      sending = true;
      sent = sendAll();
    },
    close: async () => {
      const timer = setTimeout(() => ending.abort(), PATIENCE_MS);
      await sent;
      clearTimeout(timer);
      return lost === 0 ? undefined : `--openlineage: ${counted(lost)} not sent: ${why}`;
    },
  };
}

function authorizationOf({ username, password }: URL, apiKey: string | undefined): string | undefined {
  if (username !== '' || password !== '') {
    const pair = `${decoded(username)}:${decoded(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return apiKey ? `Bearer ${apiKey}` : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (thrown) {
    if (!(thrown instanceof URIError)) throw thrown;
    // What it is stays unsaid: it may be a password.
    throw new UsageError(
      '--openlineage: user and password of the address are not percent-encoded',
      'write a percent sign as %25',
    );
  }
}

function counted(lost: number): string {
  return lost === 1 ? '1 event was' : `${lost} events were`;
}

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error) || !('code' in thrown)) throw thrown;
  return thrown.message;
}
