/**
 * Builds after a change: what the note of the last build says that the change cannot reach is not decided again. What
 * such a build comes to is held against a reference in test/engine/oracle.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BuildAsk, Built } from '../../rig.ts';
import { Rig } from '../../rig.ts';

const ASK: BuildAsk = { program: 'this one' };

const HEAD = `version: 1
as_of: "2024-02-01T23:59:00Z"
`;

/** Long enough for files to be at rest. */
const REST_MS = 120;

/** Built, and found to have nothing to do where that may be found. */
async function built(files: Readonly<Record<string, string>>, ask: BuildAsk = ASK): Promise<Rig> {
  const rig = new Rig(files);
  await rig.build([], ask);
  await sleep(REST_MS);
  await rig.build([], ask);
  return rig;
}

async function rebuilt(rig: Rig, ask: BuildAsk = ASK): Promise<Built> {
  await sleep(REST_MS);
  return rig.build([], ask);
}

function isRecalled({ events, stood }: Built): boolean {
  return stood.length === 0 && events.some(({ type }) => type === 'targets-stood');
}

const LETTERS = {
  'a.txt': '1\n',
  'b.txt': '2\n',
  'c.txt': '3\n',
  'pipeline.yaml': `${HEAD}dimensions: { letter: [a, b, c] }
rules:
  part: { for: [letter], in: { t: "\${letter}.txt" }, out: { o: "part/\${letter}" }, run: "cat \${in.t} > \${out.o}" }
  copy: { for: [letter], in: { t: { rule: part } }, out: { o: "copy/\${letter}" }, run: "sort \${in.t} > \${out.o}" }
  all: { in: { parts: { rule: copy } }, out: { o: all.txt }, run: "cat \${in.parts} > \${out.o}" }
`,
};

