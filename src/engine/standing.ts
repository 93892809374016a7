/**
 * A pass over everything, remembered: while nothing that it has looked at has changed, and it had nothing to do, the next
 * one need not be made; where little has changed, the next one may leave out what that does not reach. Knows what may be
 * remembered and what it was found for; how it lies on disk is for `state`.
 */
import type { FreshRun, TargetStatus } from './events.ts';
import type { Digest } from './hash.ts';
import { sha256 } from './hash.ts';
import type { Json } from './json.ts';
import type { Manifest } from './manifest/model.ts';
import { noteOf } from './noting.ts';
import { orphansOf } from './orphans.ts';
import { FEW, mostReached, reached } from './reach.ts';
import type { Builtins, Identified } from './run/code.ts';
import { Code } from './run/code.ts';
import { isToldAlone } from './run/known-fresh.ts';
import type { Roots } from './run/roots.ts';
import type { Earlier, Session } from './run/session.ts';
import type { Lock } from './state/lockfile.ts';
import { changedSince } from './state/look-again.ts';
import { StatMemo } from './state/memo.ts';
import type { Noted, Standing, StatusNote, Verdict } from './state/standing.ts';
import { keepStanding, LEFT, readStanding, recordStamps, stampsOfRecords } from './state/standing.ts';
import type { Witness } from './state/witness.ts';
import { isSame, NOTHING } from './state/witness.ts';
import { statuses } from './status.ts';
import type { Span } from './task.ts';

