/**
 * What `${…}` may name at one place of the manifest, and what it stands for there: a config value is put in, a
 * partition key stays open. It knows no files and no rules beyond the names that it is given.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { memberOf } from './config-values.ts';
import { formatInstant } from './instant.ts';
import type { Dimension, Ref } from './model.ts';
import { nearest, suggest } from './nearest.ts';
import type { Path } from './node.ts';
import { overlap } from './node.ts';
import type { Report } from './report.ts';
import type { Interpolation } from './template.ts';

/** What every place of the manifest shares. */
export interface Values {
  /** The config, complete. */
  readonly config: Json;
  /** Every dotted name in it, and those that the schema knows beside them. */
  readonly names: readonly string[];
  /** A config file could not be read, so a name that is not there may well stand in it. */
  readonly unread: boolean;
  /** Values that follow from others are missing, because some of those are wrong. */
  readonly uncompleted: boolean;
  /** Where the config holds a mistake that was reported. */
  readonly wrong: readonly Path[];
  readonly asOf: number | undefined;
  readonly dimensionKinds: ReadonlyMap<string, Dimension['kind'] | undefined>;
  /** Gathers every config value that is read, for the warning on those that are not. */
  readonly read: Set<string>;
  readonly report: Report;
}

export interface Scope extends Values {
  /** Whose values these are, for messages: `rule "upper"`. */
  readonly owner: string;
  /** Dimensions that may be named here. */
  readonly dimensions: readonly string[];
  /** `run` only: names of inputs, outputs and params. */
  readonly parts?: Readonly<Record<'in' | 'out' | 'params', readonly string[]>>;
  /** Outputs only. */
  readonly runId?: boolean;
  /** Config values that the owner's fingerprint depends on. */
  readonly reads?: Set<string>;
}

/** Scope of values that belong to no rule. */
export function topScope(values: Values, owner: string): Scope {
  return { ...values, owner, dimensions: [] };
}

export type Meaning =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'open'; readonly ref: Ref };

/** What the reference stands for; undefined when that was reported. */
export function meaningOf(
  { name, text }: Interpolation,
  place: Diagnostic['place'],
  scope: Scope,
): Meaning | undefined {
  const [head = '', ...rest] = name.split('.');
  const tail = rest.join('.');
  if (name === 'as_of') {
    return scope.asOf === undefined ? undefined : { kind: 'value', value: formatInstant(scope.asOf) };
  }
  if (name === 'run_id') {
    if (scope.runId) return { kind: 'open', ref: { kind: 'run_id' } };
    return refuse(
      scope,
      `${text} can stand in outputs only`,
      place,
      'a run is named after what goes into it',
    );
  }
  if (scope.dimensionKinds.has(head)) return dimension(head, tail, text, place, scope);
  if (head === 'in' || head === 'out' || head === 'params') return part(head, tail, text, place, scope);
  const path = name.split('.');
  scope.read.add(name);
  scope.reads?.add(name);
  if (scope.wrong.some((each) => overlap(each, path))) return undefined;
  const value = memberOf(scope.config, path);
  return value === undefined ? unknown(name, text, place, scope) : { kind: 'value', value };
}

function dimension(
  name: string,
  field: string,
  text: string,
  place: Diagnostic['place'],
  scope: Scope,
): Meaning | undefined {
  if (!scope.dimensions.includes(name)) {
    const ofRule = scope.reads !== undefined;
    const message = ofRule
      ? `${text} is the key of a dimension that ${scope.owner} does not have`
      : `${text} is the key of a partition, and ${scope.owner} belongs to none`;
    return refuse(
      scope,
      message,
      place,
      ofRule ? `add "${name}" to its "for"` : 'only config values can be read here',
    );
  }
  if (field === '') return { kind: 'open', ref: { kind: 'dimension', name } };
  const timed = scope.dimensionKinds.get(name) !== 'list';
  if (timed && (field === 'start' || field === 'end'))
    return { kind: 'open', ref: { kind: 'dimension', name, field } };
  const hint = timed
    ? suggest(field, ['start', 'end'], `parts of "${name}"`)
    : `write \${${name}}: it is a list of keys`;
  return refuse(scope, `dimension "${name}" has no "${field}"`, place, hint);
}

function part(
  kind: 'in' | 'out' | 'params',
  name: string,
  text: string,
  place: Diagnostic['place'],
  scope: Scope,
): Meaning | undefined {
  if (scope.parts === undefined) return refuse(scope, `${text} can stand in "run" only`, place);
  const names = scope.parts[kind];
  if (names.includes(name)) return { kind: 'open', ref: { kind, name } };
  const what = { in: 'input', out: 'output', params: 'param' }[kind];
  return refuse(scope, `${scope.owner} has no ${what} "${name}"`, place, suggest(name, names, `${what}s`));
}

function unknown(name: string, text: string, place: Diagnostic['place'], scope: Scope): undefined {
  if (scope.unread) return undefined;
  if (scope.names.includes(name)) {
    if (scope.uncompleted) return undefined;
    const hint = `set it in a config file, or with --set ${name}=…`;
    return refuse(scope, `the config value "${name}" is not set`, place, hint);
  }
  const parts = Object.entries(scope.parts ?? {}).flatMap(([kind, names]) =>
    names.map((each) => `${kind}.${each}`),
  );
  const names = [...scope.dimensions, ...parts, 'as_of', ...(scope.runId ? ['run_id'] : []), ...scope.names];
  const shell = scope.parts !== undefined && nearest(name, names) === undefined;
  const variable = name.replace(/[^A-Za-z0-9_].*$/s, '');
  const hint = `a variable of the shell is written $${variable} or $${text}`;
  return refuse(
    scope,
    `unknown reference ${text}`,
    place,
    shell && variable !== '' ? hint : suggest(name, names, 'names'),
  );
}

function refuse(scope: Scope, message: string, place: Diagnostic['place'], hint?: string): undefined {
  scope.report(error(message, place, hint));
  return undefined;
}
