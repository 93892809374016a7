/**
 * What only the rules together show, before anything is built: shared outputs, circles, inputs that cannot mean
 * what they say. Names are checked with the manifest. Costs little where no templates can meet.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { inOrder } from '../manifest/report.ts';
import { cycleProblems } from './cycles.ts';
import type { Graph } from './graph.ts';
import { inputProblems } from './input-problems.ts';
import type { PathEdges } from './path-edges.ts';
import { ruleEdges } from './rule-edges.ts';
import { sharedOutputs } from './shared-outputs.ts';

/** All at once, by place. */
export function checkGraph(graph: Graph, paths: PathEdges): readonly Diagnostic[] {
  return inOrder([
    ...sharedOutputs(graph, paths.outputs),
    ...inputProblems(graph, paths),
    ...cycleProblems(graph, ruleEdges(graph, paths)),
  ]);
}
