/**
 * A small world for the random test of builds: a manifest with every kind of edge, sources, and tasks whose output
 * tells all that they were given. Knows how to change it, and nothing of how it is built.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import type { Builtins } from '../../../src/engine/run/code.ts';
import type { TaskContext, TaskResult } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import type { Rig } from '../../rig.ts';

export interface World {
  symbols: readonly string[];
  /** A rule gives the symbols, in place of the manifest: then files hang on keys that are given too. */
  given: boolean;
  /** The as-of is the last minute of this day. */
  day: string;
  /** Which of the outputs' templates a rule has. */
  place: number;
  param: string;
  /** Stands for the source text of the tasks. */
  code: number;
  renamed: boolean;
  swapped: boolean;
  intermediate: boolean;
  optional: boolean;
  closed: boolean;
  readonly sources: Map<string, string>;
}

const TEXTS = ['1\n', '2\n', '3\n', 'FAIL\n', 'ABSENT\n'] as const;
const FILES = ['2024-01', '2024-02-03', '2024-02-04', '2024-03', 'other'] as const;
const PLACES = [
  'out/${symbol}.txt',
  'out/n-${symbol}.txt',
  'out/${symbol}.txt/text',
  'other/${symbol}.txt',
] as const;
export const SYMBOLS = ['a', 'b', 'c'] as const;
/** Holds the symbols of the world, whether or not they are taken from there. */
export const UNIVERSE = 'in/symbols.json';

export function newWorld(given: boolean): World {
  const symbols = ['a', 'b'];
  const sources = new Map([
    ['extra/one.txt', 'x\n'],
    [UNIVERSE, JSON.stringify(symbols)],
  ]);
  for (const symbol of SYMBOLS) {
    sources.set(`in/${symbol}.txt`, '1\n');
    sources.set(`in/${symbol}.json`, listing([0, 1]));
  }
  return {
    symbols,
    given,
    day: '2024-02-10',
    place: 0,
    param: 'p',
    code: 1,
    renamed: false,
    swapped: false,
    intermediate: false,
    optional: true,
    closed: false,
    sources,
  };
}

function listing(files: readonly number[]): string {
  return JSON.stringify({ files: Object.fromEntries(files.map((at) => [FILES[at] ?? 'other', at])) });
}

export function manifestOf(world: World): string {
  const copy = world.renamed ? 'kopie' : 'copy';
  const [left, right] = world.swapped ? ['two', 'one'] : ['one', 'two'];
  return `version: 1
as_of: "${world.day}T23:59:00Z"
dimensions:
  symbol: ${world.given ? '{ keys: { rule: universe, pointer: "" } }' : `[${world.symbols.join(', ')}]`}
  month: { every: month, from: "2024-01-01T00:00:00Z" }
  file: { of: symbol, keys: { rule: list, pointer: /files } }
rules:
  universe: { in: { json: ${UNIVERSE} }, out: { json: universe.json }, run: "cat \${in.json} > \${out.json}" }
  ${copy}: { for: [symbol], in: { text: "in/\${symbol}.txt" }, out: { text: "${PLACES[world.place]}" }, task: tell, params: { p: ${world.param} } }
  list: { for: [symbol], in: { text: "in/\${symbol}.json" }, out: { json: "lists/\${symbol}.json" }, run: "cat \${in.text} > \${out.json}" }
  item: { for: [symbol, file], in: { entry: { rule: list, pointer: "/files/\${file}" } }, out: { text: "items/\${symbol}/\${file}.txt" }, task: value, intermediate: ${world.intermediate} }
  tree: { for: [symbol], in: { text: { rule: ${copy} } }, out: { tree: "tree/\${symbol}/" }, task: lines, intermediate: ${world.intermediate} }
  leaf: { for: [symbol], in: { text: "tree/\${symbol}/1" }, out: { text: "leaf/\${symbol}.txt" }, task: tell }
  month: { for: [symbol, month], in: { text: { rule: ${copy}, optional: ${world.optional} }, items: { rule: item }, before: { rule: month, output: text, offset: { month: -1 }, optional: true } }, out: { text: "months/\${symbol}-\${month}.txt", first: "months/\${symbol}-\${month}.first" }, task: tell, partitions: ${world.closed ? 'closed' : 'all'} }
  first: { for: [symbol], in: { firsts: { rule: month, output: first } }, out: { text: "firsts/\${symbol}.txt" }, task: tell }
  globbed: { in: { texts: "{out,other,extra}/*.txt" }, out: { text: globbed.txt }, task: tell }
  shell: { in: { texts: { rule: leaf, failed: omit } }, out: { text: shell.txt }, run: "cat \${in.texts} /dev/null > \${out.text}" }
  ${left}: { in: { extra: extra/one.txt }, out: { text: one.txt }, task: tell }
  ${right}: { in: { extra: extra/two.txt }, out: { text: two.txt }, task: tell }
  total: { in: { months: { rule: month, output: text, failed: omit }, lists: { rule: list, failed: omit } }, out: { text: total.txt }, task: tell }
`;
}

/** Their code digest is the world's; what they write says which code it was. */
export function tasksOf({ code }: World): Builtins {
  const source = `v${code}`;
  return fakeTasks({
    tell: { source, run: (ctx) => tell(ctx, source) },
    value: { source, run: (ctx) => put(ctx, 'text', JSON.stringify([source, ctx.values])) },
    lines: { source, run: lines },
  });
}