export interface StandingRequest {
  readonly workspace: string;
  readonly manifest: Manifest;
  readonly builtins: Builtins;
  /** What tells this program from others that may judge otherwise. */
  readonly program: string;
  readonly now: number;
  /** The module that a thread runs which helps to look. Default: none does. */
  readonly looker?: URL | undefined;
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

/** What is left of an earlier pass: all of it (another would come to the same: there is nothing to do), or most. */
export interface Found {
  readonly kind: 'all' | 'most';
  readonly standing: Standing;
  /** Which targets stand, for a pass over the rest. */
  earlier(): Earlier;
  /**
   * Whether the records are still those that it was found beside. For who has no run lock, and reads them only now: a build
   * may have ended in between.
   */
  holds(): boolean;
}

/** Everything is asked for as it is by default: only of that is anything remembered. */
export function mayRemember(request: Asked): boolean {
  const { program, selectors, between, force, refresh, sweep, lock } = request;
  const asked = selectors.length > 0 || between !== undefined || lock !== undefined;
  return program !== undefined && !asked && !force && !refresh && !sweep;
}

/** Where more than this part has changed, to look at the rest and go by it costs more than a pass. */
const MOST_CHANGED = 1 / 8;

/** Undefined: a pass must be made. Who goes on to act on it needs the run lock, so that nothing changes meanwhile. */
export async function findStanding(request: StandingRequest): Promise<Found | undefined> {
  const { workspace, manifest, builtins, program, now } = request;
  // The code of tasks is a few files: to read them costs less than what else is known of a large graph.
  const code = new Code(builtins, workspace, new StatMemo('', workspace));
  const identified = new Map<string, Identified>();
  for (const rule of manifest.rules.values()) identified.set(rule.name, await code.identify(rule));
  const key = keyOf(manifest, program, identified);
  const standing = key === undefined ? undefined : readStanding(workspace, key);
  if (standing === undefined) return undefined;
  const { seen, verdict } = standing;
  const records = stampsOfRecords(workspace);
  const holds = (): boolean =>
    stampsOfRecords(workspace).every((stamp, at) => isSame(stamp, records[at] ?? NOTHING));
  const most = Math.max(FEW, seen.paths.length * MOST_CHANGED);
  const changed = await changedSince(seen, { workspace, most, looker: request.looker });
  if (changed === undefined) return undefined;
  const isDue = now < verdict.from || (verdict.until !== null && now >= verdict.until);
  const givers = new Set(
    [...manifest.dimensions.values()].flatMap((each) => (each.kind === 'dynamic' ? [each.rule] : [])),
  );
  const givesKeys = (id: string): boolean => givers.has(id.split('/', 1)[0] ?? '');
  if (changed.paths.length + changed.folders.length === 0 && !isDue && verdict.calm)
    return {
      kind: 'all',
      standing,
      holds,
      earlier: () => earlierIn(standing.targets(), new Set(), givesKeys),
    };
  const noted = standing.targets();
  const moved = reached(noted, changed, now, givesKeys);
  if (moved === undefined || moved.size > mostReached(noted.ids.length)) return undefined;
  return { kind: 'most', standing, holds, earlier: () => earlierIn(noted, moved, givesKeys) };
}

/** Who gives keys is decided, and comes out the same: others wait to hear them. */
function earlierIn(
  { ids, left }: Noted,
  moved: ReadonlySet<number>,
  givesKeys: (target: string) => boolean,
): Earlier {
  const stands = ids.filter((id, at) => left[at] === LEFT.stands && !moved.has(at) && !givesKeys(id));
  return { targets: ids, stands: new Set(stands) };
}

export interface Ended {
  readonly program: string;
  /** Nothing has run, and nothing is wrong. */
  readonly calm: boolean;
  /** Kept for `status`. */
  readonly also: Json | undefined;
  /** What this pass went by. */
  readonly before: Standing | undefined;
}

/** To be called once a pass over everything has ended, and nobody has broken it off. */
export function noteStanding(session: Session, roots: Roots, witness: Witness, ended: Ended): void {
  const { graph, identified, workspace } = session;
  const { program, also } = ended;
  const key = keyOf(graph.manifest, program, identified);
  const records = recordStamps(workspace, ended.calm);
  if (key === undefined || records === undefined || witness.blind) return;
  for (const [path, stamp] of records) {
    if (stamp === undefined) witness.nothing(path);
    else witness.file(path, stamp);
  }
  // Whose files the orphans are is among what is looked at: so this comes before what was looked at is gathered.
  const status = also === undefined || !ended.calm ? undefined : statusOf(session, roots, also);
  const made = noteOf(session, witness, ended);
  if (made === undefined || witness.blind) return;
  const calm = ended.calm && made.noted.left.every((left) => left !== LEFT.unsure);
  const told = calm ? toldOf(session) : { counts: [], alone: [] };
  keepStanding(workspace, { verdict: { key, calm, ...spanOf(made.noted.due), ...told }, status, ...made });
}

/** From when until when nothing is due of any target. */
function spanOf(due: Noted['due']): Pick<Verdict, 'from' | 'until'> {
  let from = 0;
  let until = Number.POSITIVE_INFINITY;
  for (const [, since, to] of due) {
    from = Math.max(from, since);
    until = Math.min(until, to);
  }
  return { from, until: Number.isFinite(until) ? until : null };
}

/** What another build would have to tell of these targets. */
function toldOf(session: Session): Pick<Verdict, 'counts' | 'alone'> {
  const counts = new Map<string, { rule: string; outcome: 'fresh' | 'absent'; count: number }>();
  const alone: Verdict['alone'] = [];
  for (const { index, id, rule } of session.graph.targets) {
    const how = session.settled(index);
    if (how?.state !== 'fresh' && how?.state !== 'absent') continue;
    if (how.state === 'fresh' && isToldAlone(rule)) {
      const { runId: run = null, outputs } = how.record;
      alone.push({ target: id, rule: rule.name, run, outputs: outputs.map(({ path }) => path) });
      continue;
    }
    const place = `${rule.name} ${how.state}`;
    const known = counts.get(place);
    if (known) known.count++;
    else counts.set(place, { rule: rule.name, outcome: how.state, count: 1 });
  }
  return { counts: [...counts.values()], alone };
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
