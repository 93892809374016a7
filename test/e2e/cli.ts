/**
 * The real command line in a process of its own, run from source, as a shell or a cron job would. It reads the JSON
 * lines of a build while they come, so that a test can send a signal in the middle. It knows no market.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

const eventSchema = z.looseObject({
  type: z.string(),
  target: z.string().optional(),
  outcome: z.string().optional(),
  failure: z
    .object({ code: z.string(), message: z.string(), hint: z.string().optional() })
    .loose()
    .optional(),
});
export type CliEvent = z.output<typeof eventSchema>;

export interface CliRun {
  /** Null where a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly events: readonly CliEvent[];
  readonly stderr: string;
}

export interface CliOptions {
  /** The tool's own folder. Default: this project. */
  readonly project?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** After every line of stdout: may end the process. */
  readonly onEvent?: (event: CliEvent, kill: (signal: NodeJS.Signals) => void) => void;
}

/** `pipeline -C workspace --json …` */
export async function cli(
  workspace: string,
  args: readonly string[],
  { project = PROJECT, env = {}, onEvent }: CliOptions = {},
): Promise<CliRun> {
  // What a CI sets would change what is printed.
  const { CI: _, GITHUB_ACTIONS: __, NODE_OPTIONS: ___, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/main.ts', '-C', workspace, '--json', ...args],
    { cwd: project, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const events: CliEvent[] = [];
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Pick<CliRun, 'code' | 'signal'>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  for await (const line of createInterface({ input: child.stdout })) {
    // A line that is cut short is what a kill leaves.
    const parsed = eventSchema.safeParse(json(line));
    if (!parsed.success) continue;
    events.push(parsed.data);
    onEvent?.(parsed.data, kill);
  }
  return { ...(await ended), events, stderr };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Targets that ended so, sorted. */
export function ended(run: CliRun, outcome: string): readonly string[] {
  return run.events
    .flatMap((event) =>
      event.type === 'target-finished' && event.outcome === outcome && event.target !== undefined
        ? [event.target]
        : [],
    )
    .sort();
}
