/**
 * Runs a shell recipe: `/bin/sh -ec` in the workspace, in a process group of its own so that cancelling ends
 * its children too. Knows no targets: text in, exit and output lines out.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskFailure } from '../task.ts';
import { endGroup, endWithNextSignal, holdGroup, killGroup, killMarked } from './groups.ts';

/** How long the pipes may stay open after the recipe, and whatever was left of its group, is over. */
const DRAIN_MS = 500;

/** Longer lines are told in pieces: a progress bar, or a binary file on stdout, need not be held whole. */
const LONGEST_LINE = 10_000;

/** One argument may have 128 KiB on Linux: a longer recipe (a fan-in of thousands) goes through a descriptor. */
const LONGEST_ARGUMENT = 100_000;
const READ_RECIPE = 'eval "$(cat <&3 3<&-)" 3<&-';

/** Sorting and dates must not hang on whose machine this is; a recipe that wants another locale sets it. */
const SAME_EVERYWHERE = { LC_ALL: 'C', TZ: 'UTC' };

/** Makes the environment of each recipe another one, by which what it leaves running can be found. */
let started = 0;

export async function runShell(
  recipe: string,
  workspace: string,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<TaskFailure | undefined> {
  signal.throwIfAborted();
  const long = Buffer.byteLength(recipe) > LONGEST_ARGUMENT;
  const mark = `PIPELINE_RECIPE=${process.pid}-${++started}`;
  const child = spawn('/bin/sh', ['-ec', long ? READ_RECIPE : recipe], {
    cwd: workspace,
    env: { ...process.env, ...SAME_EVERYWHERE, PIPELINE_RECIPE: mark.slice(mark.indexOf('=') + 1) },
    stdio: ['ignore', 'pipe', 'pipe', ...(long ? (['pipe'] as const) : [])],
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) holdGroup(pid);
  const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  let ending: Promise<void> | undefined;
  const end = (): void => {
    endWithNextSignal();
    if (pid !== undefined) ending ??= endGroup(pid);
  };
  signal.addEventListener('abort', end, { once: true });
  forEachLine(child.stdout, log);
  forEachLine(child.stderr, log);
  if (long) feed(child.stdio[3], recipe);
  try {
    // Not `close`: that comes only when everybody who holds the pipes is gone, a daemon say.
    const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, by) => resolve([status, by]));
    });
    signal.throwIfAborted();
    if (code === 0) return undefined;
    const how = killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`;
    return { code: 'recipe-failed', message: `the recipe ${how}` };
  } finally {
    signal.removeEventListener('abort', end);
    await ending;
    if (pid !== undefined) {
      killGroup(pid);
      await drained(child, closed, mark);
    }
  }
}

/** What the recipe has said has been told: all of it, unless somebody who cannot be ended holds the pipes. */
async function drained(child: ChildProcess, closed: Promise<void>, mark: string): Promise<void> {
  if (await isOver(closed)) return;
  killMarked(mark);
  if (await isOver(closed)) return;
  child.stdout?.destroy();
  child.stderr?.destroy();
}

async function isOver(closed: Promise<void>): Promise<boolean> {
  const patience = new AbortController();
  const late = sleep(DRAIN_MS, false, { signal: patience.signal }).catch(() => false);
  const over = await Promise.race([closed.then(() => true), late]);
  patience.abort();
  return over;
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
