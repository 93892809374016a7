/**
 * Two workspaces that live through the same: in one, builds leave out what a change does not reach, in the other they
 * decide everything. They must not come apart, not in a file, a state, or a line of the lockfile. `NARROW_SEED=…`
 * repeats a run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Rig } from '../../rig.ts';

const SEED = Number(process.env['NARROW_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = process.env['PIPELINE_DEEP'] === '1' ? 400 : 30;

const MANIFEST = `version: 1
as_of: "2024-02-20T23:59:00Z"
dimensions:
  sym: [a, b, c]
  month: { every: month, from: "2024-01-01T00:00:00Z" }
  file: { of: sym, keys: { rule: listing, output: o, pointer: /files } }
rules:
  listing: { for: [sym], in: { s: "src/\${sym}.json" }, out: { o: "lists/\${sym}.json" }, run: "cat \${in.s} > \${out.o}" }
  note: { for: [sym], in: { s: "src/\${sym}.json" }, out: { o: "notes/\${sym}" }, task: ./tasks/some.mjs, default: false }
  raw: { for: [sym, file], in: { l: { rule: listing, pointer: "/files/\${file}" } }, out: { o: "raw/\${sym}/\${file}" }, task: ./tasks/value.mjs, intermediate: true }
  part: { for: [sym], in: { r: { rule: raw, failed: omit }, n: { rule: note }, own: { path: "own/\${sym}.txt", optional: true } }, out: { o: "part/\${sym}" }, task: ./tasks/join.mjs }
  tree: { for: [sym], in: { d: "dirs/\${sym}" }, out: { o: "tree/\${sym}/" }, task: ./tasks/tree.mjs }
  leaf: { for: [sym], in: { f: "tree/\${sym}/1" }, out: { o: "leaf/\${sym}" }, task: ./tasks/join.mjs }
  many: { in: { m: "many/*.txt" }, out: { o: many.out }, run: "cat /dev/null \${in.m} > \${out.o}" }
  all: { in: { p: { rule: part, failed: omit }, l: { rule: leaf } }, out: { o: "all/\${run_id}/all.txt" }, task: ./tasks/join.mjs }
`;

const HEAD = `import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
const texts = (ctx) => Object.values(ctx.inputs).flatMap((paths) => [paths ?? []].flat()).map((path) => readFileSync(path, 'utf8'));
`;
const TASKS = {
  some: `if (all.includes('absent')) return { absent: 'told so' };
  if (all.includes('odd')) return (writeFileSync(ctx.outputs.o, all), { alerts: [{ level: 'warning', code: 'odd', message: all.length + ' signs' }] });
  writeFileSync(ctx.outputs.o, String(all.length % 3));`,
  value: `if (JSON.stringify(ctx.values).includes('fail')) return { failed: { code: 'told', message: 'told so' } };
  writeFileSync(ctx.outputs.o, JSON.stringify(ctx.values));`,
  join: `writeFileSync(ctx.outputs.o, all);`,
  tree: `for (const name of readdirSync(ctx.inputs.d)) writeFileSync(ctx.outputs.o + '/' + name, readFileSync(ctx.inputs.d + '/' + name));
  writeFileSync(ctx.outputs.o + '/1', String(readdirSync(ctx.inputs.d).length % 2));`,
};

function taskText(name: keyof typeof TASKS): string {
  const all = name === 'tree' ? '' : "const all = texts(ctx).join('');";
  return `${HEAD}export default { version: 1, async run(ctx) {
  ${all}
  ${TASKS[name]}
  return {};
} };
`;
}

/** Mulberry32. */
function drawer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Change = (rig: Rig) => void;