function put(ctx: TaskContext, name: string, text: string): undefined {
  writeFileSync(ctx.outputs[name] ?? '', text);
}

/** All that it was given; and on the side so little that an edit may stop there. */
function tell(ctx: TaskContext, source: string): TaskResult {
  const own = ctx.inputs['text'];
  const text = typeof own === 'string' ? readFileSync(own, 'utf8') : '';
  if (text === 'FAIL\n') return { failed: { code: 'told', message: 'told to' } };
  if (text === 'ABSENT\n') return { absent: 'told to' };
  const { target, partition, params, values, members, absent, failed } = ctx;
  const told = [source, target, partition, params, values, members, absent, failed, contents(ctx)];
  put(ctx, 'text', JSON.stringify(told).replaceAll(`${ctx.workspace}/`, ''));
  if ('first' in ctx.outputs) put(ctx, 'first', text.slice(0, 1));
  return undefined;
}

function contents(ctx: TaskContext): readonly unknown[] {
  return Object.entries(ctx.inputs).map(([name, paths]) => [
    name,
    [paths ?? []].flat().map((path) => [relative(ctx.workspace, path), readFileSync(path, 'utf8')]),
  ]);
}

/** Files called by what they hold: another input is another set of files. */
function lines(ctx: TaskContext): TaskResult {
  const text = readFileSync(String(ctx.inputs['text']), 'utf8');
  const folder = ctx.outputs['tree'] ?? '';
  for (const digit of new Set(['1', ...(/[123]/.exec(text.slice(-4)) ?? [])]))
    writeFileSync(join(folder, digit), text);
  return undefined;
}

export type Edit =
  | { readonly kind: 'text'; readonly symbol: string; readonly text: string }
  | { readonly kind: 'files'; readonly symbol: string; readonly files: readonly number[] }
  | { readonly kind: 'remove' | 'extra'; readonly name: string }
  | { readonly kind: 'world'; readonly change: Partial<World> }
  /** The n-th output on disk. */
  | { readonly kind: 'forge' | 'lose'; readonly which: number }
  | { readonly kind: 'forget'; readonly file: 'memo' | 'cache' };

const symbol = fc.constantFrom(...SYMBOLS);

export const edits: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('text'), symbol, text: fc.constantFrom(...TEXTS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('files'),
      symbol,
      files: fc.uniqueArray(fc.nat({ max: FILES.length - 1 })),
    }),
  },
  fc.record({
    kind: fc.constant('remove'),
    name: fc.constantFrom('in/a.txt', 'in/b.txt', 'in/a.json', 'extra/one.txt', 'extra/two.txt', UNIVERSE),
  }),
  fc.record({
    kind: fc.constant('extra'),
    name: fc.constantFrom('extra/one.txt', 'extra/two.txt', 'extra/b.txt'),
  }),
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('world'),
      change: fc.oneof(
        fc.record({ symbols: fc.shuffledSubarray([...SYMBOLS], { minLength: 1 }) }),
        fc.record({ given: fc.boolean() }),
        fc.record({
          day: fc.constantFrom('2024-01-31', '2024-02-10', '2024-02-11', '2024-02-29', '2024-03-05'),
        }),
        fc.record({ place: fc.nat({ max: PLACES.length - 1 }) }),
        fc.record({ param: fc.constantFrom('p', 'q') }),
        fc.record({ code: fc.constantFrom(1, 2) }),
        fc.record({ renamed: fc.boolean(), swapped: fc.boolean() }),
        fc.record({ intermediate: fc.boolean() }),
        fc.record({ optional: fc.boolean(), closed: fc.boolean() }),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('forge', 'lose'), which: fc.nat() }) },
  fc.record({ kind: fc.constant('forget'), file: fc.constantFrom('memo', 'cache') }),
) as fc.Arbitrary<Edit>;

/** Every file below a folder that is no source and no state: what builds have made. */
export function madeIn(workspace: string, { sources }: World): readonly string[] {
  return readdirSync(workspace, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(\.pipeline|pipeline\.(yaml|lock))/.test(name) && !sources.has(name))
    .filter((name) => existsSync(join(workspace, name)) && statSync(join(workspace, name)).isFile())
    .sort();
}

/** The edits of what builds read, not of what they have made. */
export type WorldEdit = Exclude<Edit, { readonly kind: 'forge' | 'lose' | 'forget' }>;

export function editWorld(rig: Rig, world: World, edit: WorldEdit): void {
  switch (edit.kind) {
    case 'text':
      source(rig, world, `in/${edit.symbol}.txt`, edit.text);
      return;
    case 'files':
      source(rig, world, `in/${edit.symbol}.json`, listing(edit.files));
      return;
    case 'extra':
      source(rig, world, edit.name, extraText(edit.name, world.sources));
      return;
    case 'remove':
      if (world.sources.delete(edit.name)) rig.remove(edit.name);
      return;
    case 'world':
      Object.assign(world, edit.change);
      if (edit.change.symbols !== undefined) source(rig, world, UNIVERSE, JSON.stringify(world.symbols));
      rig.write('pipeline.yaml', manifestOf(world));
      return;
  }
}

function source(rig: Rig, world: World, path: string, text: string): void {
  world.sources.set(path, text);
  rig.write(path, text);
}

function extraText(name: string, sources: ReadonlyMap<string, string>): string {
  return `${sources.get(name) ?? ''}${name}\n`.slice(-20);
}
