/**
 * Keeps the lockfile: hears what a build does, and once it is over writes the lines that have changed. Where nothing
 * has, nothing is read or written. What the lines say is for `note`, how they lie on disk for `state`.
 */
import type { BuildEvent } from '../events.ts';
import type { Json } from '../json.ts';
import type { Rule } from '../manifest/model.ts';
import type { Session } from '../run/session.ts';
import type { LockNote } from '../state/lock-note.ts';
import type { ReadEntries } from '../state/lockfile.ts';
import { readLock, readLockEntries } from '../state/lockfile.ts';
import type { LockEntry } from '../state/lockfile-lines.ts';
import { fileNameOf, shardOf, shardsIn } from '../state/lockfile-shards.ts';
import { inShards, readShard, removeShard, writeLock, writeShards } from '../state/lockfile-write.ts';
import { aboutOf, spareOf } from './about.ts';
import { isTakenIn, lockedKind } from './kinds.ts';
import type { Known } from './note.ts';
import { Notes } from './note.ts';
import { knownBefore, knownOf, mayStand } from './stands.ts';

type Lines = ReadonlyMap<string, readonly LockEntry[]>;

export class LockKeeper {
  /** What was not as it should be with the lockfile that is there, for a warning. */
  readonly remarks: readonly string[];
  readonly #session: Session;
  readonly #notes: Notes;
  readonly #note: LockNote;
  readonly #about: Json;
  /** The lockfile is what was written last, for the same graph and as-of. */
  readonly #held: boolean;
  /** It holds values that nobody may read any more: not all who might were asked for when it was written. */
  readonly #spare: boolean;
  readonly #started = new Set<string>();
  readonly #changed = new Set<string>();
  /** Lines may have to go of targets that did not run. */
  #vanished = false;

  /** Throws a `LockfileError` where there is one that cannot be read: nothing is built before it is mended. */
  constructor(session: Session, note: LockNote) {
    this.#session = session;
    this.#notes = new Notes(session);
    this.#note = note;
    this.#about = aboutOf(session, this.#notes.pinned);
    const holds = this.#note.holds(this.#about);
    this.#spare = !holds && this.#note.holds(spareOf(this.#about));
    this.#held = holds || this.#spare;
    this.remarks = this.#held ? [] : (readLock(session.workspace)?.remarks ?? []);
  }

