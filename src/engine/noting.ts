/**
 * From a pass that has ended to what is noted of it: how it has left each target, what was looked at for it and what it
 * reads; of those that stood before, what was noted then. Writes nothing.
 *
 * A target has three numbers here:
 *   index   its place in the graph of this pass
 *   now     its place among those that have settled in this pass: its place in the note that is made
 *   then    its place in the note that this pass went by, if there was one
 */
import { mostReached } from './reach.ts';
import { isKnownFresh } from './run/known-fresh.ts';
import { dueSpan } from './run/reasons.ts';
import type { Session } from './run/session.ts';
import type { Settled } from './run/settled.ts';
import { isLockPath } from './state/lockfile-shards.ts';
import { ListBuilder, listAt } from './state/number-lists.ts';
import type { Noted, Standing, ToKeep } from './state/standing.ts';
import { LEFT, PASS } from './state/standing.ts';
import type { For, Seen, Stamp, Witness } from './state/witness.ts';
import { isSame, stampAt } from './state/witness.ts';

type Note = Pick<ToKeep, 'seen' | 'noted'>;

/** Undefined where a target stood of which nothing was noted, and where the next pass could not go by it. */
export function noteOf(
  session: Session,
  witness: Witness,
  { calm, before }: { readonly calm: boolean; readonly before: Standing | undefined },
): Note | undefined {
  const ended = endedIn(session, witness);
  if (ended.left.filter((left) => left === LEFT.unsure).length > mostReached(ended.ids.length))
    return undefined;
  const earlier = before && earlierOf(session, before, ended);
  const looks = new Looks(ended);
  if (earlier !== undefined) looks.takeOver(earlier, witness);
  // A build that has run something has written the lockfile after it had looked at it: it went by what was there before, and
  // the next one will find its own.
  looks.add(witness, (path) => calm || !isLockPath(path));
  const reads = readsOf(ended, witness, earlier);
  if (reads === undefined) return undefined;
  const { ids, left } = ended;
  const due = [...ended.due, ...(earlier?.due ?? [])];
  return { seen: looks.seen(), noted: { ids, left, due, reads, ...looks.lookedFor() } };
}

/** The targets that have settled, in the order of the graph. */
interface SettledTargets {
  readonly ids: readonly string[];
  /** By index: the place now. */
  readonly places: readonly (number | undefined)[];
  /** By place now: the index. */
  readonly indices: readonly number[];
  readonly left: Uint8Array;
  readonly due: Noted['due'];
}

function endedIn(session: Session, witness: Witness): SettledTargets {
  const { graph, loaded } = session;
  const ids: string[] = [];
  const places: (number | undefined)[] = [];
  const indices: number[] = [];
  const left: number[] = [];
  const due: [number, number, number][] = [];
  for (const { index, id, rule } of graph.targets) {
    const settled = session.settled(index);
    if (settled === undefined) continue;
    places[index] = ids.length;
    if (!isKnownFresh(settled)) {
      const record = loaded.successes.get(id);
      // Of what is absent since something upstream is, nothing can be due.
      if (record !== undefined && (settled.state === 'fresh' || record.absent !== undefined))
        for (const { from, until } of dueSpan(rule, record)) due.push([ids.length, from, until]);
    }
    left.push(isKnownFresh(settled) ? LEFT.stands : leftOf(settled, witness.isUnsure(index)));
    indices.push(index);
    ids.push(id);
  }
  return { ids, places, indices, left: Uint8Array.from(left), due };
}

function leftOf(settled: Settled, unsure: boolean): number {
  if (unsure) return LEFT.unsure;
  switch (settled.state) {
    case 'fresh':
      if (settled.reasons.length > 0) return LEFT.unsure;
      return settled.elided || settled.record.alerts !== undefined ? LEFT.same : LEFT.stands;
    case 'absent':
      return settled.reasons.every(({ kind }) => kind === 'upstream') ? LEFT.same : LEFT.unsure;
    default:
      return LEFT.unsure;
  }
}

/** The note that this pass went by, with where its targets are now. */
interface NoteBefore {
  readonly seen: Seen;
  readonly noted: Noted;
  /** By place then: the place now, of those that stood. */
  readonly stood: readonly (number | undefined)[];
  /** Of all that are there still. */
  readonly now: readonly (number | undefined)[];
  /** By place now: the place then, of those that stood. */
  readonly then: readonly (number | undefined)[];
  readonly due: Noted['due'];
}

