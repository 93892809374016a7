/**
 * What the lockfile says of the targets of a rule: that they were brought in from outside, that they are products, or
 * only what was read in them. Knows the rules and how they hang together, no targets.
 */
import type { Graph } from '../graph/graph.ts';
import type { PathEdges } from '../graph/path-edges.ts';
import type { RuleEdge } from '../graph/rule-edges.ts';
import { ruleEdges } from '../graph/rule-edges.ts';
import type { Rule } from '../manifest/model.ts';
import type { LockedFile } from '../state/lockfile-lines.ts';

/** What the bytes of a target hang on besides its inputs: the world outside, as it is when it is asked. */
export function isTakenIn({ source, refreshAfterMs }: Rule): boolean {
  return source || refreshAfterMs !== undefined;
}

/** Undefined: no line names its outputs. Intermediates are made again from what is named. */
export function lockedKind(rule: Rule, pinned: ReadonlySet<string>): LockedFile['kind'] | undefined {
  if (pinned.has(rule.name)) return undefined;
  if (isTakenIn(rule)) return 'source';
  return rule.intermediate ? undefined : 'output';
}

/**
 * The rules of which single values are locked, not files: those that are volatile or made of all that such a one says,
 * and that nobody reads but by pointer, for keys, or as one of these rules. What an exchange lists changes by the
 * hour; the few entries that somebody has used do not.
 */
export function pinnedRules(graph: Graph, paths: PathEdges): ReadonlySet<string> {
  const edges = ruleEdges(graph, paths).filter(({ consumer, producer }) => consumer !== producer);
  const whole = edges.filter((edge) => isReadWhole(graph, edge));
  const pinned = new Set<string>();
  for (const rule of graph.manifest.rules.values())
    if (rule.refreshAfterMs !== undefined) pinned.add(rule.name);
  for (let size = -1; size !== pinned.size; ) {
    size = pinned.size;
    for (const { consumer, producer } of whole) if (pinned.has(producer)) pinned.add(consumer);
  }
  const mayBe = (name: string): boolean => {
    const rule = graph.rule(name);
    // A file within a directory is looked at as such, and must be there; of two files a pointer does not tell which.
    if (rule.outputs.length !== 1 || rule.outputs[0]?.directory === true) return false;
    if (!edges.some(({ producer }) => producer === name)) return false;
    if (whole.some(({ producer, consumer }) => producer === name && !pinned.has(consumer))) return false;
    if (rule.refreshAfterMs !== undefined) return true;
    return whole.some(({ producer, consumer }) => consumer === name && pinned.has(producer));
  };
  for (let size = -1; size !== pinned.size; ) {
    size = pinned.size;
    for (const name of pinned) if (!mayBe(name)) pinned.delete(name);
  }
  return pinned;
}

/** A recipe is handed the file whatever the pointer says. */
function isReadWhole(graph: Graph, { consumer, by, name }: RuleEdge): boolean {
  if (by === 'keys') return false;
  const { action, inputs } = graph.rule(consumer);
  return action.kind === 'run' || inputs.find((input) => input.name === name)?.pointer === undefined;
}

/** The pointers that dynamic dimensions take their keys from, in the outputs of a rule. */
export function keysPointers(graph: Graph, rule: Rule): ReadonlySet<string> {
  return new Set(graph.dynamicDimensionsOf(rule).map(({ pointer }) => pointer));
}
