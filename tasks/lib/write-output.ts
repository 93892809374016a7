/** Writes one output of a task as a text. That it cannot be written is told as a failure, not thrown. */
import { writeFile } from 'node:fs/promises';
import type { TaskContext, TaskFailure } from '../../src/engine/task.ts';
import { outputPath } from '../../src/engine/task.ts';
import { diskFailure } from './disk-failure.ts';

/** Undefined when it is written. */
export async function writeOutput(
  ctx: Pick<TaskContext<unknown>, 'outputs' | 'finalOutputs' | 'target'>,
  name: string,
  text: string,
): Promise<TaskFailure | undefined> {
  const path = outputPath(ctx, name);
  try {
    await writeFile(path, text);
    return undefined;
  } catch (thrown) {
    const written = { shown: ctx.finalOutputs[name] ?? path, path, needed: Buffer.byteLength(text) };
    const failure = diskFailure(thrown, written);
    if (failure === undefined) throw thrown;
    return failure;
  }
}
