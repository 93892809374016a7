/** Starts `driver.ts`, bundled once so that a process begins in little time, and says how it ended. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { z } from 'zod';
import type { Fault } from './fault.ts';

/** Within the project, so that a bundle finds the packages. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url));

const answerSchema = z.object({
  result: z.string().optional(),
  thrown: z.string().optional(),
  outcomes: z.record(z.string(), z.string()),
  failures: z.record(z.string(), z.string()),
  warnings: z.array(z.string()),
  steps: z.number(),
});

export interface Ended {
  readonly signal: NodeJS.Signals | null;
  /** Undefined: it did not live to say. */
  readonly answer: z.output<typeof answerSchema> | undefined;
}

export interface Start {
  /** Default: none. */
  readonly fault?: Fault;
  readonly jobs?: number;
  readonly wait?: boolean;
  /** SIGKILL after so many milliseconds, unless it has ended. */
  readonly killAfterMs?: number;
}

export interface Program {
  readonly path: string;
  remove(): void;
}

export async function bundled(entry: URL): Promise<Program> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'crash-'));
  const path = join(folder, 'program.mjs');
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile: path,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['esbuild'],
    // Packages that are no ES modules ask for Node's own.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Steps are counted, and nothing happens at any. */
export function nothingAt(folder: string): Fault {
  return { kind: 'kill', folder, at: 0 };
}

/** A build of the workspace by the bundled `driver.ts`. */
export async function buildIn(
  program: Program,
  workspace: string,
  { fault, jobs = 1, wait = true, killAfterMs }: Start = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program.path, workspace, String(jobs), wait ? 'wait' : 'leave'], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      ...(fault === undefined ? {} : { CRASH: JSON.stringify(fault) }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal }));
    },
  );
  clearTimeout(timer);
  if (signal === null && code !== 0) throw new Error(`the build ended with ${code}: ${stderr}`);
  return { signal, answer: signal === null ? answerSchema.parse(JSON.parse(stdout)) : undefined };
}
