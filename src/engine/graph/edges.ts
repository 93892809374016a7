/** From a target to what it reads: inputs that name a rule by the one law, inputs that name a path by path. */
import type { Graph, Target } from './graph.ts';
import type { Consumer, Link, LinkedInput } from './member.ts';
import type { PathEdges } from './path-edges.ts';
import { linkRule } from './rule-input.ts';
import { render, renderGlob } from './template.ts';

export type { Link, LinkedInput, Member } from './member.ts';

export function linkInputs(graph: Graph, paths: PathEdges, target: Target): Link {
  const awaits = new Set<number>();
  const partition = graph.partition(target);
  const spans = graph.wholes(target).filter((whole) => whole !== undefined);
  const consumer: Consumer = { rule: target.rule, partition, spans };
  const linked = target.rule.inputs.map((spec): LinkedInput => {
    if (spec.kind === 'rule') return { spec, ...linkRule(graph, consumer, spec, awaits) };
    const path = spec.glob ? renderGlob(spec.template, partition) : render(spec.template, partition);
    return { spec, list: spec.glob, members: paths.membersAt(path, spec.glob, target.rule, awaits) };
  });
  return awaits.size > 0 ? { awaits: [...awaits] } : { linked };
}

/** The targets that some inputs read, each once. */
export function producersOf(linked: readonly LinkedInput[]): ReadonlySet<number> {
  const producers = new Set<number>();
  for (const { members } of linked) {
    for (const member of members) if (member.kind === 'target') producers.add(member.target);
  }
  return producers;
}
