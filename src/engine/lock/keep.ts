/**
 * Keeps the lockfile: hears what a build does, and once it is over writes the lines that have changed. Where nothing
 * has, nothing is read or written. What the lines say is for `note`, how they lie on disk for `state`.
 */
import type { BuildEvent } from '../events.ts';
import type { Target } from '../graph/graph.ts';
import { MINUTE } from '../manifest/instant.ts';
import type { Session } from '../run/session.ts';
import type { LockNote } from '../state/lock-note.ts';
import type { ReadEntries } from '../state/lockfile.ts';
import { readLock, readLockEntries } from '../state/lockfile.ts';
import type { LockedLine } from '../state/lockfile-lines.ts';
import { fileNameOf, shardOf, shardsIn } from '../state/lockfile-shards.ts';
import { inShards, readShard, removeShard, writeLock, writeShards } from '../state/lockfile-write.ts';
import { aboutOf, spareOf } from './about.ts';
import type { Held } from './held.ts';
import { heldBy } from './held.ts';
import { isTakenIn, lockedKind } from './kinds.ts';
import type { Known } from './note.ts';
import { Notes } from './note.ts';
import { overKeysOf } from './over-keys.ts';
import { knownBefore, knownOf, mayStand, reachesBeyond } from './stands.ts';

type Lines = ReadonlyMap<string, readonly LockedLine[]>;

export class LockKeeper {
  /** What was not as it should be with the lockfile that is there, for a warning. */
  readonly remarks: readonly string[];
  readonly #session: Session;
  readonly #notes: Notes;
  readonly #note: LockNote;
  /** The lockfile is what was written last, for the same graph, as of now or of an earlier time. */
  readonly #held: Held | undefined;
  readonly #started = new Set<string>();
  readonly #changed = new Set<string>();
  /** Absent for a reason that lies upstream: they did not run, and their lines have to go. */
  readonly #vanished = new Set<string>();

  /** Throws a `LockfileError` where there is one that cannot be read: nothing is built before it is mended. */
  constructor(session: Session, note: LockNote) {
    this.#session = session;
    this.#notes = new Notes(session);
    this.#note = note;
    this.#held = heldBy(session, note, this.#notes.pinned);
    this.remarks = this.#held === undefined ? (readLock(session.workspace)?.remarks ?? []) : [];
  }

