/** `build --trace` and `--profile`: what real builds leave, also where they fail, are interrupted or cannot write. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type * as NodeFs from 'node:fs';
import { lstatSync, symlinkSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { growingFile } from '../../src/cli/profile-file.ts';
import { Rig } from '../rig.ts';
import type { Traced } from '../ui/traced.ts';
import { traceIn } from '../ui/traced.ts';
import type { Ran } from './cli.ts';
import { cli, lines } from './cli.ts';

const loads = vi.hoisted(() => ({ profile: 0, trace: 0 }));
const disk = vi.hoisted((): { full: boolean } => ({ full: false }));

vi.mock('../../src/cli/profile.ts', async (original) => {
  loads.profile += 1;
  return original();
});
vi.mock('../../src/ui/profile-runs.ts', async (original) => {
  loads.trace += 1;
  return original();
});
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof NodeFs>();
  const writeSync = (fd: number, data: Uint8Array, offset = 0): number => {
    if (!disk.full) return actual.writeSync(fd, data, offset);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return { ...actual, writeSync };
});

/** One place for all of a. */
const FILES = {
  'pipeline.yaml': `version: 1
pools: { slow: 1 }
dimensions: { key: [x, y] }
rules:
  a: { for: [key], in: { in: in.txt }, out: { a: "a/\${key}.txt" }, pool: slow, run: "cat \${in.in} > \${out.a}" }
  b: { for: [key], in: { a: { rule: a } }, out: { b: "b/\${key}.txt" }, run: "cat \${in.a} > \${out.b}" }
  c: { in: { a: { rule: a }, b: { rule: b } }, out: { c: c.txt }, run: "cat \${in.a} \${in.b} > \${out.c}" }
`,
  'in.txt': 'one\n',
};

const build = (rig: Rig, ...options: readonly string[]): Promise<Ran> =>
  cli(['-C', rig.dir, '-q', 'build', ...options], { cwd: rig.dir });

function trace(rig: Rig): Traced {
  return traceIn(rig.read('trace.json'));
}

function ends({ runs }: Traced): readonly string[] {
  return runs.map(({ name, args }) => `${name} ${args.outcome}`).sort();
}

/** With nothing but the words: amounts differ from run to run. */
function words(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\d+(\.\d+)?%?/g, '#').replace(/ +/g, ' '))
    .filter((line) => line !== '');
}

it('a build that is asked for neither loads nothing of either', async () => {
  const rig = new Rig(FILES);
  expect(await build(rig)).toEqual({ code: 0, out: '', err: '' });
  expect(loads).toEqual({ profile: 0, trace: 0 });
});

