/**
 * Changes one input so that only its content tells, and has it built: a tool that trusts sizes and times is fast and
 * wrong. Whatever is rebuilt beyond the chain of that input, or is not, ends the measurement.
 */
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { executedIn } from './build-events.ts';
import { pipelineIn, textOf } from './run.ts';
import type { Shape } from './shape.ts';
import { WRITTEN } from './shape-workspace.ts';

export function probe(
  shape: Shape,
  project: string,
  ours: string,
  at: number,
): { readonly input: string; readonly rebuilt: readonly string[] } {
  const { path, before: old, text, targets } = shape.edit(at, 2);
  const file = join(ours, path);
  writeFileSync(file, old);
  utimesSync(file, WRITTEN, WRITTEN);
  textOf(pipelineIn(project, ours, '--quiet', 'build'));
  const before = statSync(file, { bigint: true });
  writeFileSync(file, text);
  utimesSync(file, WRITTEN, WRITTEN);
  const after = statSync(file, { bigint: true });
  if (after.size !== before.size || after.mtimeNs !== before.mtimeNs)
    throw new Error(`${path} was to keep its size and its time`);
  const rebuilt = executedIn(textOf(pipelineIn(project, ours, '--json', 'build')));
  const [found, wanted] = [[...rebuilt].sort().join(' '), [...targets].sort().join(' ')];
  if (found !== wanted)
    throw new Error(
      `${path} was changed with its size and time kept: expected ${wanted} to be rebuilt, not "${found}"`,
    );
  return { input: path, rebuilt };
}
