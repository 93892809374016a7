/**
 * What a task makes of what it is given, said a second time: `module-text.ts` and the recipe are what the engine
 * runs, this is what must come out. Knows nothing of targets' states.
 */
import type { Span } from './time-keys.ts';
import type { Json, Rule, World } from './world.ts';

export interface Partition {
  readonly keys: Readonly<Record<string, string>>;
  readonly spans: Readonly<Record<string, Span>>;
}

export interface Item {
  readonly path: string;
  readonly partition: Partition;
  /** What stands there: the text of a file, the list of files and texts of a folder. */
  readonly content: string;
  readonly folder: boolean;
  readonly value: Json;
}

export interface Lacking {
  readonly target: string;
  readonly partition: Partition;
}

export interface Given {
  readonly name: string;
  readonly list: boolean;
  readonly keyed: boolean;
  readonly items: readonly Item[];
  readonly absent: readonly (Lacking & { readonly reason: string })[];
  readonly failed: readonly (Lacking & { readonly code: string; readonly roots: readonly string[] })[];
}

export interface Asked {
  readonly world: World;
  readonly rule: Rule;
  readonly target: string;
  readonly partition: Partition;
  readonly params: Readonly<Record<string, Json>>;
  readonly inputs: readonly Given[];
  /** What stands where the rule's undeclared input is looked for. */
  readonly learnt: string | undefined;
  /** What a source rule finds in the world outside. */
  readonly outside: string;
  /** The target is to fail this time, whatever it is given. */
  readonly struck: boolean;
}

/** A file's text, or a folder's files with theirs. */
export type Made = { readonly text: string } | { readonly files: ReadonlyMap<string, string> };

export type Answer =
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'done'; readonly made: Readonly<Record<string, Made>>; readonly part: boolean };

export function short(text: string): string {
  let sum = 0x811c9dc5;
  for (const char of text) sum = Math.imul(sum ^ char.charCodeAt(0), 16777619) >>> 0;
  return sum.toString(36);
}

export function textOfFolder(files: ReadonlyMap<string, string>): string {
  return JSON.stringify([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function answer(asked: Asked): Answer {
  return asked.rule.make === 'cat' ? ofRecipe(asked) : ofModule(asked);
}

function ofRecipe({ rule, params, inputs, struck }: Asked): Answer {
  if (struck) return { kind: 'failed', code: 'recipe-failed' };
  const items = inputs.filter(({ keyed }) => !keyed).flatMap((input) => input.items);
  if (items.some(({ folder }) => folder)) return { kind: 'failed', code: 'recipe-failed' };
  const text =
    items.map(({ content }) => content).join('') + (rule.param === 'none' ? '' : `${params['p']}\n`);
  if (text.includes('!FAIL')) return { kind: 'failed', code: 'recipe-failed' };
  const few = rule.second ? { few: { text: 'x\n' } } : {};
  return { kind: 'done', made: { o: { text }, ...few }, part: false };
}

function ofModule(asked: Asked): Answer {
  const { rule, inputs, learnt } = asked;
  if (asked.struck) return { kind: 'failed', code: 'by-chance' };
  const values = Object.fromEntries(
    inputs
      .filter(({ keyed }) => keyed)
      .map(({ name, list, items }): [string, Json] => [
        name,
        list ? items.map(({ value }) => value) : (items[0]?.value ?? null),
      ]),
  );
  const read = inputs.filter(({ keyed }) => !keyed);
  const contents = read.flatMap(({ items }) => items.map(({ content }) => content));
  const all = contents.join('') + JSON.stringify(values);
  if (all.includes('!FAIL')) return { kind: 'failed', code: 'told' };
  const absent = /!ABSENT\d/.exec(all)?.[0];
  if (absent !== undefined) return { kind: 'absent', reason: `told ${absent}` };
  const known = rule.learns ? (learnt ?? 'missing') : 'nothing';
  const few = rule.second ? { few: { text: (contents[0] ?? '-').slice(0, 1) } } : {};
  const o = main(asked, contents, values, known);
  return { kind: 'done', made: { o, ...few }, part: contents.join('').includes('!PART') };
}

function main(asked: Asked, contents: readonly string[], values: Json, learnt: string): Made {
  const { world, rule } = asked;
  const code = rule.make === 'cat' ? '' : `${rule.make} ${world.modules[rule.make].code} ${world.lib}`;
  switch (rule.make) {
    case 'tell':
      return { text: JSON.stringify(told(asked, code, values, learnt)) };
    case 'fold':
      return { text: `${short(contents.join('\n') + learnt).charCodeAt(0) % 3}\n` };
    case 'tree': {
      const files = new Map<string, string>();
      for (const content of contents) files.set(`f${short(content).charCodeAt(0) % 3}`, short(content));
      if (contents[0]?.startsWith('1')) files.set('sub/x', code);
      files.set('all', short(contents.join('\n') + JSON.stringify(values) + learnt));
      return { files };
    }
    case 'pass':
      return { text: contents.join('') };
    case 'fetch':
      return { text: `fetched ${asked.outside}${short(contents.join('\n') + learnt)}` };
    case 'cat':
      throw new Error('a recipe is no module');
  }
}

function told(
  { target, partition, params, inputs }: Asked,
  code: string,
  values: Json,
  learnt: string,
): Json {
  const where = (of: Partition): Json => [of.keys, spansAsJson(of)];
  const read = inputs.filter(({ keyed }) => !keyed);
  const items = read.flatMap((input) =>
    input.items.map(({ path, content }): Json => [input.name, path, short(content)]),
  );
  const each = (of: readonly Given[], tell: (input: Given) => Json): Json =>
    Object.fromEntries(of.map((input) => [input.name, tell(input)]));
  return {
    code,
    n: items.length % 2,
    target,
    partition: where(partition),
    params,
    in: items,
    values,
    members: each(
      inputs.filter(({ list }) => list),
      (input) => input.items.map((item) => where(item.partition)),
    ),
    absent: each(inputs, ({ absent }) =>
      absent.map((lack) => [
        lack.target,
        lack.reason.startsWith('told') ? lack.reason : '-',
        where(lack.partition),
      ]),
    ),
    failed: each(inputs, ({ failed }) =>
      failed.map((lack) => [lack.target, lack.code, lack.roots, where(lack.partition)]),
    ),
    learnt: short(learnt),
  };
}

function spansAsJson({ spans }: Partition): Json {
  return Object.fromEntries(Object.entries(spans).map(([name, { start, end }]) => [name, { start, end }]));
}