it('a trace has one event for each target that was executed, and none for those that were fresh', async () => {
  const rig = new Rig(FILES);
  expect(await build(rig, '--trace', 'trace.json')).toEqual({ code: 0, out: '', err: '' });
  const all = ['a/x', 'a/y', 'b/x', 'b/y', 'c'];
  expect(ends(trace(rig))).toEqual(all.map((target) => `${target} executed`));
  rig.remove('b/x.txt');
  await build(rig, '--trace', 'trace.json');
  expect(ends(trace(rig))).toEqual(['b/x executed']);
  await build(rig, '--trace', 'trace.json');
  expect(ends(trace(rig))).toEqual([]);
  expect(trace(rig).phases.map(({ name }) => name)).toEqual([
    'load the manifest',
    'open the state',
    'identify code',
    'decide what to run',
    'close',
  ]);
  expect(rig.files('.').filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('a trace names for each target the one whose end let it go on, and its lane in the pool', async () => {
  const rig = new Rig(FILES);
  await build(rig, '-j', '1', '--trace', 'trace.json');
  const { runs, pools } = trace(rig);
  const after = Object.fromEntries(runs.map(({ name, args }) => [name, args.after]));
  expect(after).toEqual({ 'a/x': undefined, 'a/y': undefined, 'b/x': 'a/x', 'b/y': 'a/y', c: 'b/y' });
  expect(new Set([...pools.values()].map(({ name, lanes }) => `${name}: ${lanes.join()}`))).toEqual(
    new Set(['build: phases', 'pool slow (limit 1): slow 1', 'pool cpu (limit 1): cpu 1']),
  );
  for (const { args } of runs) expect(args.reasons).toBe('never built');
  const queued = Object.fromEntries(runs.map(({ name, args }) => [name, args.queued_ms]));
  expect(queued['a/y']).toBeGreaterThan(0);
});

it('a trace shows what is put back, which nobody is told of before', async () => {
  const rig = new Rig(FILES);
  await build(rig);
  rig.write('in.txt', 'two\n');
  await build(rig);
  rig.write('in.txt', 'one\n');
  await build(rig, '--trace', 'trace.json');
  expect(ends(trace(rig))).toEqual(['a/x', 'a/y', 'b/x', 'b/y', 'c'].map((target) => `${target} restored`));
});

it('a trace is written of a build that fails', async () => {
  const rig = new Rig(FILES);
  rig.edit('pipeline.yaml', (text) => text.replace('cat ${in.a} >', 'exit 3; cat ${in.a} >'));
  expect((await build(rig, '--trace', 'trace.json')).code).toBe(1);
  expect(ends(trace(rig))).toEqual(['a/x executed', 'a/y executed', 'b/x failed', 'b/y failed']);
});

it('a trace and a profile are written of a build that is interrupted', async () => {
  const rig = new Rig(FILES);
  rig.edit('pipeline.yaml', (text) =>
    text.replace('cat ${in.a} ${in.b} >', 'touch begun; sleep 60; cat ${in.a} ${in.b} >'),
  );
  const controller = new AbortController();
  const watch = setInterval(() => {
    if (rig.has('begun')) controller.abort();
  }, 5);
  const { code, err } = await cli(
    ['-C', rig.dir, '-q', 'build', '--profile', '--trace', rig.path('trace.json')],
    { signal: controller.signal },
  );
  clearInterval(watch);
  expect(code).toBe(130);
  expect(ends(trace(rig))).toEqual([
    'a/x executed',
    'a/y executed',
    'b/x executed',
    'b/y executed',
    'c interrupted',
  ]);
  expect(words(err)).toContain('c # # interrupted');
});

it('a trace that cannot be written is a warning, and the build is built', async () => {
  const rig = new Rig(FILES);
  expect(await build(rig, '--trace', 'no/such/trace.json')).toEqual({
    code: 0,
    out: '',
    err: 'warning: --trace no/such/trace.json was not written: ENOENT: no such file or directory\n',
  });
  expect(rig.has('c.txt')).toBe(true);
  rig.write('folder/in.txt', '');
  expect((await build(rig, '--trace', 'folder')).err).toBe(
    'warning: --trace folder was not written: EISDIR: illegal operation on a directory\n',
  );
  expect(rig.files('.').filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('a trace that finds no room leaves the one that was there', () => {
  const rig = new Rig({ 'trace.json': 'before' });
  disk.full = true;
  onTestFinished(() => {
    disk.full = false;
  });
  const file = growingFile('trace.json', rig.dir);
  for (const piece of ['a', 'b', 'c']) file.write(piece.repeat(100_000));
  expect(file.close()).toBe('ENOSPC: no space left on device');
  expect(rig.files('.')).toEqual(['trace.json']);
  expect(rig.read('trace.json')).toBe('before');
});

it('a trace replaces what a link leads to, and not the link', () => {
  const rig = new Rig({ 'real/trace.json': 'before' });
  symlinkSync('real/trace.json', rig.path('link.json'));
  const file = growingFile('link.json', rig.dir);
  file.write('after');
  expect(rig.read('real/trace.json')).toBe('before');
  expect(file.close()).toBeUndefined();
  expect(lstatSync(rig.path('link.json')).isSymbolicLink()).toBe(true);
  expect(rig.read('real/trace.json')).toBe('after');
});

it('a trace is written to a pipe as to a file, and does not take its place', async () => {
  const rig = new Rig();
  execFileSync('mkfifo', [rig.path('pipe')]);
  const reader = spawn('cat', [rig.path('pipe')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const read: string[] = [];
  reader.stdout.on('data', (piece) => read.push(String(piece)));
  const ended = once(reader, 'close');
  const file = growingFile('pipe', rig.dir);
  file.write('all of it');
  expect(file.close()).toBeUndefined();
  await ended;
  expect(read.join('')).toBe('all of it');
  expect(lstatSync(rig.path('pipe')).isFIFO()).toBe(true);
});

it.each(['pipeline.lock', './pipeline.yaml', '.pipeline/journal', 'pipeline.lock.d/one'])(
  'a trace does not go to %s, which is the build’s own',
  async (name) => {
    const rig = new Rig(FILES);
    await build(rig);
    const before = rig.files('.');
    expect(await build(rig, '--trace', rig.path(name))).toEqual({
      code: 2,
      out: '',
      err: `error: --trace ${rig.path(name)}: this file is the build's own\n  = name another file, e.g. trace.json\n`,
    });
    expect(rig.files('.')).toEqual(before);
  },
);

it('a profile stands below the summary, on stderr', async () => {
  const rig = new Rig(FILES);
  const { code, out, err } = await cli(['-C', rig.dir, 'build', '-j', '1', '--profile']);
  expect({ code, out }).toEqual({ code: 0, out: '' });
  const said = words(err);
  const from = said.indexOf('where the time went seconds share');
  expect(said[from - 1]).toMatch(/^built # in #s /);
  expect(said.slice(from)).toEqual([
    'where the time went seconds share',
    'load the manifest # #',
    'open the state # #',
    'identify code # #',
    'decide what to run # #',
    'run targets # #',
    'close # #',
    'the build # #',
    'critical path waited ran share outcome',
    'a/y # # # executed',
    'b/y # # # executed',
    'c # # # executed',
    'all of it # # #',
    'pool limit peak busy used',
    expect.stringMatching(/^(cpu|slow) # # # #$/),
    expect.stringMatching(/^(cpu|slow) # # # #$/),
    'slowest targets queued ran outcome',
    ...Array.from({ length: 5 }, () => expect.stringMatching(/^(a\/x|a\/y|b\/x|b\/y|c) # # executed$/)),
    'rule runs seconds median',
    ...Array.from({ length: 3 }, () => expect.stringMatching(/^[abc] # # #$/)),
  ]);
  for (const line of err.slice(err.indexOf('where the time')).split('\n'))
    expect(line.length).toBeLessThanOrEqual(80);
});

it('with --json a profile is a line of its own, and build-finished stays the last one', async () => {
  const rig = new Rig(FILES);
  const { code, out, err } = await cli(['-C', rig.dir, '-q', '--json', 'build', '--profile']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const events = lines(out);
  expect(events.slice(-2).map(({ type }) => type)).toEqual(['profile', 'build-finished']);
  expect(events.filter(({ type }) => type === 'target-finished').map((event) => Object.keys(event))).toEqual(
    Array.from({ length: 5 }, () => ['type', 'target', 'outcome', 'reasons', 'seconds']),
  );
  const time = expect.any(Number);
  const profile = events.at(-2);
  expect(profile).toMatchObject({
    seconds: time,
    phases: expect.arrayContaining([{ phase: 'run targets', seconds: time }]),
    critical: { seconds: time, waited: time },
    pools: expect.arrayContaining([{ pool: 'slow', limit: 1, busy: time, utilisation: time, peak: 1 }]),
    slowest: expect.arrayContaining([{ target: 'c', outcome: 'executed', queued: time, seconds: time }]),
    rules: expect.arrayContaining([{ rule: 'a', runs: 2, seconds: time, median: time }]),
  });
});

it('an intermediate that is made after all stands on the path before the target that needs it', async () => {
  const rig = new Rig({
    'pipeline.yaml': `version: 1
rules:
  early: { in: { in: in.txt }, out: { early: early.txt }, run: "cat \${in.in} > \${out.early}" }
  middle: { in: { in: fixed.txt }, out: { middle: middle.txt }, intermediate: true, run: "cat \${in.in} > \${out.middle}" }
  late: { in: { early: { rule: early }, middle: { rule: middle } }, out: { late: late.txt }, run: "cat \${in.early} \${in.middle} > \${out.late}" }
`,
    'in.txt': 'one\n',
    'fixed.txt': 'fixed\n',
  });
  await build(rig);
  rig.remove('middle.txt');
  rig.write('in.txt', 'two\n');
  await build(rig, '--trace', 'trace.json');
  expect(trace(rig).runs.map(({ name, args }) => [name, args.after])).toEqual([
    ['early', undefined],
    ['middle', 'early'],
    ['late', 'middle'],
  ]);
});

it('targets whose keys come out of a build go on when these are known', async () => {
  const rig = new Rig({
    'pipeline.yaml': `version: 1
dimensions:
  file: { keys: { rule: list, pointer: /files } }
rules:
  list: { in: { in: list.json }, out: { list: out/list.json }, run: "cat \${in.in} > \${out.list}" }
  one: { for: [file], in: { in: fixed.txt }, out: { one: "out/\${file}.txt" }, run: "cat \${in.in} > \${out.one}" }
`,
    'list.json': '{ "files": { "p": 1, "q": 2 } }',
    'fixed.txt': 'fixed\n',
  });
  await build(rig, '--trace', 'trace.json');
  expect(Object.fromEntries(trace(rig).runs.map(({ name, args }) => [name, args.after]))).toEqual({
    list: undefined,
    'one/p': 'list',
    'one/q': 'list',
  });
});
