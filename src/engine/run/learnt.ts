/**
 * Inputs that a task says it has read beyond those that its rule declares: which of them count, with which digest.
 * They were not digested before it ran, so time stamps must tell whether they held still. Knows no outputs.
 */

import type { Target } from '../graph/graph.ts';
import { oneSpelling } from '../graph/path-edges.ts';
import { changedSince } from '../state/stamps.ts';
import type { TaskDone, TaskFailure } from '../task.ts';
import type { RunPlan } from './decide.ts';
import type { Session } from './session.ts';

export type Learnt =
  | { readonly kind: 'learnt'; readonly inputs: readonly (readonly [path: string, digest: string])[] }
  /** This one changed while the task ran, or came, or went: what it has read is not known. */
  | { readonly kind: 'moved'; readonly path: string }
  | { readonly kind: 'failed'; readonly failure: TaskFailure };

/** `since`: the wall clock when the task was started, epoch milliseconds. */
export function learn(
  session: Session,
  plan: RunPlan,
  { discovered = [], kept = [] }: Pick<TaskDone, 'discovered' | 'kept'>,
  since: number,
): Learnt {
  const declared = plan.gathered.inputs.flatMap(({ items }) => items.map(({ path }) => oneSpelling(path)));
  const inputs: [string, string][] = [];
  // What the task keeps it may have written just now: its content is what the task says it is.
  const moving = new Set(discovered);
  for (const given of new Set([...discovered, ...kept])) {
    const path = withinWorkspace(session, given);
    if (declared.some((each) => path === each || path.startsWith(`${each}/`))) continue;
    const maker = session.makerOf(path);
    if (maker !== undefined) return { kind: 'failed', failure: undeclared(plan.target, path, maker) };
    if (moving.has(given) && changedSince(session.memo.absolute(path), since)) return { kind: 'moved', path };
    inputs.push([path, session.memo.digest(path) ?? 'missing']);
  }
  return { kind: 'learnt', inputs };
}

/** As recorded: relative where it lies in the workspace, else absolute. */
export function withinWorkspace({ workspace }: Pick<Session, 'workspace'>, path: string): string {
  return oneSpelling(path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path);
}

function undeclared({ id, rule }: Target, path: string, maker: Target): TaskFailure {
  return {
    code: 'undeclared-input',
    message: `${id} has read ${path}, which ${maker.id} makes: whether that is built first is left to chance`,
    hint: `declare it among the inputs of rule "${rule.name}": { rule: ${maker.rule.name} }`,
  };
}