  listen(event: BuildEvent): void {
    if (event.type === 'target-started') this.#started.add(event.target);
    if (event.type !== 'target-finished') return;
    const { target, outcome, reasons } = event;
    if (outcome === 'restored' || (outcome !== 'checked' && this.#started.has(target)))
      this.#changed.add(target);
    else if (outcome === 'absent' && reasons.some(({ kind }) => kind === 'upstream'))
      this.#vanished.add(target);
  }

  /** `all`: everything that is built by default was asked for, and has ended well. */
  async write(all: boolean): Promise<void> {
    const { graph, workspace } = this.#session;
    const held = this.#held;
    const everyReader = this.#isEveryReaderIn(all);
    const tidies = held?.spare === true && everyReader;
    if (held?.asOf === graph.manifest.asOf && this.#changed.size === 0 && !tidies) {
      if (this.#started.size > 0) this.#note.say(held.about);
      return;
    }
    if (held !== undefined && !tidies && isSharded(workspace)) await this.#writeTouched(everyReader, held);
    else await this.#writeAll(everyReader, readLockEntries(workspace));
    const about = aboutOf(this.#session, this.#notes.pinned);
    const spare = this.#notes.pinned.size > 0 && !everyReader;
    this.#note.say(spare ? spareOf(about) : about);
  }

  async #writeAll(everyReader: boolean, read: ReadEntries | undefined): Promise<void> {
    const { graph, workspace } = this.#session;
    const known = graph.targets.flatMap(({ index }) => knownOf(this.#session, index) ?? []);
    const ended = new Set(known.map(({ target }) => target));
    const before = new Map<string, LockedLine[]>();
    putByTarget(before, read?.lines ?? []);
    // Of a target that has no lines, because there was no such target for a while, the journal may know.
    const wants = (id: string): boolean => !ended.has(id) && (!this.#note.paid || !before.has(id));
    const earlier = knownBefore(this.#session, wants);
    const noted = this.#notes.lines({ known: [...known, ...earlier], before, keeps: () => !everyReader });
    const lines = this.#merged(before, noted, earlier);
    await writeLock(workspace, { asOf: graph.manifest.asOf, lines, sharded: read?.sharded ?? false });
  }

  /** Whether all that may read values of pinned targets has ended well in this pass: what nobody has read may go. */
  #isEveryReaderIn(all: boolean): boolean {
    const { graph } = this.#session;
    return all && [...this.#notes.readers].every((name) => graph.rule(name).default);
  }

  /** Only the shards that hold what has changed. */
  async #writeTouched(everyReader: boolean, held: Held): Promise<void> {
    const { graph, workspace } = this.#session;
    // Of what has come with time the lockfile has no lines, and it need not have run.
    const isNew = (target: Pick<Target, 'rule' | 'keys'>): boolean =>
      held.asOf < graph.manifest.asOf && reachesBeyond(graph, target, held.asOf + MINUTE);
    const own = this.#knownAmong(
      (target) => this.#changed.has(target.id) || this.#vanished.has(target.id) || isNew(target),
    );
    const givers = own.filter(({ rule }) => this.#session.givesKeys(rule));
    const over = overKeysOf(this.#session, givers);
    const names = new Set(own.map(({ target }) => target));
    const changed =
      givers.length === 0 ? own : this.#knownAmong(({ id }) => names.has(id) || over.target(id));
    for (const { target } of changed) names.add(target);
    const come = new Set(held.asOf < graph.manifest.asOf ? this.#recordedOnly(isNew) : []);
    const isOwn = this.#note.holds(held.about);
    const before = new Map<string, LockedLine[]>();
    const touched = new Set<string>();
    const touch = (shards: readonly string[]): void => {
      const more = shards.filter((name) => !touched.has(name));
      for (const name of new Set(more)) {
        touched.add(name);
        putByTarget(before, readShard(workspace, name, isOwn));
      }
    };
    touch([...names, ...come].map(shardOf));
    // They may have taken keys back, or given some again that there were once.
    if (givers.length > 0) touch(shardsIn(workspace).filter((name) => over.shard(name)));
    const back = own.some(
      ({ target, record }) =>
        record?.absent === undefined && before.get(target)?.some(({ kind }) => kind === 'absent'),
    );
    // What hangs on it had no lines, and need not run to be there again.
    if (back) {
      await this.#writeAll(everyReader, readLockEntries(workspace));
      return;
    }
    const wants = (id: string): boolean =>
      !names.has(id) && !before.has(id) && (come.has(id) || over.target(id));
    const earlier = givers.length === 0 && come.size === 0 ? [] : knownBefore(this.#session, wants);
    const producers = [...this.#notes.producersOf([...changed, ...earlier])].flatMap((index) => {
      const { id } = graph.target(index);
      return names.has(id) ? [] : (knownOf(this.#session, index) ?? []);
    });
    const known = [...changed, ...producers, ...earlier];
    touch(known.map(({ target }) => shardOf(target)));
    const { pinned, readers: rules } = this.#notes;
    const valued = everyReader && known.some(({ rule }) => pinned.has(rule.name));
    const readers = valued ? this.#knownAmong(({ rule }) => rules.has(rule.name)) : [];
    const noted = this.#notes.lines({ known, before, readers, keeps: () => !everyReader });
    const lines = this.#merged(before, noted, earlier);
    const shards = inShards(lines);
    await writeShards(
      workspace,
      new Map([...touched].map((name) => [name, shards.get(name) ?? []])),
      graph.manifest.asOf,
    );
    for (const name of shardsIn(workspace)) if (!this.#mayHold(name)) removeShard(workspace, name);
  }

  #knownAmong(isMeant: (target: Target) => boolean): readonly Known[] {
    return this.#session.graph.targets.flatMap((target) =>
      isMeant(target) ? (knownOf(this.#session, target.index) ?? []) : [],
    );
  }

  /** What the journal knows of, and this pass has not learnt. */
  #recordedOnly(isMeant: (target: Pick<Target, 'rule' | 'keys'>) => boolean): readonly string[] {
    const { graph, loaded } = this.#session;
    return [...loaded.successes.keys()].filter((id) => {
      const there = graph.find(id);
      if (there !== undefined) return knownOf(this.#session, there.index) === undefined && isMeant(there);
      const [name = '', ...keys] = id.split('/');
      const rule = graph.manifest.rules.get(name);
      return rule !== undefined && isMeant({ rule, keys });
    });
  }

  /**
   * Lines of targets of which nothing new is known stay, for as long as there may be such a target. One path has one
   * line: of what this pass has learnt, else of what the lockfile said, else of what the journal knows from earlier.
   */
  #merged(before: Lines, noted: Lines, earlier: readonly Known[]): readonly LockedLine[] {
    const late = new Set(earlier.map(({ target }) => target));
    const learnt = [...noted].flatMap(([target, lines]) => (late.has(target) ? [] : lines));
    const taken = pathsOf(learnt);
    const kept = [...before].flatMap(([target, lines]) =>
      noted.has(target) || !mayStand(this.#session, target)
        ? []
        : lines.filter((line) => this.#fits(line) && !('path' in line && taken.has(line.path))),
    );
    for (const path of pathsOf(kept)) taken.add(path);
    const known = [...late].flatMap((target) => noted.get(target) ?? []);
    const lines = known.filter((line) => !('path' in line) || this.#isOwn(line.target, line.path, taken));
    return [...learnt, ...kept, ...lines];
  }

  /** A rule that has had the path before may not be the one that makes it now. */
  #isOwn(target: string, path: string, taken: Set<string>): boolean {
    const maker = this.#session.makerOf(path);
    if (taken.has(path) || (maker !== undefined && maker.id !== target)) return false;
    taken.add(path);
    return true;
  }

  /** The manifest may have made another kind of rule of it. */
  #fits({ kind, target }: LockedLine): boolean {
    const rule = this.#session.graph.rule(target.split('/')[0] ?? '');
    const { pinned } = this.#notes;
    switch (kind) {
      case 'source':
      case 'output':
        return lockedKind(rule, pinned) === kind;
      case 'value':
      case 'keys':
        return pinned.has(rule.name);
      case 'absent':
        return isTakenIn(rule) || pinned.has(rule.name);
    }
  }

  #mayHold(shard: string): boolean {
    const { graph } = this.#session;
    const [folder, file] = shard.split('/');
    return [...graph.manifest.rules.values()].some(({ name, for: [first] }) => {
      if (fileNameOf(name) !== folder) return false;
      const known = first === undefined ? undefined : graph.keysOf(first, new Map());
      return known === undefined || !('keys' in known) || known.keys.some((key) => fileNameOf(key) === file);
    });
  }
}

function isSharded(workspace: string): boolean {
  return shardsIn(workspace).length > 0;
}

function pathsOf(lines: readonly LockedLine[]): Set<string> {
  const paths = new Set<string>();
  for (const line of lines) if ('path' in line) paths.add(line.path);
  return paths;
}

function putByTarget(all: Map<string, LockedLine[]>, lines: readonly LockedLine[]): void {
  let [target, of]: [string | undefined, LockedLine[]] = [undefined, []];
  for (const line of lines) {
    // Those of one target come together.
    if (line.target !== target) {
      target = line.target;
      of = all.get(target) ?? [];
      all.set(target, of);
    }
    of.push(line);
  }
}
