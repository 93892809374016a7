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
let over = false;
const running = new Set<string>();
/** Node itself undoes what `nohup` has asked for, so that there is nothing to be lost by hearing SIGHUP. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The first signal asks everything to end cleanly; the second ends the process as if nobody listened. */
function onSignal(name: NodeJS.Signals): void {
  listenNoMore();
  abort.abort(new Error(`interrupted by ${name}`));
}
function listenNoMore(): void {
  for (const each of SIGNALS) process.off(each, onSignal);
}
for (const each of SIGNALS) process.on(each, onSignal);

// A task may end the process under our hands, or leave it nothing to wait for.
process.on('exit', () => {
  if (over) return;
  process.exitCode = EXIT.failed;
  const which = [...running].slice(0, 3).join(', ');
  const [what, hint] =
    which === ''
      ? ['the process was ended early', 'this is a bug: please report it']
      : [
          `the process was ended while ${which} ran`,
          'a task must end by returning: it may neither call `process.exit` nor wait for what never comes',
        ];
  process.stderr.write(`error: ${what}\n  = ${hint}\n`);
});

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
  running,
});
over = true;
process.exitCode = lost ? worst([code, EXIT.failed]) : code;
listenNoMore();
