/** The files of a shape on the disk, and our own workspace of them, built once. It measures nothing. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { endedOf } from './build-events.ts';
import { copyTree } from './peers.ts';
import { pipelineIn, textOf } from './run.ts';
import type { Shape } from './shape.ts';

/** In whole seconds, so that it can be given to a file again exactly, and older than all that is built. */
export const WRITTEN = new Date('2024-01-01T00:00:00Z');

export function prepareOurs(project: string, shape: Shape, memory: string, disk: string): string {
  const made = join(memory, 'ours');
  for (const [path, text] of shape.workspace) {
    mkdirSync(dirname(join(made, path)), { recursive: true });
    writeFileSync(join(made, path), text);
  }
  layOutInputs(made, shape);
  textOf(pipelineIn(project, made, '--quiet', 'build'));
  const folder = join(disk, 'ours');
  copyTree(made, folder);
  rmSync(made, { recursive: true, force: true });
  // Files that are new to it are read once more.
  const ended = endedOf(textOf(pipelineIn(project, folder, '--json', 'build')));
  if (ended.executed !== 0 || ended.fresh + ended.absent !== shape.targets)
    throw new Error(`of ${shape.targets} targets not all are fresh after a build: ${JSON.stringify(ended)}`);
  return folder;
}

export function layOutInputs(folder: string, shape: Shape): void {
  const made = new Set<string>();
  for (const [path, text] of shape.inputs()) {
    const file = join(folder, path);
    const parent = dirname(file);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    writeFileSync(file, text);
    utimesSync(file, WRITTEN, WRITTEN);
  }
}
