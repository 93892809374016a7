/** Files that a build keeps for itself: no option may name one of them to be written to. Knows no option's purpose. */
import { relative, resolve } from 'node:path';
import { isLockPath } from '../engine/state/lockfile-shards.ts';
import { isStatePath } from '../engine/state/workspace-state.ts';
import { UsageError } from './args.ts';

/** Answers the file as it was named. `option` with its dashes; `example`: a name that would do. */
export function notOurs(
  { option, where, example }: { readonly option: string; readonly where: string; readonly example: string },
  workspace: string,
  cwd: string,
): string {
  const path = relative(workspace, resolve(cwd, where));
  if (path !== 'pipeline.yaml' && !isLockPath(path) && !isStatePath(path)) return where;
  throw new UsageError(
    `${option} ${where}: this file is the build's own`,
    `name another file, e.g. ${example}`,
  );
}
