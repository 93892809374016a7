/**
 * Outputs that would overwrite what a build itself rests on: the manifest, its configs, the modules of its tasks,
 * the state folder. Found before anything runs. Knows no other files.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Graph } from '../graph/graph.ts';
import type { Output } from '../graph/outputs.ts';
import { literalPrefix } from '../graph/template.ts';
import { isLockPath } from '../state/lockfile-shards.ts';
import { isStatePath } from '../state/workspace-state.ts';

const HINT = 'give the output a path of its own';

export function protectedOutputs({ manifest }: Graph, outputs: readonly Output[]): readonly Diagnostic[] {
  const modules = [...manifest.rules.values()].flatMap(({ action }) =>
    action.kind === 'module' ? [action.path] : [],
  );
  const files = new Set([...manifest.files, ...modules]);
  return outputs.flatMap((output) => {
    const { rule, spec } = output;
    const would = (what: string): Diagnostic =>
      error(`output "${spec.name}" of rule "${rule.name}" would ${what}`, spec.template.place, HINT);
    const prefix = literalPrefix(spec.template);
    if (isLockPath(prefix)) return [would('overwrite the lockfile, which builds write')];
    if (isStatePath(prefix)) return [would('lie among the private state of builds')];
    const overwritten = [...files].find((file) => output.makerOf(file) !== undefined);
    return overwritten === undefined ? [] : [would(`overwrite ${overwritten}, which this build is made of`)];
  });
}
