/**
 * One build at a time in a workspace. The lock is a bound local socket, so that the operating system lets go
 * of it when its holder dies, however it dies: there is no file that a person must delete. Who waits connects
 * and is told whom for; the end of that connection is the sign to try again.
 */
import { rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../hash.ts';
import { errorCode } from './files.ts';

export interface RunLock {
  release(): Promise<void>;
}

export interface LockOptions {
  /** Real path of the workspace's state folder: the lock's identity. */
  readonly identity: string;
  /** What a waiting build is told: `process 1234, build bars`. */
  readonly holder: string;
  readonly wait: boolean;
  readonly onWaiting: (holder: string) => void;
  readonly signal: AbortSignal;
}

/** Undefined when another build holds it and `wait` is off; the holder was reported through `onWaiting`. */
export async function acquireRunLock(options: LockOptions): Promise<RunLock | undefined> {
  const address = addressOf(options.identity);
  for (;;) {
    options.signal.throwIfAborted();
    const held = await bind(address, options.holder);
    if (held !== undefined) return { release: () => letGo(held) };
    const answer = await askHolder(address, options);
    if (answer === 'dead' && process.platform !== 'linux') rmSync(address, { force: true });
    else if (answer === 'held' && !options.wait) return undefined;
  }
}

/** Room for a socket's address on Linux, its first byte counted. */
const ADDRESS_BYTES = 108;

/**
 * Linux: a name in the abstract namespace, which leaves no file. It fills the whole address, since releases of
 * Node differ in whether they fill up a shorter one. Elsewhere: a socket in the temporary folder.
 */
function addressOf(identity: string): string {
  const name = `pipeline-${sha256(identity).slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`.padEnd(ADDRESS_BYTES, '-');
  return join(tmpdir(), `${name}.sock`);
}

/** A holder that is busy or stopped may take long to say who it is. */
const PATIENCE_MS = 2_000;
const SILENT_HOLDER = 'a process that does not answer';

interface Held {
  readonly server: Server;
  readonly waiting: Set<Socket>;
}

function bind(address: string, holder: string): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      waiting.add(socket.unref());
      socket.on('error', () => socket.destroy());
      socket.on('close', () => waiting.delete(socket));
      socket.write(`${holder}\n`);
    });
    // After it listens, trouble with one who waits is no trouble of the holder's.
    server.on('error', (thrown) => {
      if (errorCode(thrown) === 'EADDRINUSE') resolve(undefined);
      else reject(thrown);
    });
    server.listen(address, () => {
      // The lock alone must not keep a finished process alive.
      server.unref();
      resolve({ server, waiting });
    });
  });
}

/** Resolves when the holder lets go ('released' or 'dead'), or with 'held' when we do not wait. */
function askHolder(address: string, options: LockOptions): Promise<'held' | 'released' | 'dead'> {
  const { signal, wait, onWaiting } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(address).setEncoding('utf8');
    let heard = '';
    let told = false;
    let answer: 'held' | 'released' | 'dead' = 'dead';
    const tell = (holder: string): void => {
      onWaiting(holder);
      if (wait) return;
      answer = 'held';
      socket.destroy();
    };
    const silence = setTimeout(() => tell(SILENT_HOLDER), PATIENCE_MS);
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.on('connect', () => {
      answer = 'released';
    });
    socket.on('data', (chunk: string) => {
      heard += chunk;
      if (told || !heard.includes('\n')) return;
      told = true;
      clearTimeout(silence);
      tell(heard.slice(0, heard.indexOf('\n')));
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(silence);
      signal.removeEventListener('abort', abort);
      // A holder that is about to let go refuses connections for a moment: do not spin.
      setTimeout(() => resolve(answer), answer === 'held' ? 0 : 20);
    });
  });
}

function letGo({ server, waiting }: Held): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Waiting builds hold connections open; ending them is what wakes them.
    for (const socket of waiting) socket.destroy();
  });
}
