/** `pipeline graph`: rules, or with selectors targets, as DOT, Mermaid or JSON. */
import { viewRules, viewTargets } from '../engine/graph-view.ts';
import { formatGraph, GRAPH_FORMATS } from '../ui/graph-format.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { survey } from './survey.ts';
import type { Common } from './workspace.ts';

export interface GraphOptions {
  readonly selectors: readonly string[];
  readonly format: string | undefined;
  readonly targets: boolean;
}

export async function graph(common: Common, options: GraphOptions, io: Io): Promise<ExitCode> {
  const wanted = options.format ?? (common.json ? 'json' : 'dot');
  const format = GRAPH_FORMATS.find((each) => each === wanted);
  if (format === undefined) {
    throw new UsageError(`--format ${wanted}: no such format`, `formats: ${GRAPH_FORMATS.join(', ')}`);
  }
  const found = await survey(common, options.selectors, io);
  if (found === undefined) return EXIT.usage;
  const byTarget = options.targets || options.selectors.length > 0;
  io.stdout.write(formatGraph(byTarget ? viewTargets(found.session) : viewRules(found.session), format));
  return EXIT.done;
}
