/** Config values that nothing reads: most are misspelt. */
import type { Diagnostic } from '../diagnostic.ts';
import { warning } from '../diagnostic.ts';
import { isUnderKnownLeaf } from './config-tree.ts';
import { nearest } from './nearest.ts';
import type { Entry, MapNode } from './node.ts';

/** `read`: names as written in references; `known`: names that the schema knows, which need no reader. */
export function findUnused(
  root: MapNode,
  read: ReadonlySet<string>,
  known: readonly string[],
): readonly Diagnostic[] {
  return leaves(root, '').flatMap(({ name, entry }) => {
    const isRead = [...read].some(
      (each) => each === name || name.startsWith(`${each}.`) || each.startsWith(`${name}.`),
    );
    if (isRead || known.includes(name) || isUnderKnownLeaf(name, known)) return [];
    const near = nearest(name, [...known, ...read]);
    const hint = near === undefined ? `remove it, or read it as \${${name}}` : `did you mean "${near}"?`;
    return [warning(`the config value "${name}" is not used`, entry.keyPlace, hint)];
  });
}

function leaves(map: MapNode, above: string): { readonly name: string; readonly entry: Entry }[] {
  return map.entries.flatMap((entry) => {
    const name = `${above}${entry.key}`;
    const { value } = entry;
    return value.kind === 'map' && value.entries.length > 0 ? leaves(value, `${name}.`) : [{ name, entry }];
  });
}
