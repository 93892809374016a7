#!/usr/bin/env node
/** The entry: arguments, signals, and the only `process.exitCode`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, worst } from './cli/exit-codes.ts';
import { run } from './cli/program.ts';
import { projectFolder } from './compose.ts';

const abort = new AbortController();
const readerGone = new AbortController();
let lost = false;
/** Not SIGHUP: to listen would undo what `nohup` has asked for. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The first signal asks everything to end cleanly; the second ends the process as if nobody listened. */
function onSignal(name: NodeJS.Signals): void {
  abort.abort(new Error(`interrupted by ${name}`));
  for (const each of SIGNALS) process.removeAllListeners(each);
}
for (const each of SIGNALS) process.on(each, onSignal);

// A reader that has seen enough (`pipeline status | head`) is no error; results that got lost are one.
process.stdout.on('error', (thrown: NodeJS.ErrnoException) => {
  if (thrown.code === 'EPIPE') readerGone.abort();
  if (thrown.code === 'EPIPE' || lost) return;
  lost = true;
  process.exitCode ||= EXIT.failed;
  process.stderr.write(`error: results cannot be written to stdout: ${thrown.message}\n`);
});
// Progress that nobody can see undoes no build.
process.stderr.on('error', () => undefined);

const { version } = JSON.parse(readFileSync(join(projectFolder(), 'package.json'), 'utf8')) as {
  version: string;
};

const code = await run(process.argv.slice(2), version, {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: abort.signal,
  readerGone: readerGone.signal,
  now: Date.now,
});
process.exitCode = lost ? worst([code, EXIT.failed]) : code;
for (const each of SIGNALS) process.removeAllListeners(each);
