/**
 * Files that rules say their tasks leave beside their outputs (`leaves`), whatever the keys: those that no target makes
 * and none reads or has read. It matches names; whether they are named by the lockfile or a build is for others.
 */
import { globSync } from 'tinyglobby';
import { byCodeUnit } from '../json.ts';
import type { Template } from '../manifest/model.ts';
import type { Session } from '../run/session.ts';
import { isStatePath } from '../state/workspace-state.ts';
import { openGlob, ReadPaths } from './read-paths.ts';

/** Relative to the workspace, or absolute as the manifest says; in code-unit order. */
export function leftFiles(session: Session): readonly string[] {
  const { graph, workspace, loaded, paths } = session;
  const patterns = [...graph.manifest.rules.values()].flatMap(({ leaves }) => leaves.map(globOf));
  const made = new Set(
    [...loaded.successes.values()].flatMap(({ outputs }) => outputs.map(({ path }) => path)),
  );
  const isLeft = (path: string): boolean =>
    !isStatePath(path) &&
    !made.has(path) &&
    paths.outputs.every(
      (output) => output.makerOf(path) === undefined && output.readingsOf(path).length === 0,
    );
  const found = patterns
    .flatMap((pattern) => find(pattern, workspace))
    .filter(isLeft)
    .sort(byCodeUnit)
    .filter((path, at, all) => path !== all[at - 1]);
  if (found.length === 0) return [];
  const read = new ReadPaths(session, made);
  return found.filter((path) => !read.has(path));
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

/** Any key. What config values brought in is escaped already. */
function globOf(template: Template): string {
  return openGlob(template, (text) => text);
}
