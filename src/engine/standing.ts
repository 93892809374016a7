/**
 * A pass over everything that has found nothing to do, remembered: while nothing that it has looked at has changed, the
 * next one need not be made. Knows what may be remembered and what it was found for; how it lies on disk is for `state`.
 */
import type { FreshRun, TargetStatus } from './events.ts';
import type { Digest } from './hash.ts';
import { sha256 } from './hash.ts';
import type { Json } from './json.ts';
import type { Manifest } from './manifest/model.ts';
import { orphansOf } from './orphans.ts';
import type { Builtins, Identified } from './run/code.ts';
import { Code } from './run/code.ts';
import { dueSpan } from './run/reasons.ts';
import type { Roots } from './run/roots.ts';
import type { Session } from './run/session.ts';
import type { Lock } from './state/lockfile.ts';
import { StatMemo } from './state/memo.ts';
import type { Standing, StatusNote, Verdict } from './state/standing.ts';
import { keepStanding, readStanding } from './state/standing.ts';
import type { Witness } from './state/witness.ts';
import { statuses } from './status.ts';
import type { Span } from './task.ts';

export interface StandingRequest {
  readonly workspace: string;
  readonly manifest: Manifest;
  readonly builtins: Builtins;
  /** What tells this program from others that may judge otherwise. */
  readonly program: string;
  readonly now: number;
}

/** How a build was asked for, as far as it matters here. */
export interface Asked {
  readonly program?: string | undefined;
  readonly selectors: readonly string[];
  readonly between: Span | undefined;
  readonly force: boolean;
  readonly refresh: boolean;
  readonly sweep: boolean;
  readonly lock?: Lock | undefined;
}

/** Everything is asked for as it is by default: only of that is remembered that there was nothing to do. */
export function mayRemember(request: Asked): boolean {
  const { program, selectors, between, force, refresh, sweep, lock } = request;
  const asked = selectors.length > 0 || between !== undefined || lock !== undefined;
  return program !== undefined && !asked && !force && !refresh && !sweep;
}

/** Undefined: a pass must be made. Who goes on to act on it needs the run lock, so that nothing changes meanwhile. */
export async function findStanding(request: StandingRequest): Promise<Standing | undefined> {
  const { workspace, manifest, builtins, program, now } = request;
  // The code of tasks is a few files: to read them costs less than what else is known of a large graph.
  const code = new Code(builtins, workspace, new StatMemo('', workspace));
  const identified = new Map<string, Identified>();
  for (const rule of manifest.rules.values()) identified.set(rule.name, await code.identify(rule));
  const key = keyOf(manifest, program, identified);
  return key === undefined ? undefined : readStanding(workspace, key, now);
}

/** To be called once a pass over everything has ended without a run, an alert or a warning. `also`: kept for `status`. */
export function noteStanding(
  session: Session,
  roots: Roots,
  witness: Witness,
  { program, also }: { readonly program: string; readonly also: Json | undefined },
): void {
  const { graph, loaded, identified, workspace } = session;
  const key = keyOf(graph.manifest, program, identified);
  if (key === undefined) return;
  const counts = new Map<string, { rule: string; outcome: 'fresh' | 'absent'; count: number }>();
  const alone: Verdict['alone'] = [];
  let from = 0;
  let until = Number.POSITIVE_INFINITY;
  for (const { index, id, rule } of graph.targets) {
    const settled = session.settled(index);
    if (settled === undefined) continue;
    if (settled.state !== 'fresh' && settled.state !== 'absent') return;
    const record = loaded.successes.get(id);
    // Of what is absent since something upstream is, nothing can be due.
    if (record !== undefined && (settled.state === 'fresh' || record.absent !== undefined))
      for (const span of dueSpan(rule, record)) {
        from = Math.max(from, span.from);
        until = Math.min(until, span.until);
      }
    if (settled.state === 'fresh' && (settled.record.runId !== undefined || rule.for.length === 0)) {
      const { runId: run = null, outputs } = settled.record;
      alone.push({ target: id, rule: rule.name, run, outputs: outputs.map(({ path }) => path) });
      continue;
    }
    const place = `${rule.name} ${settled.state}`;
    const known = counts.get(place);
    if (known) known.count++;
    else counts.set(place, { rule: rule.name, outcome: settled.state, count: 1 });
  }
  if (Number.isNaN(from) || Number.isNaN(until)) return;
  const verdict = {
    key,
    from,
    until: Number.isFinite(until) ? until : null,
    counts: [...counts.values()],
    alone,
  };
  // Whose files the orphans are is among what is looked at.
  const status = also === undefined ? undefined : statusOf(session, roots, also);
  keepStanding(workspace, verdict, status, witness);
}

function statusOf(session: Session, roots: Roots, also: Json): StatusNote {
  const orphans = orphansOf(session).map(({ target, path }) => ({ target, path }));
  return { targets: condense(statuses(session, roots, true)), orphans, also };
}

/** Of targets that are plainly fresh nothing is left but their place in a row. */
export function condense(targets: readonly TargetStatus[]): readonly (TargetStatus | FreshRun)[] {
  const condensed: (TargetStatus | FreshRun)[] = [];
  let run: { rule: string; fresh: number } | undefined;
  for (const each of targets) {
    const [rule = ''] = each.target.split('/', 1);
    if (each.state !== 'fresh' || each.reasons.length > 0 || each.alerts !== undefined) {
      run = undefined;
      condensed.push(each);
    } else if (run?.rule === rule) run.fresh++;
    else {
      run = { rule, fresh: 1 };
      condensed.push(run);
    }
  }
  return condensed;
}

/** Undefined where some task cannot be used. */
function keyOf(
  manifest: Manifest,
  program: string,
  identified: ReadonlyMap<string, Identified>,
): Digest | undefined {
  const codes: (readonly [string, string, number])[] = [];
  for (const [rule, found] of identified) {
    if (!found.ok) return undefined;
    codes.push([rule, found.identity?.digest ?? '', found.identity?.version ?? 0]);
  }
  // The model is plain data; its order is that of the manifest's text.
  const plain = JSON.stringify(manifest, (_, value: unknown) => (value instanceof Map ? [...value] : value));
  return sha256(JSON.stringify([program, codes, plain]));
}
