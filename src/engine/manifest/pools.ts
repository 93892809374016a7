/** Pools: how many targets run at once. They are bounds only; nothing runs here. */
import { availableParallelism } from 'node:os';
import { error } from '../diagnostic.ts';
import { fields } from './fields.ts';
import type { YamlNode } from './node.ts';
import { entriesOf, textOf } from './node.ts';
import { closedField, closedJson } from './open.ts';
import { DEFAULT_POOL } from './rule.ts';
import type { Values } from './scope.ts';
import { topScope } from './scope.ts';
import { describeValue } from './wording.ts';

/** `root`: the manifest as read, so that a pool with a wrong size is still a pool. Undefined: they are unknown. */
export function readPools(
  node: YamlNode | undefined,
  declared: YamlNode | undefined,
  values: Values,
): ReadonlyMap<string, number> | undefined {
  const pools = new Map([[DEFAULT_POOL, availableParallelism()]]);
  if (declared === undefined) return pools;
  for (const { key } of entriesOf(declared)) pools.set(key, pools.get(key) ?? 1);
  if (node === undefined) return declared.kind === 'map' ? pools : undefined;
  if (node.kind === 'map') {
    for (const { key: name, value } of node.entries) {
      const size = closedField(value, fields.poolSize, `pool "${name}"`, topScope(values, `pool "${name}"`));
      if (size !== undefined) pools.set(name, size === 'auto' ? availableParallelism() : size);
    }
    return pools;
  }
  const map = closedJson(node, topScope(values, '"pools"'));
  if (map === undefined) return undefined;
  if (map === null || typeof map !== 'object' || Array.isArray(map)) {
    values.report(
      error(`"pools" must be a map of pools, got ${textOf(node)} = ${describeValue(map)}`, node.place),
    );
    return undefined;
  }
  for (const [name, value] of Object.entries(map)) {
    const result = fields.poolSize.safeParse(value);
    pools.set(name, result.success ? (result.data === 'auto' ? availableParallelism() : result.data) : 1);
    if (result.success) continue;
    const message = `pool "${name}" of ${textOf(node)} must be a whole number of at least 1, or auto, got ${describeValue(value)}`;
    values.report(error(message, node.place));
  }
  return pools;
}
