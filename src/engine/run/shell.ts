/**
 * Runs a shell recipe: `/bin/sh -ec` in the workspace, in a process group of its own so that cancelling ends
 * its children too. Knows no targets: text in, exit and output lines out.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { TaskFailure } from '../task.ts';

/** How long a group may take to end after SIGTERM before it is killed. */
const GRACE_MS = 5_000;

export async function runShell(
  recipe: string,
  workspace: string,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<TaskFailure | undefined> {
  signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-ec', recipe], {
    cwd: workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const end = (): void => endGroup(child);
  signal.addEventListener('abort', end, { once: true });
  forEachLine(child.stdout, log);
  forEachLine(child.stderr, log);
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
  }
}

function endGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
  child.once('close', () => clearTimeout(timer));
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (thrown) {
    // ESRCH: the group has ended already, which is what was wanted.
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}

function forEachLine(stream: NodeJS.ReadableStream, log: (line: string) => void): void {
  let held = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) log(line);
  });
  stream.on('end', () => {
    if (held !== '') log(held);
  });
}