  listen(event: BuildEvent): void {
    if (event.type === 'target-started') this.#started.add(event.target);
    if (event.type !== 'target-finished') return;
    const { target, outcome, reasons } = event;
    if (outcome === 'restored' || (outcome !== 'checked' && this.#started.has(target)))
      this.#changed.add(target);
    else if (outcome === 'absent' && reasons.some(({ kind }) => kind === 'upstream')) this.#vanished = true;
  }

  /** `all`: everything that is built by default was asked for, and has ended well. */
  write(all: boolean): void {
    const { workspace } = this.#session;
    const everyReader = this.#isEveryReaderIn(all);
    const tidies = this.#spare && everyReader;
    if (this.#held && this.#changed.size === 0 && !tidies) {
      if (this.#started.size > 0) this.#note.say(this.#spare ? spareOf(this.#about) : this.#about);
      return;
    }
    if (this.#held && !this.#vanished && !tidies && isSharded(workspace)) this.#writeTouched(everyReader);
    else this.#writeAll(everyReader, readLockEntries(workspace));
    const spare = this.#notes.pinned.size > 0 && !everyReader;
    this.#note.say(spare ? spareOf(this.#about) : this.#about);
  }

  #writeAll(everyReader: boolean, read: ReadEntries | undefined): void {
    const { graph, workspace } = this.#session;
    const known = graph.targets.flatMap(({ index }) => knownOf(this.#session, index) ?? []);
    const ended = new Set(known.map(({ target }) => target));
    const before = byTarget(read?.lines ?? []);
    // Of a target that has no lines, because there was no such target for a while, the journal may know.
    const wants = (id: string): boolean => !ended.has(id) && (!this.#note.paid || !before.has(id));
    const earlier = knownBefore(this.#session, wants);
    const noted = this.#notes.lines({ known: [...known, ...earlier], before, keeps: () => !everyReader });
    const lines = this.#merged(before, noted, earlier);
    writeLock(workspace, { asOf: graph.manifest.asOf, lines, sharded: read?.sharded ?? false });
  }

  /** Whether all that may read values of pinned targets has ended well in this pass: what nobody has read may go. */
  #isEveryReaderIn(all: boolean): boolean {
    const { graph } = this.#session;
    return all && [...this.#notes.readers].every((name) => graph.rule(name).default);
  }

  /** Only the shards that hold what has changed. */
  #writeTouched(everyReader: boolean): void {
    const { graph, workspace } = this.#session;
    const own = knownIn(this.#session, (id) => this.#changed.has(id));
    const givers = own.filter(({ rule }) => this.#session.givesKeys(rule));
    const isBeside = (id: string): boolean => givers.some((giver) => this.#hangsOn(giver, id));
    const changed =
      givers.length === 0 ? own : knownIn(this.#session, (id) => this.#changed.has(id) || isBeside(id));
    const names = new Set(changed.map(({ target }) => target));
    const producers = [...this.#notes.producersOf(changed)].flatMap((index) => {
      const { id } = graph.target(index);
      return names.has(id) ? [] : (knownOf(this.#session, index) ?? []);
    });
    const known = [...changed, ...producers];
    const touched = new Set(known.map(({ target }) => shardOf(target)));
    // They may have taken keys back, or given some again that there were once.
    for (const name of givers.length === 0 ? [] : shardsIn(workspace))
      if (givers.some((giver) => this.#shardHangsOn(giver, name))) touched.add(name);
    const before = byTarget([...touched].flatMap((name) => readShard(workspace, name)));
    const back = own.some(
      ({ target, record }) =>
        record?.absent === undefined && before.get(target)?.some(({ kind }) => kind === 'absent'),
    );
    // What hangs on it had no lines, and need not run to be there again.
    if (back) {
      this.#writeAll(everyReader, readLockEntries(workspace));
      return;
    }
    const wants = (id: string): boolean => !names.has(id) && !before.has(id) && isBeside(id);
    const earlier = givers.length === 0 ? [] : knownBefore(this.#session, wants);
    for (const { target } of earlier) touched.add(shardOf(target));
    known.push(...earlier);
    const { pinned, readers: rules } = this.#notes;
    const valued = everyReader && known.some(({ rule }) => pinned.has(rule.name));
    const readers = valued ? knownIn(this.#session, (_, rule) => rules.has(rule.name)) : [];
    const noted = this.#notes.lines({ known, before, readers, keeps: () => !everyReader });
    const lines = this.#merged(before, noted, earlier);
    const shards = inShards(lines);
    writeShards(
      workspace,
      new Map([...touched].map((name) => [name, shards.get(name) ?? []])),
      graph.manifest.asOf,
    );
    for (const name of shardsIn(workspace)) if (!this.#mayHold(name)) removeShard(workspace, name);
  }

  /**
   * Lines of targets of which nothing new is known stay, for as long as there may be such a target. One path has one
   * line: of what this pass has learnt, else of what the lockfile said, else of what the journal knows from earlier.
   */
  #merged(before: Lines, noted: Lines, earlier: readonly Known[]): readonly LockEntry[] {
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
  #fits({ kind, target }: LockEntry): boolean {
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

  /** Whether a target is over keys that another one gives. */
  #hangsOn(giver: Known, id: string): boolean {
    const [name = '', first = ''] = id.split('/');
    return this.#over(giver, name, (key) => key === undefined || key === first);
  }

  #shardHangsOn(giver: Known, shard: string): boolean {
    const [folder, file] = shard.split('/');
    return [...this.#session.graph.manifest.rules.keys()].some(
      (name) =>
        fileNameOf(name) === folder &&
        this.#over(giver, name, (key) => key === undefined || fileNameOf(key) === file),
    );
  }

  /** `isFirst` is asked of the first key that the giver's targets must have; of undefined where they may have any. */
  #over({ target, rule }: Known, name: string, isFirst: (key: string | undefined) => boolean): boolean {
    const { graph } = this.#session;
    const over = graph.manifest.rules.get(name)?.for ?? [];
    const hung = graph.dynamicDimensionsOf(rule).find((dimension) => over.includes(dimension.name));
    if (hung === undefined) return false;
    return isFirst(hung.of !== undefined && over[0] === hung.of ? target.split('/')[1] : undefined);
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

function knownIn(session: Session, isMeant: (id: string, rule: Rule) => boolean): readonly Known[] {
  return session.graph.targets.flatMap(({ index, id, rule }) =>
    isMeant(id, rule) ? (knownOf(session, index) ?? []) : [],
  );
}

function pathsOf(lines: readonly LockEntry[]): Set<string> {
  return new Set(lines.flatMap((line) => ('path' in line ? [line.path] : [])));
}

function byTarget(lines: readonly LockEntry[]): Lines {
  const all = new Map<string, LockEntry[]>();
  for (const line of lines) {
    const of = all.get(line.target);
    if (of === undefined) all.set(line.target, [line]);
    else of.push(line);
  }
  return all;
}
