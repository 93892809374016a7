/** Built-in tasks made of a function, for engine tests that need no market. */
import { sha256 } from '../src/engine/hash.ts';
import type { Builtins, BuiltinTask } from '../src/engine/run/code.ts';
import type { Task } from '../src/engine/task.ts';

export interface FakeTask {
  readonly run: Task['run'];
  readonly version?: number;
  /** Stands for the source text: another text is another code digest. */
  readonly source?: string;
}

export function fakeTasks(tasks: Readonly<Record<string, FakeTask | Task['run']>>): Builtins {
  return new Map(
    Object.entries(tasks).map(([name, given]): [string, BuiltinTask] => {
      const { run, version = 1, source = 'v1' } = typeof given === 'function' ? { run: given } : given;
      const digest = sha256(source);
      const files = [[`tasks/${name}.ts`, digest] as const];
      return [
        name,
        {
          identify: async () => ({ digest: sha256(`${name} ${source}`), version, files }),
          load: async () => ({ version, run }),
        },
      ];
    }),
  );
}
