import {
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../../src/engine/events.ts';
import { condense } from '../../../src/engine/standing.ts';
import { readHistory } from '../../../src/engine/state/history.ts';
import { createProgressModel } from '../../../src/ui/progress-model.ts';
import { collectFigures } from '../../../src/ui/run-figures.ts';
import type { BuildAsk, Built } from '../../rig.ts';
import { Rig } from '../../rig.ts';

const FILES = {
  'a.txt': '1\n',
  'b.txt': '2\n',
  'tasks/join.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
export default { version: 1, async run(ctx) {
  writeFileSync(ctx.outputs.o, ctx.members.parts.map(({ path }) => readFileSync(path, 'utf8')).join(''));
} };
`,
  'pipeline.yaml': `version: 1
as_of: "2024-02-01T23:59:00Z"
dimensions: { letter: [a, b] }
rules:
  part: { for: [letter], in: { t: "\${letter}.txt" }, out: { o: "part/\${letter}" }, run: "cat \${in.t} > \${out.o}" }
  all: { in: { parts: { rule: part } }, out: { o: "all/\${run_id}/all.txt" }, task: ./tasks/join.mjs }
`,
};

const ASK: BuildAsk = { program: 'this one' };

/** Built, at rest, and found to have nothing to do once. */
async function calm(files: Readonly<Record<string, string>> = FILES, ask: BuildAsk = ASK): Promise<Rig> {
  const rig = new Rig(files);
  expect((await rig.build([], ask)).failures).toEqual({});
  await sleep(120);
  expect((await rig.build([], ask)).ran).toEqual([]);
  return rig;
}

function figuresOf({ events }: Built): unknown {
  const figures = collectFigures(() => 0);
  const model = createProgressModel(() => 0);
  for (const event of events) {
    figures.apply(event);
    model.apply(event);
  }
  return { ...figures.result(), seconds: 0, rows: model.rows(9) };
}

/** Undefined where each target was told of by itself: a pass was made. */
async function recalled(
  rig: Rig,
  ask: BuildAsk = ASK,
): Promise<Readonly<Record<string, number>> | undefined> {
  const { events, ran } = await rig.build([], ask);
  const stood = events.flatMap((event) =>
    event.type === 'targets-stood' ? [[`${event.rule} ${event.outcome}`, event.count] as const] : [],
  );
  if (stood.length === 0) return undefined;
  expect(ran).toEqual([]);
  const alone = events.flatMap((event) =>
    event.type === 'target-finished' ? [[`${event.rule} ${event.outcome}`, 1] as const] : [],
  );
  return Object.fromEntries([...stood, ...alone]);
}

describe('a build of everything that has found nothing to do', () => {
  it('is recalled by the next one, with the same counts and run', async () => {
    const rig = await calm();
    const passed = await rig.build();
    const logged = readHistory(rig.dir).runs.at(-1);
    expect(await recalled(rig)).toEqual({ 'part fresh': 2, 'all fresh': 1 });
    const told = await rig.build([], ASK);
    expect({ ...told.events.at(-1), seconds: 0 }).toEqual({ ...passed.events.at(-1), seconds: 0 });
    expect(figuresOf(told)).toEqual(figuresOf(passed));
    expect(readHistory(rig.dir).runs.at(-1)).toMatchObject({ counts: logged?.counts, builds: 4 });
  });

  it('is recalled where the workspace was moved to, and touches nothing where it was', async () => {
    const rig = await calm();
    const moved = new Rig();
    renameSync(rig.dir, moved.dir);
    moved.remove('all/latest');
    expect(await recalled(moved)).toBeDefined();
    expect(moved.read('all/latest/all.txt')).toBe('1\n2\n');
    expect(existsSync(rig.dir)).toBe(false);
  });

  it('is made anew where a link was turned while it was made', async () => {
    const rig = new Rig({
      'v1/x.txt': '1\n',
      'v2/x.txt': '2\n',
      'pipeline.yaml': `version: 1
as_of: "2024-02-01T23:59:00Z"
rules:
  one: { in: { t: cur/x.txt }, out: { o: out/one }, run: "cat \${in.t} > \${out.o}" }
  two: { in: { t: cur/x.txt }, out: { o: out/two }, run: "cat \${in.t} > \${out.o}" }
`,
    });
    const turn = (to: string): void => {
      rmSync(rig.path('cur'), { force: true });
      symlinkSync(to, rig.path('cur'));
    };
    turn('v1');
    await rig.build([], ASK);
    turn('v2');
    await rig.build('two', ASK);
    await sleep(120);
    turn('v1');
    const onEvent = (event: BuildEvent): void => {
      if (event.type === 'target-finished' && event.target === 'one') turn('v2');
    };
    expect((await rig.build([], { ...ASK, onEvent })).ran).toEqual([]);
    expect((await rig.build([], ASK)).ran).toEqual(['one']);
  });

  it('is not kept where the disk does not take it, and well all the same', async () => {
    const rig = new Rig(FILES);
    await rig.build([], ASK);
    rmSync(rig.path('.pipeline/standing'), { force: true });
    rig.write('.pipeline/standing/in/the/way', '');
    await sleep(120);
    expect((await rig.build([], ASK)).result).toBe('built');
    expect(await recalled(rig)).toBeUndefined();
  });

  it('repairs the link to the last run all the same', async () => {
    const rig = await calm();
    rig.remove('all/latest');
    expect(await recalled(rig)).toBeDefined();
    expect(rig.read('all/latest/all.txt')).toBe('1\n2\n');
  });

  it.each<readonly [what: string, change: (rig: Rig) => void, ran: readonly string[]]>([
    ['the code of a task', (rig) => rig.edit('tasks/join.mjs', (text) => `${text}// more\n`), ['all']],
    [
      'a recipe',
      (rig) => rig.edit('pipeline.yaml', (text) => text.replace('"cat', '"cat /dev/null')),
      ['part/a', 'part/b'],
    ],
    ['the lockfile', (rig) => rig.remove('pipeline.lock'), []],
    ['the journal', (rig) => rig.edit('.pipeline/journal', (text) => text.slice(0, -2)), ['all']],
    ['what is remembered', (rig) => rig.write('.pipeline/standing', 'nonsense'), []],
    ['one byte of what is remembered', flipped, []],
  ])('is made anew after a change of %s', async (_, change, ran) => {
    const rig = await calm();
    change(rig);
    const built = await rig.build([], ASK);
    expect(built.events.some(({ type }) => type === 'targets-stood')).toBe(false);
    expect(built.ran).toEqual(ran);
  });

  it.each<readonly [what: string, change: (rig: Rig) => void, ran: readonly string[], stood: string[]]>([
    ['an input', (rig) => rig.write('a.txt', '3\n'), ['all', 'part/a'], ['part/b']],
    [
      'an input to others of the same size, its time set back',
      sameSizeAndTime,
      ['all', 'part/a'],
      ['part/b'],
    ],
    ['an input to another file of that name', otherFile, ['all', 'part/a'], ['part/b']],
    ['an output', (rig) => rig.write('part/b', '9\n'), ['part/b'], ['part/a']],
    ['an output, which is removed', (rig) => rig.remove('part/b'), ['part/b'], ['part/a']],
  ])('is made for what it reaches after a change of %s', async (_, change, ran, stood) => {
    const rig = await calm();
    change(rig);
    const built = await rig.build([], ASK);
    expect(built.ran).toEqual(ran);
    expect(built.stood).toEqual(stood);
  });

  it('is made anew by another program, at another as-of, and for other targets', async () => {
    const rig = await calm();
    expect(await recalled(rig, { program: 'another one' })).toBeUndefined();
    expect(await recalled(await calm(), { ...ASK, asOf: '2024-02-02T23:59:00Z' })).toBeUndefined();
    for (const ask of [{ force: true }, { refresh: true }, {}])
      expect(await recalled(await calm(), { ...ask, ...(ask.force ? ASK : {}) })).toBeUndefined();
    const { events } = await (await calm()).build('part', ASK);
    expect(events.some(({ type }) => type === 'targets-stood')).toBe(false);
  });

  it('is made anew once something is due, and when the clock was set back', async () => {
    const files = {
      ...FILES,
      'pipeline.yaml': FILES['pipeline.yaml'].replace('part: {', 'part: { refresh: { after: 1h },'),
    };
    // Targets end by the clock of the machine: a minute later all have.
    const at = Date.now() + 60_000;
    const ask = (hours: number): BuildAsk => ({
      ...ASK,
      now: new Date(at + hours * 3_600_000).toISOString(),
    });
    const rig = await calm(files, ask(0));
    expect(await recalled(rig, ask(0.5))).toBeDefined();
    expect(await recalled(rig, ask(-1))).toBeUndefined();
    expect(await recalled(rig, ask(2))).toBeUndefined();
  });

  it('is not recalled where globs, or files too young, were looked at', async () => {
    const globs = { ...FILES, 'pipeline.yaml': FILES['pipeline.yaml'].replace('"${letter}.txt"', '"*.txt"') };
    expect(await recalled(await calm(globs))).toBeUndefined();
    const rig = new Rig(FILES);
    await rig.build([], ASK);
    await rig.build([], ASK);
    writeFileSync(rig.path('a.txt'), '7\n');
    await rig.build([], ASK);
    expect(rig.read('all/latest/all.txt')).toBe('7\n2\n');
  });
});

