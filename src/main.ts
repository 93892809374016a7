#!/usr/bin/env node
/** The entry: arguments, signals, and the only `process.exitCode`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './cli/program.ts';
import { projectFolder } from './compose.ts';

const abort = new AbortController();

/** The first signal asks everything to end cleanly; the second ends the process as if nobody listened. */
function onSignal(name: NodeJS.Signals): void {
  abort.abort(new Error(`interrupted by ${name}`));
  for (const each of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(each);
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

// A reader that has seen enough (`pipeline status | head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EPIPE') throw thrown;
  });
}

const { version } = JSON.parse(readFileSync(join(projectFolder(), 'package.json'), 'utf8')) as {
  version: string;
};

process.exitCode = await run(process.argv.slice(2), version, {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: abort.signal,
  now: Date.now,
});
for (const each of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(each);
