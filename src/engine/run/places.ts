/** Where a run writes each output first, and what that will be called. Runs nothing and puts nothing in place. */
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { formatInstant } from '../manifest/instant.ts';
import type { OutputSpec } from '../manifest/model.ts';
import { statOf } from '../state/files.ts';
import type { BuildState } from '../state/workspace-state.ts';
import type { Placement } from './commit.ts';
import type { RunPlan } from './decide.ts';
import { outputPath } from './parts.ts';
import type { Session } from './session.ts';

export interface OutputPlace extends Placement {
  readonly name: string;
  /** As it is recorded: relative to the workspace, or absolute. */
  readonly path: string;
}

/** The number of a run: the day of the as-of and what the target depends on. */
export function runIdOf(session: Session, { fingerprint }: RunPlan): string {
  return `${formatInstant(session.graph.manifest.asOf).slice(0, 10)}-${fingerprint.slice(0, 8)}`;
}

/** An empty folder for a run, on the volume of its first output. Whoever asks for it removes it. */
export function temporaryFor(session: Session, state: BuildState, plan: RunPlan, runId: string): string {
  const [first] = plan.target.rule.outputs;
  const path = first ? outputPath(first, plan.partition, runId) : '';
  return state.temporary.take(session.memo.absolute(path), plan.target.rule.outputs.length > 1);
}

/** Their folders are made, and outputs that are directories. */
export function placesIn(
  folder: string,
  session: Session,
  plan: RunPlan,
  runId: string,
): readonly OutputPlace[] {
  const { outputs } = plan.target.rule;
  return outputs.map((output: OutputSpec): OutputPlace => {
    const path = outputPath(output, plan.partition, runId).replace(/\/$/, '');
    // Two outputs may be called alike. To make a folder is dear.
    const own = outputs.length === 1 ? folder : join(folder, output.name);
    const temporary = join(own, basename(path));
    const needed = output.directory ? temporary : dirname(temporary);
    // A folder that another run has left may have it.
    if (statOf(needed) === undefined) mkdirSync(needed, { recursive: true });
    const { name, directory } = output;
    return { name, path, directory, temporary, final: session.memo.absolute(path) };
  });
}