function earlierOf(session: Session, before: Standing, { places }: SettledTargets): NoteBefore {
  const noted = before.targets();
  const then: (number | undefined)[] = [];
  const now = session.earlier.map((index) => places[index]);
  const stood = session.earlier.map((index, at) => {
    const place = places[index];
    if (place === undefined || !isKnownFresh(session.settled(index))) return undefined;
    then[place] = at;
    return place;
  });
  const due = noted.due.flatMap(([target, from, until]): Noted['due'] => {
    const place = stood[target];
    return place === undefined ? [] : [[place, from, until]];
  });
  return { seen: before.seen, noted, stood, now, then, due };
}

/** Undefined where somebody reads a target that is not there. */
function readsOf(
  { indices, places }: SettledTargets,
  witness: Witness,
  earlier: NoteBefore | undefined,
): Noted['reads'] | undefined {
  const reads = new ListBuilder();
  for (const [place, index] of indices.entries()) {
    const at = earlier?.then[place];
    const own =
      earlier === undefined || at === undefined ? witness.readsOf(index) : listAt(earlier.noted.reads, at);
    const found = at === undefined ? places : earlier?.now;
    for (const each of own) {
      const to = found?.[each];
      if (to === undefined) return undefined;
      reads.push(to);
    }
    reads.end();
  }
  return reads.lists();
}

/** What was looked at, and for whom. */
class Looks {
  readonly #ended: SettledTargets;
  readonly #paths: string[] = [];
  readonly #stamps: number[] = [];
  readonly #lookers = new ListBuilder();
  readonly #folders: [path: string, names: string][] = [];
  readonly #folderLookers: (readonly number[])[] = [];
  readonly #taken = new Set<string>();

  constructor(ended: SettledTargets) {
    this.#ended = ended;
  }

  /** Of targets that stood; and where others have looked there too, for them all. */
  takeOver(earlier: NoteBefore, witness: Witness): void {
    const { seen, noted, stood } = earlier;
    for (const [at, path] of seen.paths.entries()) {
      for (const each of listAt(noted.lookedFor, at)) {
        const place = each === PASS ? undefined : stood[each];
        if (place !== undefined) this.#lookers.push(place);
      }
      if (this.#lookers.isEmpty) continue;
      const stamp = stampAt(seen, at);
      const other = witness.fileAt(path);
      if (other !== undefined) {
        this.#taken.add(path);
        // It has changed since: those who stood rest on what was there before.
        if (!isSame(other.at, stamp)) this.#doubt(standing(listAt(noted.lookedFor, at), stood));
      }
      this.#file(path, stamp, other?.by ?? []);
    }
    for (const [at, [path, names]] of seen.folders.entries()) {
      const lookers = standing(noted.foldersFor[at] ?? [], stood);
      if (lookers.length === 0) continue;
      const other = witness.folderAt(path);
      this.#folder(path, names, [...lookers, ...this.#numbers(other?.by ?? [])]);
      if (other === undefined) continue;
      this.#taken.add(`${path}/`);
      if (other.at !== names) this.#doubt(lookers);
    }
  }

  add(witness: Witness, counts: (path: string) => boolean): void {
    for (const [path, at, by] of witness.files())
      if (!this.#taken.has(path) && counts(path)) this.#file(path, at, by);
    for (const [path, names, by] of witness.folders())
      if (!this.#taken.has(`${path}/`) && counts(path)) this.#folder(path, names, this.#numbers(by));
  }

  seen(): Seen {
    return { paths: this.#paths, stamps: Float64Array.from(this.#stamps), folders: this.#folders };
  }

  lookedFor(): Pick<Noted, 'lookedFor' | 'foldersFor'> {
    return { lookedFor: this.#lookers.lists(), foldersFor: this.#folderLookers };
  }

  #file(path: string, { size, mtimeMs, ctimeMs, ino }: Stamp, by: Iterable<For>): void {
    this.#paths.push(path);
    this.#stamps.push(size, mtimeMs, ctimeMs, ino);
    for (const each of by) {
      const number = this.#numberOf(each);
      if (number !== undefined) this.#lookers.push(number);
    }
    this.#lookers.end();
  }

  #folder(path: string, names: string, lookers: readonly number[]): void {
    this.#folders.push([path, names]);
    this.#folderLookers.push(lookers);
  }

  #numbers(by: Iterable<For>): readonly number[] {
    return [...by].flatMap((each) => this.#numberOf(each) ?? []);
  }

  #numberOf(by: For): number | undefined {
    switch (by) {
      case 'nobody':
        return undefined;
      case 'pass':
        return PASS;
      default:
        return this.#ended.places[by];
    }
  }

  /** They come to those that were unsure already; so few that `noteOf` need not count again. */
  #doubt(targets: readonly number[]): void {
    for (const each of targets) this.#ended.left[each] = LEFT.unsure;
  }
}

function standing(targets: Iterable<number>, stood: NoteBefore['stood']): readonly number[] {
  return [...targets].flatMap((each) => (each === PASS ? [] : (stood[each] ?? [])));
}
