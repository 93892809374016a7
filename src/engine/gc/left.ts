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

/** Relative to the workspace, or absolute as the manifest says; in code-unit order. `patterns`: globs to look for. */
export function leftFiles(session: Session, patterns = allPatterns(session)): readonly string[] {
  const { workspace, loaded, paths } = session;
  if (patterns.length === 0) return [];
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

function allPatterns({ graph }: Session): readonly string[] {
  return [...graph.manifest.rules.values()].flatMap(({ leaves }) => leaves.map(globOf));
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
export function globOf(template: Template): string {
  return openGlob(template, (text) => text);
}
