import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runShell } from '../../../src/engine/run/shell.ts';
import type { TaskFailure } from '../../../src/engine/task.ts';
import { rejection, scratch } from '../state/scratch.ts';

interface Ran {
  readonly failure: TaskFailure | undefined;
  readonly lines: readonly string[];
}

async function run(recipe: string, folder = scratch()): Promise<Ran> {
  const lines: string[] = [];
  const failure = await runShell(
    recipe,
    folder,
    new AbortController().signal,
    (line) => void lines.push(line),
  );
  return { failure, lines };
}

describe('a recipe', () => {
  it('runs in the workspace, and has no failure when it ends with 0', async () => {
    const folder = scratch({ 'in.txt': 'abc' });
    expect(await run('tr a-z A-Z < in.txt > out.txt', folder)).toEqual({ failure: undefined, lines: [] });
    expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe('ABC');
  });

  it('that ends with another code fails with it', async () => {
    expect((await run('exit 3')).failure).toEqual({
      code: 'recipe-failed',
      message: 'the recipe ended with exit code 3',
    });
  });

  it('stops at the first command that fails', async () => {
    const folder = scratch();
    expect((await run('false; touch after', folder)).failure?.message).toBe(
      'the recipe ended with exit code 1',
    );
    expect(existsSync(join(folder, 'after'))).toBe(false);
  });

  it('that is killed says by which signal', async () => {
    expect((await run('kill -KILL $$')).failure?.message).toBe('the recipe was ended by SIGKILL');
  });

  it('with a syntax error fails, and the shell says where', async () => {
    const { failure, lines } = await run('if true; then');
    expect(failure?.message).toBe('the recipe ended with exit code 2');
    expect(lines.join('\n')).toContain('Syntax error');
  });

  it('finds nothing on stdin', async () => {
    expect((await run('cat; echo end')).lines).toEqual(['end']);
  });

  it('sorts and dates alike wherever it runs', async () => {
    const before = { ...process.env };
    try {
      Object.assign(process.env, { LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8', TZ: 'Asia/Tokyo' });
      expect((await run("printf 'b\\nB\\na\\n' | sort; date -d @0 +%H:%M; echo $HOME")).lines).toEqual([
        'B',
        'a',
        'b',
        '00:00',
        process.env['HOME'],
      ]);
    } finally {
      for (const name of ['LC_ALL', 'LANG', 'TZ']) {
        const value = before[name];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('may be longer than one argument may be', async () => {
    const words = Array.from({ length: 20_000 }, (_, at) => `'in/${at} é.txt'`).join(' ');
    const { failure, lines } = await run(`for each in ${words}; do last=$each; done; echo "$last"; cat`);
    expect({ failure, lines }).toEqual({ failure: undefined, lines: ['in/19999 é.txt'] });
    expect((await run(`# ${words}\nexit 4`)).failure?.message).toBe('the recipe ended with exit code 4');
    expect((await run(`# ${words}\nfalse\necho not reached`)).lines).toEqual([]);
  });
});

describe('what a recipe says', () => {
  it('is told line by line, the last one with or without an end', async () => {
    expect((await run("printf 'one\\n\\ntwo'")).lines).toEqual(['one', '', 'two']);
    expect((await run("printf 'one\\ntwo\\n'")).lines).toEqual(['one', 'two']);
    expect((await run("printf 'to stderr' >&2")).lines).toEqual(['to stderr']);
  });

  it('may be no UTF-8, and may be cut within a character', async () => {
    expect((await run("printf 'a\\377b\\n'")).lines).toEqual(['a�b']);
    expect((await run("printf '\\303'; sleep 0.05; printf '\\251\\n'")).lines).toEqual(['é']);
  });

  it('may come in lines of any length, told in pieces', async () => {
    const { lines } = await run("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after");
    expect(lines.at(-1)).toBe('after');
    expect(lines.slice(0, -1).join('')).toBe('x'.repeat(3_000_000));
    expect(lines.every((line) => line.length > 0 && line.length <= 10_000)).toBe(true);
  });

  it('is told in whole lines up to the longest', async () => {
    for (const length of [9_999, 10_000, 10_001]) {
      const { lines } = await run(`head -c ${length} /dev/zero | tr '\\0' x; echo`);
      expect(lines.join('').length).toBe(length);
    }
  });
});

/** Process ids that a recipe wrote, once it has. */
async function pids(file: string, count: number): Promise<readonly number[]> {
  for (;;) {
    const found = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
    if (found.length >= count) return found;
    await sleep(10);
  }
}

/** Neither running nor waiting to run: gone, or ended and not yet collected by who started it. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

describe.skipIf(process.platform !== 'linux')('a recipe that is called off', () => {
  const callOff = async (recipe: string, count: number): Promise<readonly number[]> => {
    const folder = scratch();
    const abort = new AbortController();
    const reason = new Error('interrupted');
    const ended = rejection(runShell(recipe, folder, abort.signal, () => undefined));
    const found = await pids(join(folder, 'pids'), count);
    expect(found.map(isGone)).toEqual(found.map(() => false));
    abort.abort(reason);
    expect(await ended).toBe(reason);
    return found;
  };

  it('ends with all that it started', async () => {
    const found = await callOff('sleep 1000 & echo $! >> pids; echo $$ >> pids; wait', 2);
    expect(found.map(isGone)).toEqual([true, true]);
  });

  it('ends with what it started and let go of', async () => {
    const background = "sh -c 'echo $$ >> pids; exec sleep 1000' > /dev/null 2>&1 &";
    const found = await callOff(`${background} sleep 1000`, 1);
    expect(found.map(isGone)).toEqual([true]);
  });

  it('ends with children that will not hear of it', async () => {
    const stubborn =
      'sh -c \'trap "" TERM; echo $$ >> pids; while :; do sleep 0.1; done\' > /dev/null 2>&1 &';
    const found = await callOff(`${stubborn} echo $$ >> pids; sleep 1000`, 2);
    expect(found.map(isGone)).toEqual([true, true]);
  });

  it('may tidy up first', async () => {
    const folder = scratch();
    const abort = new AbortController();
    const recipe = "trap 'echo tidied >> log; exit 1' TERM; echo $$ >> pids; while :; do sleep 0.05; done";
    const ended = rejection(runShell(recipe, folder, abort.signal, () => undefined));
    await pids(join(folder, 'pids'), 1);
    abort.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('tidied\n');
  });

  it('before it began does not begin', async () => {
    const folder = scratch();
    const reason = new Error('interrupted');
    expect(await rejection(runShell('touch begun', folder, AbortSignal.abort(reason), () => undefined))).toBe(
      reason,
    );
    expect(existsSync(join(folder, 'begun'))).toBe(false);
  });
});

describe.skipIf(process.platform !== 'linux')('a recipe that ends', () => {
  it('leaves nobody behind who could still write', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'pids'), '');
    const { failure } = await run(
      'sleep 1000 > /dev/null 2>&1 & echo $! >> pids; (trap "" HUP TERM; sleep 1000) > /dev/null 2>&1 & echo $! >> pids',
      folder,
    );
    expect(failure).toBeUndefined();
    const found = await pids(join(folder, 'pids'), 2);
    while (!found.every(isGone)) await sleep(10);
    expect(found.length).toBe(2);
  });

  it('ends what it has left in the background, and waits for none of it', async () => {
    const folder = scratch();
    const { failure, lines } = await run('(sleep 1000; echo late) & echo $! >> pids; echo early', folder);
    expect({ failure, lines }).toEqual({ failure: undefined, lines: ['early'] });
    const found = await pids(join(folder, 'pids'), 1);
    while (!found.every(isGone)) await sleep(10);
    expect(await run('(sleep 0.1; echo late) & echo early; wait')).toMatchObject({
      lines: ['early', 'late'],
    });
  });

  it('ends what has gone into a session of its own and still holds its output', async () => {
    const folder = scratch();
    const recipe =
      "setsid sh -c 'echo $$ >> pids; exec sleep 1000' & while [ ! -s pids ]; do sleep 0.01; done";
    const { failure } = await run(recipe, folder);
    expect(failure).toBeUndefined();
    const found = await pids(join(folder, 'pids'), 1);
    while (!found.every(isGone)) await sleep(10);
  });

  it('is over though somebody whom it does not know holds its output', async () => {
    const folder = scratch();
    const stranger = "env -i setsid /bin/sh -c 'echo $$ >> pids; exec sleep 1000'";
    const { failure, lines } = await run(
      `echo told; ${stranger} & while [ ! -s pids ]; do sleep 0.01; done`,
      folder,
    );
    expect({ failure, lines }).toEqual({ failure: undefined, lines: ['told'] });
    for (const pid of await pids(join(folder, 'pids'), 1)) process.kill(pid, 'SIGKILL');
  });
});