describe('what status says where nothing has changed', () => {
  const MANIFEST = `version: 1
as_of: "2024-02-01T23:59:00Z"
dimensions: { letter: [a, b, c] }
rules:
  part: { for: [letter], out: { o: "part/\${letter}" }, task: ./tasks/part.mjs }
  copy: { for: [letter], in: { p: { rule: part } }, out: { o: "copy/\${letter}" }, run: "cat \${in.p} > \${out.o}" }
  gone: { out: { o: gone.txt }, run: "echo 1 > \${out.o}" }
`;
  const PART = `import { writeFileSync } from 'node:fs';
export default { version: 1, async run(ctx) {
  if (ctx.partition.keys.letter === 'b') return { absent: 'there is no b' };
  writeFileSync(ctx.outputs.o, '1');
} };
`;

  it('is kept: what is absent and why, fresh targets by number, and what nobody makes any more', async () => {
    const rig = new Rig({ 'pipeline.yaml': MANIFEST, 'tasks/part.mjs': PART });
    await rig.build();
    rig.edit('pipeline.yaml', (text) => text.replace(/ {2}gone: .*\n/, ''));
    await rig.build([], ASK);
    await sleep(120);
    await rig.build([], ASK);
    const noted = (await rig.found('this one'))?.standing.status();
    expect(noted?.orphans).toEqual([{ target: 'gone', path: 'gone.txt' }]);
    expect(noted?.targets).toEqual(condense(await rig.status()));
    expect(noted?.targets).toEqual([
      { rule: 'part', fresh: 1 },
      { target: 'part/b', state: 'absent', reasons: [], absent: { reason: 'there is no b' } },
      { rule: 'part', fresh: 1 },
      { rule: 'copy', fresh: 1 },
      {
        target: 'copy/b',
        state: 'absent',
        reasons: [{ kind: 'upstream', name: 'part/b', is: 'absent' }],
        absent: { reason: 'there is no b' },
      },
      { rule: 'copy', fresh: 1 },
    ]);
    // What lies about is told of only while it is what was made.
    rig.remove('gone.txt');
    expect((await rig.found('this one'))?.kind).not.toBe('all');
  });
});

