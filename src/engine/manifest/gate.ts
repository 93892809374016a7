/**
 * Checks a manifest's tree against the schema: each zod issue becomes a diagnostic at its key or value. What is
 * wrong is cut out of the tree, so that everything else can still be checked. It knows no references.
 */
import type { z } from 'zod';
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import { nearest, suggest } from './nearest.ts';
import type { Path, YamlNode } from './node.ts';
import { entryOf, keyPlaceAt, nodeAt, toJson } from './node.ts';
import { describeValue, keysAt, subject, surroundings } from './wording.ts';

type Issue = z.core.$ZodIssue;

export interface Gate {
  /** What is left. Keys that the schema demands may be missing from it: told here, nobody else need speak of them. */
  readonly tree: YamlNode;
  /** Maps from which something was cut out, as `rules/upper`: what they seem to lack may be what was cut. */
  readonly cut: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
}

interface PlainIssue {
  readonly issue: Issue;
  readonly path: Path;
}

export function gate(root: YamlNode, schema: z.ZodType): Gate {
  const result = schema.safeParse(toJson(root));
  const cut = new Set<string>();
  if (result.success) return { tree: root, cut, diagnostics: [] };
  const issues = result.error.issues.flatMap((each) => plain(each));
  let tree = root;
  for (const path of issues.flatMap(wrongPaths)) {
    cut.add(path.slice(0, -1).join('/'));
    tree = without(tree, path) ?? { kind: 'map', entries: [], place: root.place };
  }
  return { tree, cut, diagnostics: issues.flatMap((each) => explain(root, each, issues)) };
}

/** Of a union, the branch that was probably meant: the one with the fewest complaints, if its type fits at all. */
function plain(issue: Issue, above: Path = []): PlainIssue[] {
  const path = [...above, ...issue.path.map((key) => (typeof key === 'symbol' ? key.toString() : key))];
  if (issue.code !== 'invalid_union') return [{ issue, path }];
  const fitting = issue.errors.filter((branch) =>
    branch.every((each) => each.path.length > 0 || each.code === 'unrecognized_keys'),
  );
  const best = fitting.reduce<Issue[] | undefined>(
    (a, b) => (a && weight(a) <= weight(b) ? a : b),
    undefined,
  );
  if (best) return best.flatMap((each) => plain(each, path));
  const own = issue.message !== 'Invalid input';
  const message = own ? issue.message : (issue.errors[0]?.[0]?.message ?? issue.message);
  return [{ issue: { ...issue, message }, path }];
}

function weight(branch: readonly Issue[]): number {
  return branch.reduce((sum, each) => sum + (each.code === 'unrecognized_keys' ? each.keys.length : 1), 0);
}

function wrongPaths({ issue, path }: PlainIssue): readonly Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

function explain(
  root: YamlNode,
  { issue, path }: PlainIssue,
  all: readonly PlainIssue[],
): readonly Diagnostic[] {
  const node = nodeAt(root, path);
  const key = `${path.at(-1)}`;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((each) => {
      const message = `unknown key "${each}" in ${surroundings(path)}`;
      return error(message, entryOf(node, each)?.keyPlace, meantKey(node, path, each));
    });
  }
  if (issue.code === 'invalid_key') {
    const hint = 'a name is made of letters, digits, "_" and "-"';
    return [error(`"${key}" cannot be the name of ${kindOf(path)}`, keyPlaceAt(root, path), hint)];
  }
  if (node === undefined) {
    const above = path.slice(0, -1);
    if (all.some((other) => hasMisspelt(other, above, key))) return [];
    const message = `missing key "${key}" in ${surroundings(above)}`;
    return [error(message, keyPlaceAt(root, above), `it must be ${issue.message}`)];
  }
  const value = toJson(node);
  const options = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const near = typeof value === 'string' ? nearest(value, options) : undefined;
  const hint = near === undefined ? undefined : `did you mean "${near}"?`;
  return [error(`${subject(path)} must be ${issue.message}, got ${describeValue(value)}`, node.place, hint)];
}

function hasMisspelt({ issue, path }: PlainIssue, above: Path, key: string): boolean {
  if (issue.code !== 'unrecognized_keys' || path.join('/') !== above.join('/')) return false;
  return nearest(key, issue.keys) !== undefined;
}

/** A key that is still free is rather meant than one that is there already. */
function meantKey(map: YamlNode | undefined, path: Path, key: string): string {
  const valid = keysAt(path, map);
  const free = valid.filter((name) => !entryOf(map, name));
  return suggest(key, nearest(key, free) === undefined ? valid : free, 'keys');
}

function kindOf(path: Path): string {
  const kinds: Readonly<Record<string, string>> = {
    rules: 'a rule',
    dimensions: 'a dimension',
    pools: 'a pool',
    aliases: 'an alias',
    in: 'an input',
    out: 'an output',
    where: 'a dimension',
    offset: 'a dimension',
  };
  return kinds[`${path.at(-2)}`] ?? 'anything';
}

/** The tree without what stands at the path; a list is cut out whole, so that paths into it stay true. */
function without(node: YamlNode, path: Path): YamlNode | undefined {
  const [key, ...rest] = path;
  if (key === undefined || node.kind !== 'map') return undefined;
  const entries = node.entries.flatMap((entry) => {
    if (entry.key !== `${key}`) return [entry];
    const value = without(entry.value, rest);
    return value === undefined ? [] : [{ ...entry, value }];
  });
  return { ...node, entries };
}
