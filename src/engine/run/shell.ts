/**
 * Runs a shell recipe: `/bin/sh -ec` in the workspace, in a process group of its own so that cancelling ends
 * its children too. Knows no targets: text in, exit and output lines out.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../state/files.ts';
import type { TaskFailure } from '../task.ts';

/** How long a group may take to end after SIGTERM before it is killed. */
const GRACE_MS = 5_000;
const LOOK_EVERY_MS = 20;

/** Longer lines are told in pieces: a progress bar, or a binary file on stdout, need not be held whole. */
const LONGEST_LINE = 10_000;

/** One argument may have 128 KiB on Linux: a longer recipe (a fan-in of thousands) goes through a descriptor. */
const LONGEST_ARGUMENT = 100_000;
const READ_RECIPE = 'eval "$(cat <&3 3<&-)" 3<&-';

/** Sorting and dates must not hang on whose machine this is; a recipe that wants another locale sets it. */
const SAME_EVERYWHERE = { LC_ALL: 'C', TZ: 'UTC' };

export async function runShell(
  recipe: string,
  workspace: string,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<TaskFailure | undefined> {
  signal.throwIfAborted();
  const long = Buffer.byteLength(recipe) > LONGEST_ARGUMENT;
  const child = spawn('/bin/sh', ['-ec', long ? READ_RECIPE : recipe], {
    cwd: workspace,
    env: { ...process.env, ...SAME_EVERYWHERE },
    stdio: ['ignore', 'pipe', 'pipe', ...(long ? (['pipe'] as const) : [])],
    detached: true,
  });
  let ending: Promise<void> | undefined;
  const end = (): void => {
    ending ??= endGroup(child.pid);
  };
  signal.addEventListener('abort', end, { once: true });
  forEachLine(child.stdout, log);
  forEachLine(child.stderr, log);
  if (long) feed(child.stdio[3], recipe);
  try {
    const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, by) => resolve([status, by]));
    });
    signal.throwIfAborted();
    if (code === 0) return undefined;
    const how = killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`;
    return { code: 'recipe-failed', message: `the recipe ${how}: ${recipe}` };
  } finally {
    signal.removeEventListener('abort', end);
    await ending;
    // A child left in the background would go on writing to outputs that are hashed and renamed next.
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  }
}

/** Ends all of the group: the shell may be gone long before what it started. */
async function endGroup(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  for (let waited = 0; signalGroup(pid, waited === 0 ? 'SIGTERM' : 0); waited += LOOK_EVERY_MS) {
    if (waited >= GRACE_MS) {
      signalGroup(pid, 'SIGKILL');
      return;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Whether there was anybody to signal. */
function signalGroup(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'ESRCH') return false;
    // EPERM on some systems: only zombies are left of the group.
    if (errorCode(thrown) === 'EPERM') return false;
    throw thrown;
  }
}

function feed(pipe: unknown, recipe: string): void {
  if (!isWritable(pipe)) return;
  // A shell that ends before it has read all says so by its exit code.
  pipe.on('error', () => undefined);
  pipe.end(recipe);
}

function isWritable(stream: unknown): stream is NodeJS.WritableStream {
  return typeof stream === 'object' && stream !== null && 'end' in stream;
}

/** `null`: the process could not be started, which its `error` event says. */
function forEachLine(stream: NodeJS.ReadableStream | null, log: (line: string) => void): void {
  if (stream === null) return;
  let held = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split('\n');
    held += first;
    for (const next of others) {
      tell(held, log);
      held = next;
    }
    while (held.length >= LONGEST_LINE) {
      log(held.slice(0, LONGEST_LINE));
      held = held.slice(LONGEST_LINE);
    }
  });
  stream.on('end', () => {
    if (held !== '') tell(held, log);
  });
}

function tell(line: string, log: (line: string) => void): void {
  for (let at = 0; at === 0 || at < line.length; at += LONGEST_LINE) log(line.slice(at, at + LONGEST_LINE));
}
