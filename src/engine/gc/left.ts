/**
 * Files that rules say their tasks leave beside their outputs (`leaves`), whatever the keys: those that no target makes
 * and none has read. It matches names; whether they are named by the lockfile or a build is for others.
 */
import { globSync } from 'tinyglobby';
import { byCodeUnit } from '../json.ts';
import type { Template } from '../manifest/model.ts';
import { filesOfManifest } from '../orphans.ts';
import type { Session } from '../run/session.ts';
import { isStatePath } from '../state/workspace-state.ts';

/** Relative to the workspace, or absolute as the manifest says; in code-unit order. */
export function leftFiles(session: Session): readonly string[] {
  const { graph, workspace, loaded, paths } = session;
  const patterns = [...graph.manifest.rules.values()].flatMap(({ leaves }) => leaves.map(globOf));
  if (patterns.length === 0) return [];
  const read = new Set([...filesOfManifest(session), ...inputsLearnt(session)]);
  const made = new Set(
    [...loaded.successes.values()].flatMap(({ outputs }) => outputs.map(({ path }) => path)),
  );
  const isLeft = (path: string): boolean =>
    !isStatePath(path) &&
    !read.has(path) &&
    !made.has(path) &&
    paths.outputs.every(
      (output) => output.makerOf(path) === undefined && output.readingsOf(path).length === 0,
    );
  return patterns
    .flatMap((pattern) => find(pattern, workspace))
    .filter(isLeft)
    .sort(byCodeUnit)
    .filter((path, at, all) => path !== all[at - 1]);
}

function find(pattern: string, workspace: string): readonly string[] {
  return globSync(pattern, {
    cwd: workspace,
    absolute: pattern.startsWith('/'),
    dot: false,
    expandDirectories: false,
    followSymbolicLinks: false,
    onlyFiles: true,
  });
}

/** Any key, which is a name or a part of one. */
function globOf({ parts }: Template): string {
  return parts.map((part) => (typeof part === 'string' ? part : '*')).join('');
}

/** What tasks keep for themselves beside their outputs, answers of a server say, is read again. */
function inputsLearnt({ loaded }: Session): readonly string[] {
  return [...loaded.successes.values()].flatMap(({ discovered }) => discovered.map(([path]) => path));
}
