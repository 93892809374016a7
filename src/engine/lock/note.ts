/**
 * From what a pass has come to, to the lines of the lockfile: what each target that ended well has left, and which
 * values were read. It neither reads nor writes the lockfile.
 */
import type { Target } from '../graph/graph.ts';
import type { Digest } from '../hash.ts';
import type { Json } from '../json.ts';
import type { Rule } from '../manifest/model.ts';
import type { Session } from '../run/session.ts';
import type { LockedLine } from '../state/lockfile-lines.ts';
import type { SuccessRecord } from '../state/record.ts';
import { isTakenIn, keysPointers, lockedKind, pinnedRules } from './kinds.ts';
import { noteValues } from './note-values.ts';

/** How a target stands that lines can be taken from. */
export interface Known {
  readonly target: string;
  readonly rule: Rule;
  /** Undefined: absent for a reason that lies upstream. */
  readonly record: SuccessRecord | undefined;
  /** The record stands in for files that are gone. */
  readonly elided: boolean;
}

export interface Asked {
  /** Each target once. */
  readonly known: readonly Known[];
  /** The lines that there were, of these targets and maybe of others. */
  readonly before: ReadonlyMap<string, readonly LockedLine[]>;
  /** Others that have read values of theirs. */
  readonly readers?: readonly Known[];
  /** Whether a value that none of them has read may still be wanted. */
  readonly keeps: (target: string, pointer: string) => boolean;
}

export class Notes {
  readonly #session: Session;
  readonly pinned: ReadonlySet<string>;
  /** Rules that may read by pointer what a pinned rule makes. */
  readonly readers: ReadonlySet<string>;

  constructor(session: Session) {
    this.#session = session;
    this.pinned = pinnedRules(session.graph, session.paths);
    const rules = [...session.graph.manifest.rules.values()];
    const keyed =
      this.pinned.size === 0
        ? []
        : rules.filter(({ inputs }) => inputs.some(({ pointer }) => pointer !== undefined));
    this.readers = new Set(keyed.map(({ name }) => name));
  }

  /** All lines of each target that is known. */
  lines({ known, before, readers = [], keeps }: Asked): ReadonlyMap<string, readonly LockedLine[]> {
    const lines = new Map<string, readonly LockedLine[]>();
    const reads = this.#reads(known, readers);
    for (const each of known) {
      const { target, rule, record } = each;
      const old = before.get(target) ?? [];
      const own = this.#files(each);
      const valued = record !== undefined && record.absent === undefined && this.pinned.has(rule.name);
      const values = valued
        ? this.#values(each, record, old, reads, (pointer) => keeps(target, pointer))
        : [];
      lines.set(target, [...own, ...values]);
    }
    return lines;
  }

  /** The pinned targets of this pass in whose files these have read. */
  producersOf(known: readonly Known[]): ReadonlySet<number> {
    const producers = new Set<number>();
    // Thousands of targets read in a few files.
    const makers = new Map<string, Target | undefined>();
    const isMeant = (path: string): boolean => {
      if (!makers.has(path)) makers.set(path, this.#session.makerOf(path));
      const maker = makers.get(path);
      if (maker === undefined || !this.pinned.has(maker.rule.name)) return false;
      producers.add(maker.index);
      return true;
    };
    for (const _ of this.#pointersOf(known, isMeant));
    return producers;
  }

  #files({ target, rule, record }: Known): readonly LockedLine[] {
    if (record === undefined) return [];
    const kind = lockedKind(rule, this.pinned);
    if (record.absent !== undefined) {
      const { reason } = record.absent;
      return isTakenIn(rule) || this.pinned.has(rule.name) ? [{ kind: 'absent', target, reason }] : [];
    }
    if (kind === undefined) return [];
    return record.outputs.map(({ path, digest }): LockedLine => ({ kind, target, path, digest }));
  }

  #values(
    { target, rule, elided }: Known,
    record: SuccessRecord,
    before: readonly LockedLine[],
    reads: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<Digest>>>,
    keeps: (pointer: string) => boolean,
  ): readonly LockedLine[] {
    const [output] = record.outputs;
    // What the file held cannot be read any more, and what it holds now is another's.
    if (output === undefined || elided || this.#session.memo.digest(output.path) !== output.digest)
      return before.filter(({ kind }) => kind === 'value' || kind === 'keys');
    const { path, digest } = output;
    const at = (pointer: string): Json => this.#session.keyed.value(path, pointer, digest) ?? null;
    const keys = keysPointers(this.#session.graph, rule);
    return noteValues({ target, at, keys, reads: reads.get(path) ?? new Map(), before, keeps });
  }

  /** By path, by pointer. */
  #reads(
    known: readonly Known[],
    readers: readonly Known[],
  ): ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<Digest>>> {
    const paths = new Set(
      known.flatMap(({ rule, record }) =>
        this.pinned.has(rule.name) ? (record?.outputs ?? []).map(({ path }) => path) : [],
      ),
    );
    const reads = new Map<string, Map<string, Set<Digest>>>();
    for (const { path, pointer, digest } of this.#pointersOf([...known, ...readers], (at) => paths.has(at))) {
      const of = reads.get(path) ?? new Map<string, Set<Digest>>();
      reads.set(path, of.set(pointer, (of.get(pointer) ?? new Set()).add(digest as Digest)));
    }
    return reads;
  }

  /** The keyed inputs that records tell of, in files that are meant. */
  *#pointersOf(
    known: readonly Known[],
    isMeant: (path: string) => boolean,
  ): Generator<{ readonly path: string; readonly pointer: string; readonly digest: string }> {
    for (const { rule, record } of known) {
      if (record === undefined || !this.readers.has(rule.name)) continue;
      for (const [kind, name, digest] of record.parts) {
        if (kind !== 'input') continue;
        // `NAME PATH#POINTER`: a path may hold the sign as well.
        const text = name.slice(name.indexOf(' ') + 1);
        for (let at = text.indexOf('#'); at >= 0; at = text.indexOf('#', at + 1)) {
          const path = text.slice(0, at);
          if (!isMeant(path)) continue;
          yield { path, pointer: text.slice(at + 1), digest };
          break;
        }
      }
    }
  }
}
