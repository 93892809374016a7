/**
 * What a random manifest says, as plain data: dimensions, rules with their inputs, and the versions of task modules.
 * From it both the manifest's text and the reference's prediction are made. Knows neither YAML nor the engine.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type Dim = 'sym' | 'lane' | 'month' | 'day' | 'file';

/** What a rule runs. `cat` is a shell recipe, all others are modules of that name; `fetch` is a source rule. */
export type Make = 'tell' | 'fold' | 'tree' | 'pass' | 'fetch' | 'cat';
export type ModuleName = Exclude<Make, 'cat'>;
export const MODULES: readonly ModuleName[] = ['tell', 'fold', 'tree', 'pass', 'fetch'];

/** `o` is what a rule makes, a folder of `tree`; `few` is a second output that tells little of its inputs. */
export type OutputName = 'o' | 'few';

export type From =
  /** A file of the user's; `${sym}` and the like stay open. */
  | { readonly kind: 'source'; readonly path: string }
  | { readonly kind: 'rule'; readonly rule: number; readonly output: OutputName }
  /** The path of another rule's output, a file within a folder of `tree` included. */
  | {
      readonly kind: 'path';
      readonly rule: number;
      readonly output: OutputName;
      readonly within: string | undefined;
    }
  /** All that stands in the folder of a rule's first output, with as many `*` as it has dimensions. */
  | { readonly kind: 'glob'; readonly rule: number }
  | { readonly kind: 'files'; readonly glob: string };

export interface Input {
  readonly from: From;
  readonly pointer: string | undefined;
  readonly optional: boolean;
  readonly omit: boolean;
  readonly where: { readonly dim: Dim; readonly keys: readonly string[] } | undefined;
  readonly offset: { readonly dim: Dim; readonly by: number } | undefined;
}

export interface Rule {
  readonly name: string;
  readonly for: readonly Dim[];
  readonly make: Make;
  readonly second: boolean;
  readonly inputs: readonly Input[];
  /** `i` or `j`: what the names of the inputs begin with. */
  readonly inputName: string;
  readonly param: 'none' | 'literal' | 'p' | 'q' | 'as_of' | 'key';
  /** Reads a file that it does not declare. */
  readonly learns: boolean;
  readonly intermediate: boolean;
  readonly partitions: 'all' | 'closed' | 'open';
  readonly default: boolean;
  readonly volatile: boolean;
  readonly place: string;
}

export interface ModuleState {
  readonly code: number;
  readonly version: number;
  readonly broken: boolean;
}

export interface World {
  /** ISO, the minute. */
  readonly asOf: string;
  /** Keys of `sym`; undefined: rule `uni` gives them. */
  readonly symbols: readonly string[] | undefined;
  readonly lanes: readonly string[];
  readonly config: { readonly p: number; readonly q: number; readonly unused: number };
  /** Each reads only those before it, and itself at an earlier time. `uni` and `keys` come first. */
  readonly rules: readonly Rule[];
  readonly modules: Readonly<Record<ModuleName, ModuleState>>;
  readonly lib: number;
  /** Whether the manifest declares its rules the other way round. */
  readonly reversed: boolean;
}

export const SYMBOLS = ['a', 'b', 'c'] as const;
export const LANES = ['x', 'y'] as const;

export const UNI = 0;
export const KEYS = 1;

export const MONTH_FROM = '2023-12-15T00:00:00Z';
export const DAY_FROM = '2024-01-30T00:00:00Z';

export interface Output {
  readonly name: OutputName;
  readonly folder: boolean;
  /** With its dimensions open, without a final slash. */
  readonly template: string;
}

export function outputsOf(rule: Rule): readonly Output[] {
  const keys = rule.for.length === 0 ? 'all' : rule.for.map((dim) => `\${${dim}}`).join('/');
  const first: Output = { name: 'o', folder: rule.make === 'tree', template: `out/${rule.place}/${keys}` };
  return rule.second
    ? [first, { name: 'few', folder: false, template: `out/${rule.place}.b/${keys}` }]
    : [first];
}

export function inputName(rule: Rule, at: number): string {
  return `${rule.inputName}${at}`;
}

export function ruleAt(world: World, at: number): Rule {
  const rule = world.rules[at];
  if (rule === undefined) throw new Error(`no rule ${at}`);
  return rule;
}

export function fill(template: string, keys: Readonly<Record<string, string>>): string {
  return template.replace(/\$\{(\w+)\}/g, (whole, name: string) => keys[name] ?? whole);
}

/** What stands for a dimension that the reader of a path lacks. */
export const FIXED: Readonly<Record<Dim, string>> = {
  sym: 'a',
  lane: 'x',
  month: '2024-01',
  day: '2024-02-01',
  file: '2024-01',
};

/** The path that an input names, its own rule's dimensions open; a glob for globs. */
export function pathTemplate(world: World, rule: Rule, from: Exclude<From, { kind: 'rule' }>): string {
  switch (from.kind) {
    case 'source':
      return from.path;
    case 'files':
      return from.glob;
    case 'glob':
    case 'path': {
      const producer = ruleAt(world, from.rule);
      const output = from.kind === 'path' ? from.output : 'o';
      const found = outputsOf(producer).find(({ name }) => name === output);
      const open = new Map(
        producer.for.map((dim) => [
          dim as string,
          rule.for.includes(dim) ? `\${${dim}}` : from.kind === 'glob' ? '*' : FIXED[dim],
        ]),
      );
      const path = fill(found?.template ?? '', Object.fromEntries(open));
      return from.kind === 'path' && from.within !== undefined ? `${path}/${from.within}` : path;
    }
  }
}

/** Names that stand in the recipe or the module's place in the fingerprint. */
export function paramTemplate({ param, for: dims }: Rule): string | undefined {
  switch (param) {
    case 'none':
      return undefined;
    case 'literal':
      return 'one';
    case 'p':
    case 'q':
      return `\${${param}}`;
    case 'as_of':
      return '${as_of}';
    case 'key':
      return `k-${dims.map((dim) => `\${${dim}}`).join('-')}`;
  }
}