/** One thing that people, disks or other programs do. */
function changeBy(draw: (below: number) => number): Change {
  const sym = 'abc'[draw(3)] ?? 'a';
  const text = ['one', 'two', 'odd', 'absent', 'fail', 'three'][draw(6)] ?? '';
  const remove = (rig: Rig, path: string): void => {
    if (rig.has(path)) rig.remove(path);
  };
  switch (draw(11)) {
    case 0:
    case 1: {
      const files = Object.fromEntries(
        ['x', 'y', 'z'].flatMap((name) => (draw(3) > 0 ? [[name, `${text}${draw(2)}`]] : [])),
      );
      return (rig) => rig.write(`src/${sym}.json`, JSON.stringify({ files, text }));
    }
    case 2:
      return (rig) => rig.write(`own/${sym}.txt`, text);
    case 3:
      return (rig) => remove(rig, `own/${sym}.txt`);
    case 4: {
      const name = `dirs/${sym}/${draw(4)}`;
      return (rig) => rig.write(name, text);
    }
    case 5: {
      const name = `many/${draw(3)}.txt`;
      return draw(2) === 0 ? (rig) => rig.write(name, text) : (rig) => remove(rig, name);
    }
    case 6:
      return (rig) => remove(rig, `raw/${sym}`);
    case 7: {
      const path = [`part/${sym}`, `leaf/${sym}`, `lists/${sym}.json`, `tree/${sym}/1`, `notes/${sym}`][
        draw(5)
      ];
      const forged = draw(2) === 0;
      return (rig) => {
        if (path === undefined || !rig.has(path)) return;
        if (forged) rig.write(path, '"forged"');
        else rig.remove(path);
      };
    }
    case 8:
      return (rig) => remove(rig, `tree/${sym}`);
    case 9:
      return (rig) => remove(rig, 'all/latest');
    default:
      return () => undefined;
  }
}

function lockOf(rig: Rig): string {
  const files = rig.files('pipeline.lock.d');
  const lock = existsSync(rig.path('pipeline.lock')) ? rig.read('pipeline.lock') : '';
  return [lock, ...files.map((path) => rig.read(path))].join('\n');
}

const MADE = ['lists', 'notes', 'raw', 'part', 'tree', 'leaf', 'all'];

function madeIn(rig: Rig): Readonly<Record<string, string>> {
  const paths = MADE.flatMap((folder) => rig.files(folder));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(rig.path(path), 'utf8')]));
}

it('leaves what a whole pass leaves', { timeout: 120_000 + ROUNDS * 4_000 }, async () => {
  process.stderr.write(`narrow beside whole: NARROW_SEED=${SEED}\n`);
  const draw = drawer(SEED);
  const first: Record<string, string> = { 'pipeline.yaml': MANIFEST, 'many/0.txt': 'zero' };
  for (const name of ['some', 'value', 'join', 'tree'] as const) first[`tasks/${name}.mjs`] = taskText(name);
  for (const sym of 'abc') {
    first[`src/${sym}.json`] = '{"files":{"x":"1","y":"2"},"text":"one"}';
    first[`dirs/${sym}/2`] = 'leaf';
  }
  const [narrow, whole] = [new Rig(first), new Rig(first)];
  let stood = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const changes = Array.from({ length: draw(3) }, () => changeBy(draw));
    for (const change of changes) for (const rig of [narrow, whole]) change(rig);
    if (draw(3) > 0) await sleep(60);
    const where = `seed ${SEED}, round ${round}`;
    expect(await narrow.status([], { program: 'p' }), where).toEqual(await narrow.status());
    const each = draw(4) === 0;
    const built = await narrow.build([], { program: 'p', ...(each ? { tellEach: true } : {}) });
    const other = await whole.build();
    stood += built.stood.length;
    if (built.events.every(({ type }) => type !== 'targets-stood') || built.stood.length > 0) {
      expect(built.outcomes, where).toEqual(other.outcomes);
      expect(built.ran, where).toEqual(other.ran);
    }
    expect(built.events.at(-1), where).toMatchObject(ends(other.events.at(-1)));
    expect(lockOf(narrow), where).toBe(lockOf(whole));
    expect(madeIn(narrow), where).toEqual(madeIn(whole));
    if (draw(6) === 0) for (const rig of [narrow, whole]) await rig.build('part', { program: 'p' });
  }
  expect(stood).toBeGreaterThan(ROUNDS);
});

/** Without how long it took. */
function ends(event: object | undefined): object {
  const { seconds: _, ...rest }: { seconds?: number } = event ?? {};
  return rest;
}
