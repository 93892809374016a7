/**
 * Dry runs only: fan-ins over keys that something stale has given. It may give others when it is built, so what is
 * known of the fan-in's members is not certain. Knows no files.
 */
import type { DynamicDimension, Graph, Target } from '../graph/graph.ts';
import type { Rule } from '../manifest/model.ts';
import type { Session } from './session.ts';
import { isUncertain } from './settled.ts';

/** Ids of the targets whose keys a target's fan-ins hang on, and of which it is not known what they will give. */
export function uncertainKeys(session: Session, target: Target): readonly string[] {
  const { graph } = session;
  return dynamicInputs(graph, target.rule)
    .flatMap((dimension) => giversBeside(graph, dimension, target))
    .filter((index) => {
      const settled = session.settled(index);
      return settled !== undefined && isUncertain(settled);
    })
    .map((index) => graph.target(index).id);
}

/** By rule: it is asked for every target of it. */
const known = new WeakMap<Rule, readonly DynamicDimension[]>();

/** Dynamic dimensions of what a rule reads and that it lacks itself. */
function dynamicInputs(graph: Graph, rule: Rule): readonly DynamicDimension[] {
  const before = known.get(rule);
  if (before !== undefined) return before;
  const names = new Set(
    rule.inputs.flatMap((input) => (input.kind === 'rule' ? graph.rule(input.rule).for : [])),
  );
  const found = [...names].flatMap((name) => {
    const dimension = graph.dimension(name);
    return dimension.kind === 'dynamic' && !rule.for.includes(name) ? [dimension] : [];
  });
  known.set(rule, found);
  return found;
}

function giversBeside(graph: Graph, dimension: DynamicDimension, target: Target): readonly number[] {
  const giver = graph.rule(dimension.rule);
  const at = dimension.of === undefined ? -1 : target.rule.for.indexOf(dimension.of);
  if (at < 0) return graph.enumerate(giver).targets;
  const one = graph.at(giver, [target.keys[at] ?? '']);
  return one === undefined ? [] : [one];
}