describe('a status that has looked before another build ended', () => {
  it('goes by the records of that build, and by nothing that stood before them', async () => {
    const rig = await calm();
    const found = await rig.found('this one');
    expect([found?.kind, found?.holds()]).toEqual(['all', true]);
    rig.remove('a.txt');
    rig.write('a.txt/inside', 'which cat does not take');
    expect(Object.keys((await rig.build([], ASK)).failures)).toEqual(['part/a']);
    expect(found?.holds()).toBe(false);
    const told = await rig.status([], found === undefined ? {} : { earlier: found });
    expect(told).toEqual(await rig.status());
    expect(told.map(({ target, state }) => `${target} ${state}`)).toEqual([
      'part/a failed',
      'part/b fresh',
      'all blocked',
    ]);
  });
});

/** As `touch -r` and an editor in place would have it: size and mtime are those of before. */
function sameSizeAndTime(rig: Rig): void {
  const { atime, mtime } = statSync(rig.path('a.txt'));
  writeFileSync(rig.path('a.txt'), '3\n');
  utimesSync(rig.path('a.txt'), atime, mtime);
}

function otherFile(rig: Rig): void {
  const { atime, mtime } = statSync(rig.path('a.txt'));
  writeFileSync(rig.path('other'), '3\n');
  utimesSync(rig.path('other'), atime, mtime);
  renameSync(rig.path('other'), rig.path('a.txt'));
}

function flipped(rig: Rig): void {
  const bytes = readFileSync(rig.path('.pipeline/standing'));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(rig.path('.pipeline/standing'), bytes);
}
