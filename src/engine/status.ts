/**
 * The dry plan of `build`, without lock and without network: which targets are stale and why, and all that one
 * target depends on, then and now. Reads records and files; changes nothing but the memo it keeps in memory.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { Absence, Reason, TargetStatus } from './events.ts';
import { linkInputs } from './graph/edges.ts';
import type { Target } from './graph/graph.ts';
import type { Part } from './hash.ts';
import type { Manifest } from './manifest/model.ts';
import type { Builtins } from './run/code.ts';
import { Code } from './run/code.ts';
import { gather } from './run/gather.ts';
import { isKnownFresh } from './run/known-fresh.ts';
import { partsOf } from './run/parts.ts';
import type { Roots } from './run/roots.ts';
import { schedule } from './run/scheduler.ts';
import type { Earlier } from './run/session.ts';
import { Session } from './run/session.ts';
import { stateToTell } from './run/settled.ts';
import { select, unmet } from './select.ts';
import type { Lock } from './state/lockfile.ts';
import { logOf } from './state/target-logs.ts';
import { openForReading } from './state/workspace-state.ts';
import type { Span } from './task.ts';

export interface StatusRequest {
  readonly workspace: string;
  readonly manifest: Manifest;
  readonly builtins: Builtins;
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  /** As `build` would be asked: for `build -n`. */
  readonly force: boolean;
  readonly refresh: boolean;
  /** As a locked build would be. */
  readonly lock?: Lock | undefined;
  /**
   * Of a survey of everything: what an earlier pass has left, as long as it fits the records that have been read. Default:
   * all targets are decided.
   */
  readonly earlier?: { holds(): boolean; earlier(): Earlier } | undefined;
  readonly now: number;
}

export type Survey =
  | {
      readonly kind: 'surveyed';
      readonly session: Session;
      readonly targets: readonly TargetStatus[];
      readonly remarks: readonly string[];
    }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] };

export async function survey(request: StatusRequest): Promise<Survey> {
  const { manifest, workspace } = request;
  const { loaded, memo } = openForReading(workspace);
  let forced: ReadonlySet<number> = new Set();
  // Records that are lost may be of any target.
  const fits = loaded.remarks.length === 0 && request.earlier?.holds() === true;
  const earlier = fits ? request.earlier?.earlier() : undefined;
  const make = (force: boolean): Session =>
    new Session(manifest, {
      workspace,
      loaded,
      memo,
      code: new Code(request.builtins, workspace, memo),
      lock: request.lock,
      earlier,
      options: {
        dry: true,
        refresh: request.refresh,
        sweep: false,
        offline: false,
        force: (target) => force && forced.has(target.index),
        now: request.now,
      },
    });
  const session = make(request.force);
  const selection = await select(session, request, () => make(false));
  if (!selection.ok) return { kind: 'invalid', diagnostics: selection.diagnostics };
  const { roots, selectors } = selection.value;
  forced = roots.selected;
  await schedule(session, roots, {
    runner: undefined,
    jobs: 1,
    failFast: false,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  const missing = unmet(session, selection.value);
  if (missing.length > 0) return { kind: 'invalid', diagnostics: missing };
  const whole =
    request.selectors.length === 0 || selectors.some((each) => each.kind === 'rule' && each.needs);
  const targets = statuses(session, roots, whole);
  return { kind: 'surveyed', session, targets, remarks: loaded.remarks };
}

/** By rule in declared order, then by partition; of what is selected, or, as `build` counts, of all it needs too. */
export function statuses(session: Session, roots: Roots, whole: boolean): readonly TargetStatus[] {
  const byRule = new Map<string, TargetStatus[]>();
  for (const name of session.graph.manifest.rules.keys()) byRule.set(name, []);
  const needed = whole ? session.graph.targets.map(({ index }) => index) : [];
  const chosen = new Set([...roots.selected, ...needed]);
  for (const index of chosen) {
    const settled = session.settled(index);
    if (settled === undefined) continue;
    const target = session.graph.target(index);
    const { id, rule } = target;
    const state = stateToTell(settled);
    const log = state === 'failed' ? logOf(session.workspace, id) : undefined;
    const logged = log === undefined ? {} : { log };
    const absent = settled.state === 'absent' ? { absent: absenceOf(session, target, settled.reason) } : {};
    const mayTell = state === 'fresh' && !isKnownFresh(settled);
    const said = mayTell && 'record' in settled ? settled.record?.alerts : undefined;
    const alerts = said === undefined ? {} : { alerts: said };
    const told = { ...absent, ...logged, ...alerts };
    byRule.get(rule.name)?.push({ target: id, state, reasons: settled.reasons, ...told });
  }
  for (const { rule, giver } of roots.unknown(session.graph)) {
    const { id, keys } = session.graph.target(giver);
    const reasons: Reason[] = [{ kind: 'upstream', name: id }];
    byRule.get(rule)?.push({ target: [rule, ...keys, '*'].join('/'), state: 'unknown', reasons });
  }
  return [...byRule.values()].flat();
}

/** What is absent since something it reads is, is not asked of itself. */
function absenceOf({ loaded }: Session, { id, rule }: Target, reason: string): Absence {
  const record = loaded.successes.get(id);
  if (record?.absent?.reason !== reason) return { reason };
  const { refreshAfterMs } = rule;
  const refreshed = refreshAfterMs === undefined ? [] : [Date.parse(record.finishedAt) + refreshAfterMs];
  const rechecked = record.absent.recheckAt === undefined ? [] : [Date.parse(record.absent.recheckAt)];
  const at = new Date(Math.min(...refreshed, ...rechecked));
  return Number.isNaN(at.getTime()) ? { reason } : { reason, recheckAt: at.toISOString() };
}

export interface ComparedPart {
  readonly kind: Part[0];
  readonly name: string;
  readonly was?: string;
  readonly is?: string;
}

/** Every part of a target's fingerprint, as recorded and as it is. Needs a survey that has settled the target. */
export function compareParts(session: Session, id: string): readonly ComparedPart[] {
  const target = session.graph.find(id);
  const link = target && linkInputs(session.graph, session.paths, target);
  if (target === undefined || link === undefined || !('linked' in link)) return [];
  const partition = session.graph.partition(target);
  const gathered = gather(session, link.linked, partition);
  const identity = session.identity(target.rule);
  const now = partsOf(target.rule, partition, identity, gathered);
  const was = session.loaded.successes.get(id)?.parts ?? [];
  const key = ([kind, name]: Part): string => `${kind}\n${name}`;
  const old = new Map(was.map((part) => [key(part), part[2]]));
  const compared = now.map((part): ComparedPart => {
    const before = old.get(key(part));
    old.delete(key(part));
    return { kind: part[0], name: part[1], ...(before === undefined ? {} : { was: before }), is: part[2] };
  });
  for (const part of was) {
    if (old.has(key(part))) compared.push({ kind: part[0], name: part[1], was: part[2] });
  }
  return compared;
}