describe('a build after a change', () => {
  it('decides what the change reaches, then what has run, and then has nothing to do', async () => {
    const rig = await built(LETTERS);
    rig.write('b.txt', 'other\n');
    const changed = await rig.build([], ASK);
    expect(changed.ran).toEqual(['all', 'copy/b', 'part/b']);
    expect(changed.stood).toEqual(['copy/a', 'copy/c', 'part/a', 'part/c']);
    expect(rig.read('all.txt')).toBe('1\nother\n3\n');
    const next = await rebuilt(rig);
    expect(next.ran).toEqual([]);
    expect(next.stood).toEqual(['copy/a', 'copy/c', 'part/a', 'part/c']);
    expect(isRecalled(await rebuilt(rig))).toBe(true);
  });

  it('goes on from the note of a build that ran something, at once', async () => {
    const rig = await built(LETTERS);
    rig.write('a.txt', 'first\n');
    await rig.build([], ASK);
    rig.write('c.txt', 'second\n');
    const { ran, stood } = await rig.build([], ASK);
    expect(ran).toEqual(['all', 'copy/c', 'part/c']);
    expect(stood).toEqual(['copy/b', 'part/b']);
    expect(rig.read('all.txt')).toBe('first\n2\nsecond\n');
  });

  it('stops where the same bytes come out, and sees an edit of what stood before', async () => {
    const rig = await built(LETTERS);
    rig.write('copy/b', '9\n');
    expect((await rig.build([], ASK)).ran).toEqual(['copy/b']);
    rig.write('part/a', '8\n');
    rig.write('c.txt', '4\n');
    const { ran, stood } = await rebuilt(rig);
    expect(ran).toEqual(['all', 'copy/c', 'part/a', 'part/c']);
    expect(stood).toEqual(['part/b']);
    expect(rig.read('all.txt')).toBe('1\n2\n4\n');
  });

  it('runs what has failed again, and lets the others stand', async () => {
    const rig = await built(LETTERS);
    rig.remove('b.txt');
    const failed = await rebuilt(rig);
    expect(failed.outcomes).toMatchObject({ 'part/b': 'failed', 'copy/b': 'blocked', all: 'blocked' });
    expect(failed.stood).toEqual(['copy/a', 'copy/c', 'part/a', 'part/c']);
    const again = await rebuilt(rig);
    expect(again.outcomes).toMatchObject({ 'part/b': 'failed', 'copy/b': 'blocked', all: 'blocked' });
    expect(again.stood).toEqual(['copy/a', 'copy/c', 'part/a', 'part/c']);
    rig.write('b.txt', '2\n');
    const mended = await rebuilt(rig);
    expect(mended.outcomes).toMatchObject({ 'part/b': 'fresh', 'copy/b': 'fresh', all: 'fresh' });
  });

  it('tells of targets that only others need, which stand', async () => {
    const rig = await built({
      ...LETTERS,
      'pipeline.yaml': LETTERS['pipeline.yaml'].replace('part: {', 'part: { default: false,'),
    });
    rig.write('b.txt', 'other\n');
    const { stood, events } = await rig.build([], ASK);
    expect(stood).toEqual(['copy/a', 'copy/c', 'part/a', 'part/c']);
    const end = events.at(-1);
    expect(end).toMatchObject({ type: 'build-finished', executed: 3, fresh: 4 });
  });

  it('decides everything where other keys may come', async () => {
    const rig = await built({
      'keys.json': '["a","b"]',
      'a.txt': '1\n',
      'b.txt': '2\n',
      'c.txt': '3\n',
      'pipeline.yaml': `${HEAD}dimensions: { letter: { keys: { rule: keys, output: o, pointer: "" } } }
rules:
  keys: { in: { k: keys.json }, out: { o: out.json }, run: "cat \${in.k} > \${out.o}" }
  part: { for: [letter], in: { t: "\${letter}.txt" }, out: { o: "part/\${letter}" }, run: "cat \${in.t} > \${out.o}" }
  all: { in: { parts: { rule: part } }, out: { o: all.txt }, run: "cat \${in.parts} > \${out.o}" }
`,
    });
    rig.write('a.txt', '7\n');
    expect(await rig.build([], ASK)).toMatchObject({ ran: ['all', 'part/a'], stood: ['part/b'] });
    rig.write('keys.json', '["a","b","c"]');
    expect(await rebuilt(rig)).toMatchObject({ ran: ['all', 'keys', 'part/c'], stood: [] });
    expect(rig.read('all.txt')).toBe('7\n2\n3\n');
  });

  it('tells again of what is absent, and of what is wrong with what is fresh', async () => {
    const rig = await built({
      ...LETTERS,
      'tasks/some.mjs': `import { copyFileSync } from 'node:fs';
export default { version: 1, async run(ctx) {
  if (ctx.partition.keys.letter === 'a') return { absent: 'there is no a' };
  copyFileSync(ctx.inputs.t, ctx.outputs.o);
  return ctx.partition.keys.letter === 'b' ? { alerts: [{ level: 'warning', code: 'odd', message: 'b is odd' }] } : {};
} };
`,
      'pipeline.yaml': LETTERS['pipeline.yaml'].replace(
        'run: "cat ${in.t} > ${out.o}"',
        'task: ./tasks/some.mjs',
      ),
    });
    rig.write('c.txt', 'other\n');
    const { outcomes, events, stood, ran } = await rig.build([], ASK);
    expect(ran).toEqual(['all', 'copy/c', 'part/c']);
    expect(outcomes).toMatchObject({ 'part/a': 'absent', 'copy/a': 'absent', 'part/b': 'fresh' });
    expect(stood).toEqual(['copy/b']);
    expect(events.at(-1)).toMatchObject({ alerts: { critical: 0, warning: 1 } });
  });

  it('looks again wherever a glob was looked at, and lets the others stand', async () => {
    const rig = await built({
      ...LETTERS,
      'many/1.txt': 'one\n',
      'pipeline.yaml': `${LETTERS['pipeline.yaml']}  many: { in: { m: "many/*.txt" }, out: { o: many.out }, run: "cat \${in.m} > \${out.o}" }
`,
    });
    const same = await rebuilt(rig);
    expect(same).toMatchObject({
      ran: [],
      stood: ['all', 'copy/a', 'copy/b', 'copy/c', 'part/a', 'part/b', 'part/c'],
    });
    rig.write('many/2.txt', 'two\n');
    expect((await rebuilt(rig)).ran).toEqual(['many']);
    expect(rig.read('many.out')).toBe('one\ntwo\n');
  });

  it('sees a file come into a directory that was read, and one go', async () => {
    const rig = await built({
      ...LETTERS,
      'dir/1.txt': 'one\n',
      'pipeline.yaml': `${LETTERS['pipeline.yaml']}  dir: { in: { d: dir }, out: { o: dir.out }, run: "cat \${in.d}/* > \${out.o}" }
`,
    });
    rig.write('dir/2.txt', 'two\n');
    expect(await rebuilt(rig)).toMatchObject({ ran: ['dir'], stood: expect.arrayContaining(['part/a']) });
    await rebuilt(rig);
    rig.remove('dir/1.txt');
    expect((await rebuilt(rig)).ran).toEqual(['dir']);
    expect(rig.read('dir.out')).toBe('two\n');
  });

  it('tells of each target to whoever wants to hear of each, whether anything has changed or not', async () => {
    const rig = await built(LETTERS);
    const told = ({ events }: Built): readonly string[] =>
      events.flatMap((event) =>
        event.type === 'target-finished' ? [`${event.target} ${event.outcome} ${event.outputs}`] : [],
      );
    const whole = told(await rig.build());
    await rig.build([], ASK);
    const each = await rebuilt(rig, { ...ASK, tellEach: true });
    expect(each.events.some(({ type }) => type === 'targets-stood')).toBe(false);
    expect(each.stood.length).toBe(7);
    expect([...told(each)].sort()).toEqual([...whole].sort());
    expect(isRecalled(await rebuilt(rig))).toBe(true);
  });

  it('runs what is due, and what that reaches', async () => {
    const files = {
      ...LETTERS,
      'pipeline.yaml': `${LETTERS['pipeline.yaml']}  asked: { refresh: { after: 1h }, out: { o: asked.txt }, run: "echo answer > \${out.o}" }
  told: { in: { a: asked.txt }, out: { o: told.txt }, run: "cat \${in.a} > \${out.o}" }
`,
    };
    // Targets end by the clock of the machine: a minute later all have.
    const at = Date.now() + 60_000;
    const ask = (hours: number): BuildAsk => ({
      ...ASK,
      now: new Date(at + hours * 3_600_000).toISOString(),
    });
    const rig = await built(files, ask(0));
    expect(isRecalled(await rebuilt(rig, ask(0.5)))).toBe(true);
    const due = await rebuilt(rig, ask(2));
    expect(due.outcomes).toMatchObject({ asked: 'checked', told: 'fresh' });
    expect(due.stood).toContain('part/a');
    expect(due.stood).not.toContain('told');
  });

  it('decides everything where records were lost', async () => {
    const rig = await built(LETTERS);
    const torn = (text: string): string =>
      text.replace('"success","target":"part/a"', '"success","target":"part/x"');
    rig.edit('.pipeline/journal', torn);
    const { stood, ran } = await rebuilt(rig);
    expect(stood).toEqual([]);
    expect(ran).toEqual(['part/a']);
  });

  it('leaves a note that a build broken off, or of some targets, makes worthless', async () => {
    const rig = await built(LETTERS);
    rig.write('b.txt', 'other\n');
    await rig.build('part', ASK);
    const { ran, stood } = await rebuilt(rig);
    expect(ran).toEqual(['all', 'copy/b']);
    expect(stood).toEqual([]);
  });
});
