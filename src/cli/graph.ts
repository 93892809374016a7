/** `pipeline graph`: rules, or with selectors targets, as DOT, Mermaid or JSON. */
import { builtins } from '../compose.ts';
import { viewRules, viewTargets } from '../engine/graph-view.ts';
import { survey } from '../engine/status.ts';
import { formatGraph, GRAPH_FORMATS } from '../ui/graph-format.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Common } from './workspace.ts';
import { openWorkspace, printDiagnostics } from './workspace.ts';

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
  const opened = openWorkspace(common, io);
  if (opened === undefined) return EXIT.usage;
  const found = await survey({
    ...opened,
    selectors: options.selectors,
    between: undefined,
    force: false,
    refresh: false,
    builtins: builtins(),
    now: io.now(),
  });
  if (found.kind === 'invalid') {
    printDiagnostics(found.diagnostics, io);
    return EXIT.usage;
  }
  const byTarget = options.targets || options.selectors.length > 0;
  io.stdout.write(formatGraph(byTarget ? viewTargets(found.session) : viewRules(found.session), format));
  return EXIT.done;
}
