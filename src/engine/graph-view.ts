/** The graph as nodes and edges for export, by rule or by target. Knows no format. */

import { linkInputs } from './graph/edges.ts';
import { ruleEdges } from './graph/rule-edges.ts';
import type { Session } from './run/session.ts';

export interface GraphView {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly rule: string }[];
  /** From producer to consumer, as data flows. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly input: string }[];
}

export function viewRules(session: Session): GraphView {
  const { graph, paths } = session;
  const rules = [...graph.manifest.rules.values()];
  return {
    nodes: rules.map(({ name, for: dimensions }) => ({
      id: name,
      label: dimensions.length === 0 ? name : `${name}[${dimensions.join(', ')}]`,
      rule: name,
    })),
    edges: ruleEdges(graph, paths).map(({ producer, consumer, name }) => ({
      from: producer,
      to: consumer,
      input: name,
    })),
  };
}

/** Targets that a survey has settled, and what they read from each other. */
export function viewTargets(session: Session): GraphView {
  const { graph, paths } = session;
  const settled = graph.targets.filter(({ index }) => session.settled(index) !== undefined);
  const edges = settled.flatMap((target) => {
    const link = linkInputs(graph, paths, target);
    if (!('linked' in link)) return [];
    return link.linked.flatMap(({ spec, members }) =>
      members.flatMap((member) =>
        member.kind === 'target'
          ? [{ from: graph.target(member.target).id, to: target.id, input: spec.name }]
          : [],
      ),
    );
  });
  return { nodes: settled.map(({ id, rule }) => ({ id, label: id, rule: rule.name })), edges };
}
