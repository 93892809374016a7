/**
 * Files that builds have made and no target owns any more: of targets that are gone, that write elsewhere now, or that
 * are absent, they or what they read. Not of those that failed: their last good outputs stay. Only what is still just as
 * it was recorded: anything else is the user's. Needs a pass that has settled what it can; where
 * keys are not known, nothing is said of what may be theirs. Removes nothing.
 */
import { isGone } from './graph/gone.ts';
import { oneSpelling } from './graph/path-edges.ts';
import type { Digest } from './hash.ts';
import { byCodeUnit } from './json.ts';
import type { Session } from './run/session.ts';
import { Unreadable } from './state/memo.ts';

export interface Orphan {
  /** Who made it. */
  readonly target: string;
  /** As it was recorded: relative to the workspace, or absolute. A file, or a directory with all in it. */
  readonly path: string;
  readonly digest: Digest;
}

/** By path, in code-unit order. */
export function orphansOf(session: Session): readonly Orphan[] {
  const { graph, loaded } = session;
  const found = new Map<string, Orphan>();
  const adopted = filesOfManifest(session);
  const isAdopted = (path: string): boolean =>
    adopted.has(oneSpelling(path)) || [...adopted].some((file) => file.startsWith(`${path}/`));
  const look = ({ target, path, digest }: Orphan): void => {
    if (!isOwned(session, target, path) && !isAdopted(path) && standsAs(session, path, digest))
      found.set(path, { target, path, digest });
  };
  for (const orphan of loaded.orphans.values()) look(orphan);
  for (const id of loaded.successes.keys()) {
    const target = graph.find(id);
    const settled = target && session.settled(target.index);
    // What is fresh writes where its rule says: that is part of its fingerprint.
    if (settled?.state === 'fresh' || (target === undefined && !isGone(graph, id))) continue;
    for (const { path, digest } of loaded.successes.get(id)?.outputs ?? [])
      look({ target: id, path, digest });
  }
  const sorted = [...found.values()].sort((a, b) => byCodeUnit(a.path, b.path));
  return sorted.filter(({ path }) => !foldersAbove(path).some((folder) => found.has(folder)));
}

/**
 * The manifest, its config files and the code of its tasks, whoever has written them: without these nothing is built.
 * Of code that cannot be used only the module that the manifest names is known.
 */
export function filesOfManifest({ graph, identified }: Session): ReadonlySet<string> {
  const { files, rules } = graph.manifest;
  const code = [...rules.values()].flatMap(({ name, action }): readonly string[] => {
    if (action.kind !== 'module') return [];
    const found = identified.get(name);
    const traced = found?.ok === true ? (found.identity?.files ?? []) : [];
    return [action.path, ...traced.map(([file]) => file)];
  });
  return new Set([...files, ...code].map(oneSpelling));
}

/** Whether a target makes this path, or may yet turn out to. */
function isOwned(session: Session, writer: string, path: string): boolean {
  const { graph, paths, loaded } = session;
  const [rule] = writer.split('/');
  return paths.outputs.some((output) => {
    if (!output.numbered) {
      const maker = output.makerOf(path);
      return maker !== undefined && !(maker.kind === 'target' && isAbsent(session, maker.target));
    }
    const target = graph.find(writer);
    if (target !== undefined && isAbsent(session, target.index)) return false;
    // The path of a numbered output is the one that its target has recorded.
    if (output.rule.name !== rule || output.readingsOf(path).length === 0 || isGone(graph, writer))
      return false;
    return loaded.successes.get(writer)?.outputs.some((fact) => fact.path === path) ?? false;
  });
}

/** What has no outputs now, owns none: a clean build would not have made them. */
function isAbsent(session: Session, target: number): boolean {
  return session.settled(target)?.state === 'absent';
}

/** Whether just this stands there. */
export function standsAs({ memo }: Session, path: string, digest: Digest): boolean {
  try {
    return memo.digest(path) === digest;
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    return false;
  }
}

function foldersAbove(path: string): readonly string[] {
  const steps = path.split('/');
  return steps.slice(1).map((_, at) => steps.slice(0, at + 1).join('/'));
}
