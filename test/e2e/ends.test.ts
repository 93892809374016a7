/** How the process ends that builds: by a task, by a task that never ends, by a second signal. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { PROJECT } from './cli.ts';

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly err: string;
}

function build(rig: Rig): { readonly ended: Promise<Ended>; readonly kill: (name: NodeJS.Signals) => void } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', '-C', rig.dir, 'build'], {
    cwd: PROJECT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, err }));
  });
  return { ended, kill: (name) => void child.kill(name) };
}

function withModule(run: string, more = ''): Rig {
  return new Rig({
    'pipeline.yaml': `version: 1\nrules:\n  one: { out: { text: one.txt }, task: ./one.mjs${more} }\n`,
    'one.mjs': `export default { version: 1, run(ctx) { ${run} } };\n`,
  });
}

describe('a build', { timeout: 120_000 }, () => {
  it('whose task ends the process has failed, and says which task that was', async () => {
    const { code, err } = await build(withModule('process.exit(0);')).ended;
    expect(code).toBe(1);
    expect(err).toContain(
      'error: the process was ended while one ran\n  = a task must end by returning: it may neither call `process.exit` nor wait for what never comes\n',
    );
  });

  it('whose task waits for what never comes has failed, with a limit or without', async () => {
    const forever = 'return new Promise(() => {});';
    const { code, err } = await build(withModule(forever)).ended;
    expect(code).toBe(1);
    expect(err).toContain('error: the process was ended while one ran\n');
    const limited = await build(withModule(forever, ', timeout: 1s')).ended;
    expect(limited.code).toBe(1);
    expect(limited.err).toContain('one took longer than its limit of 1 s');
    expect(limited.err).toContain(
      'raise `timeout` of the rule, or have its task heed `ctx.signal`: it is still running',
    );
  });

  it('whose task throws from a timer has failed of that', async () => {
    const stray = "setTimeout(() => { throw new Error('astray'); }, 10); return new Promise(() => {});";
    const { code, err } = await build(withModule(stray)).ended;
    expect(code).toBe(1);
    expect(err).toContain('one: astray');
    expect(err).toMatch(/built 0, 1 failed/);
  });

  it.skipIf(process.platform !== 'linux')(
    'that is ended by a second signal leaves no recipe behind',
    async () => {
      const rig = new Rig({
        'pipeline.yaml':
          'version: 1\nrules:\n  one: { out: { text: one.txt }, run: "trap \'\' TERM; echo $$$$ > pid; while :; do sleep 0.1; done" }\n',
      });
      const { ended, kill } = build(rig);
      while (!existsSync(rig.path('pid')) || rig.read('pid') === '') await sleep(20);
      kill('SIGINT');
      await sleep(300);
      kill('SIGINT');
      expect(await ended).toMatchObject({ code: null, signal: 'SIGINT' });
      const stat = `/proc/${rig.read('pid').trim()}/status`;
      for (let tries = 0; tries < 100 && existsSync(stat); tries++) {
        if (/^State:\s+[ZX]/m.test(readFileSync(stat, 'utf8'))) return;
        await sleep(20);
      }
      expect(existsSync(stat)).toBe(false);
    },
  );

  it.skipIf(process.platform !== 'linux')('ends cleanly when its terminal is closed', async () => {
    const rig = new Rig({
      'pipeline.yaml':
        'version: 1\nrules:\n  one: { out: { text: one.txt }, run: "echo $$$$ > pid; sleep 1000" }\n',
    });
    const { ended, kill } = build(rig);
    while (!existsSync(rig.path('pid')) || rig.read('pid') === '') await sleep(20);
    kill('SIGHUP');
    expect(await ended).toMatchObject({ code: 130 });
  });
});
