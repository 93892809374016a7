/**
 * Runs programs to be measured, each as a process of its own: how long it takes from start to end, and how much memory
 * it holds at most. It knows nothing of what they do; one that does not end as expected ends the measurement.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** GNU time, which tells of a child what Node does not: its peak. */
const TIME = '/usr/bin/time';

/** Results are of no interest here, so that no pipe slows the program down. */
export function secondsOf(command: Command): number {
  const started = performance.now();
  run(command, 'ignore');
  return (performance.now() - started) / 1_000;
}

export function textOf(command: Command): string {
  return run(command, 'pipe');
}

/** `/usr/bin/time` would add its own start to short runs, so this is never the run that is timed; null without it. */
export function peakMbOf({ program, args, cwd }: Command): number | null {
  if (!existsSync(TIME)) return null;
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-time-'));
  try {
    const report = join(folder, 'peak');
    run({ program: TIME, args: ['-f', '%M', '-o', report, program, ...args], cwd }, 'ignore');
    return Math.round(Number(readFileSync(report, 'utf8').trim()) / 1_024);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Cost {
  readonly seconds: number;
  /** Of the process and of those that it has waited for, in its own code and in the kernel; null without GNU time. */
  readonly cpu: number | null;
  readonly rssMb: number | null;
}

/** Meanwhile this process goes on: an exchange in it answers. GNU time adds a millisecond or two. */
export async function costOf({ program, args, cwd }: Command): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-bench-time-'));
  try {
    const report = join(folder, 'cost');
    const timed = existsSync(TIME) ? [TIME, '-f', '%U %S %M', '-o', report] : [];
    const [first = program, ...rest] = [...timed, program, ...args];
    const started = performance.now();
    const child = spawn(first, rest, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code, signal]: readonly unknown[] = await once(child, 'exit');
    const seconds = (performance.now() - started) / 1_000;
    if (code !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${String(signal ?? `exit code ${code}`)}`);
    if (timed.length === 0) return { seconds, cpu: null, rssMb: null };
    const [user, system, kilobytes] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
    return { seconds, cpu: (user ?? 0) + (system ?? 0), rssMb: Math.round((kilobytes ?? 0) / 1_024) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Our program as people have it installed: compiled. */
export function pipelineIn(project: string, workspace: string, ...args: readonly string[]): Command {
  const program = join(project, 'dist/src/main.js');
  return { program: process.execPath, args: [program, '-C', workspace, ...args], cwd: workspace };
}

function run({ program, args, cwd }: Command, out: 'ignore' | 'pipe'): string {
  const ended = spawnSync(program, [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', out, 'pipe'],
    maxBuffer: 1 << 30,
  });
  if (ended.status !== 0) {
    const how = ended.error?.message ?? ended.signal ?? `exit code ${ended.status}`;
    throw new Error(`${program} ${args.join(' ')} ended with ${how}: ${ended.stderr}`);
  }
  return ended.stdout ?? '';
}
