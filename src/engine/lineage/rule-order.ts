/** The rules of a lineage as data flows through them. Knows no manifest: what was read tells. */
import { byCodeUnit } from '../json.ts';

interface Reading {
  readonly inputs: readonly { readonly target?: string }[];
}

/** Producers first; among equals, and where records of different times go round in a circle, by name. */
export function inDataFlow(byRule: ReadonlyMap<string, readonly Reading[]>): readonly string[] {
  const waiting = new Map<string, Set<string>>();
  for (const [rule, targets] of byRule) {
    const producers = new Set<string>();
    for (const { inputs } of targets)
      for (const { target } of inputs)
        if (target !== undefined) producers.add(target.split('/', 1)[0] ?? target);
    producers.delete(rule);
    waiting.set(rule, new Set([...producers].filter((producer) => byRule.has(producer))));
  }
  const order: string[] = [];
  while (waiting.size > 0) {
    const names = [...waiting.keys()].sort(byCodeUnit);
    const next = names.find((name) => waiting.get(name)?.size === 0) ?? names[0] ?? '';
    order.push(next);
    waiting.delete(next);
    for (const producers of waiting.values()) producers.delete(next);
  }
  return order;
}
