/**
 * Runs a shell recipe: `/bin/sh -ec` in the workspace, in a process group of its own so that cancelling ends
 * its children too. Knows no targets: text in, exit and output lines out.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../state/files.ts';
import type { TaskFailure } from '../task.ts';

/** How long a group may take to end after SIGTERM before it is killed. */
const GRACE_MS = 5_000;
/** How long those killed may take to be gone. */
const KILLED_MS = 500;
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
    return { code: 'recipe-failed', message: `the recipe ${how}` };
  } finally {
    signal.removeEventListener('abort', end);
    await ending;
    // A child left in the background would go on writing to outputs that are hashed and renamed next.
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  }
}

/** Ends all of the group, and waits until it is gone: the shell may be so long before what it started. */
async function endGroup(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  for (let waited = 0; groupLives(pid) && waited < GRACE_MS + KILLED_MS; waited += LOOK_EVERY_MS) {
    if (waited >= GRACE_MS) signalGroup(pid, 'SIGKILL');
    await sleep(LOOK_EVERY_MS);
  }
}

/** Those that have ended but that nobody has collected (in a container nobody may) do not count, where /proc tells. */
function groupLives(pid: number): boolean {
  if (!signalGroup(pid, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      // `PID (NAME) STATE PARENT GROUP …`, and a name may hold anything.
      const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return group === String(pid) && !'ZX'.includes(state);
    } catch {
      return false;
    }
  });
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
  /** Whether a piece of the present line was told. */
  let begun = false;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split('\n');
    held += first;
    for (const next of others) {
      if (held !== '' || !begun) tell(held, log);
      held = next;
      begun = false;
    }
    while (held.length >= LONGEST_LINE) {
      log(held.slice(0, LONGEST_LINE));
      held = held.slice(LONGEST_LINE);
      begun = true;
    }
  });
  stream.on('end', () => {
    if (held !== '') tell(held, log);
  });
}

function tell(line: string, log: (line: string) => void): void {
  for (let at = 0; at === 0 || at < line.length; at += LONGEST_LINE) log(line.slice(at, at + LONGEST_LINE));
}
