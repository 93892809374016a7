/** The command line in this process: arguments in, text and exit code out. */

import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function cli(args: readonly string[], world: Partial<Io> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await run(args, '0.0.0-test', {
    stdout: { write: (text) => (out += text), isTTY: false },
    stderr: { write: (text) => (err += text), isTTY: false },
    env: {},
    cwd: process.cwd(),
    signal: new AbortController().signal,
    readerGone: new AbortController().signal,
    now: Date.now,
    ...world,
  });
  return { code, out, err };
}

/** One JSON value a line. */
export function lines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
