/**
 * What may go, kind by kind, and what stays. Looks at files and records; removes nothing, so that a dry run is this and
 * no more.
 */
import { join } from 'node:path';
import type { Digest } from '../hash.ts';
import { orphansOf } from '../orphans.ts';
import type { Session } from '../run/session.ts';
import { formatLine } from '../state/line-file.ts';
import { codeBundles } from '../state/litter.ts';
import { Unreadable } from '../state/memo.ts';
import type { PastResult } from '../state/results.ts';
import type { Store, Stored } from '../state/store.ts';
import { logFiles, logPathOf } from '../state/target-logs.ts';
import { isWithinReach, sizeOf } from './files.ts';
import type { GcItem, GcKind, Kept } from './items.ts';
import { leftFiles } from './left.ts';
import type { Named } from './named.ts';

export interface Limits {
  /** Only what is older, epoch milliseconds; undefined: whatever its age. */
  readonly before: number | undefined;
  /** Bytes that the store may hold: of what nobody names only so much goes, the oldest first. */
  readonly maxBytes: number | undefined;
}

/** One thing that may go, with what is needed to let it go. */
export type Going = GcItem &
  (
    | { readonly kind: 'content'; readonly stored: Stored }
    | { readonly kind: 'result'; readonly result: PastResult }
    | { readonly kind: 'orphan'; readonly target: string; readonly digest: Digest }
    | { readonly kind: 'left' | 'code' | 'log' }
  );

export interface Choice {
  readonly going: readonly Going[];
  readonly kept: readonly Kept[];
  /** Those of them that nobody names, as far as is known, while not all is known. */
  readonly unproven: readonly Kept[];
  readonly remarks: readonly string[];
}

export function choose(
  session: Session,
  store: Store,
  past: readonly PastResult[],
  named: Named,
  limits: Limits,
): Choice {
  const chooser = new Chooser(session, limits);
  const contents = chooser.contents(store, named);
  chooser.results(past, named, contents);
  chooser.orphans(named);
  chooser.left(named);
  chooser.code();
  chooser.logs(named);
  return chooser;
}

class Chooser implements Choice {
  readonly going: Going[] = [];
  readonly kept: Kept[] = [];
  readonly unproven: Kept[] = [];
  readonly remarks: string[] = [];
  readonly #session: Session;
  readonly #limits: Limits;

  constructor(session: Session, limits: Limits) {
    this.#session = session;
    this.#limits = limits;
  }

  /** Answers the contents that go. */
  contents(store: Store, named: Named): ReadonlySet<string> {
    const { maxBytes } = this.#limits;
    const all = [...store.contents()].sort((a, b) => a.storedAt - b.storedAt);
    let spare = maxBytes === undefined ? Number.POSITIVE_INFINITY : sum(all) - maxBytes;
    const gone = new Set<string>();
    for (const stored of all) {
      const { path, bytes, digest, storedAt } = stored;
      if (named.content(digest) || this.#isYoung(storedAt) || spare <= 0) this.#keep('content', bytes);
      else if (!named.tellsAll) this.#keepUnproven('content', bytes);
      else {
        spare -= bytes;
        gone.add(digest);
        this.going.push({ kind: 'content', path: this.#shown(path), files: 1, bytes, stored });
      }
    }
    if (maxBytes !== undefined && spare > 0) this.remarks.push(tooLarge(spare, maxBytes));
    return gone;
  }

  /** A result goes with its contents; without a limit of size, and of age, those that nobody names go whatever they hold. */
  results(past: readonly PastResult[], named: Named, gone: ReadonlySet<string>): void {
    for (const result of past) {
      const bytes = formatLine(result).length;
      const stays =
        named.result(result) ||
        this.#isYoung(Date.parse(result.replacedAt)) ||
        (this.#limits.maxBytes !== undefined && !result.outputs.some(({ digest }) => gone.has(digest)));
      if (stays) this.#keep('result', bytes);
      else this.going.push({ kind: 'result', path: result.target, files: 0, bytes, result });
    }
  }

  orphans(named: Named): void {
    const { memo, workspace } = this.#session;
    for (const { target, path, digest } of orphansOf(this.#session)) {
      const { files, bytes, changedAt } = sizeOf(memo.absolute(path));
      if (!isWithinReach(workspace, path)) {
        this.remarks.push(`${path} stays: the way there leads out of the workspace`);
        this.#keep('orphan', bytes);
      } else if (named.file({ path, digest }, changedAt) || this.#isYoung(changedAt))
        this.#keep('orphan', bytes);
      else if (!named.tellsAll) this.#keepUnproven('orphan', bytes);
      else this.going.push({ kind: 'orphan', path, files, bytes, target, digest });
    }
  }

  left(named: Named): void {
    const { memo, workspace } = this.#session;
    for (const path of leftFiles(this.#session)) {
      const { files, bytes, changedAt } = sizeOf(memo.absolute(path));
      if (files === 0) continue;
      const stays = !isWithinReach(workspace, path) || this.#isYoung(changedAt) || this.#isNamed(path, named);
      if (stays) this.#keep('left', bytes);
      else if (!named.tellsAll) this.#keepUnproven('left', bytes);
      else this.going.push({ kind: 'left', path, files, bytes });
    }
  }

  code(): void {
    const { workspace } = this.#session;
    for (const { path, named } of codeBundles(workspace)) {
      const { files, bytes, changedAt } = sizeOf(join(workspace, path));
      if (named || this.#isYoung(changedAt)) this.#keep('code', bytes);
      else this.going.push({ kind: 'code', path, files, bytes });
    }
  }

  /** Of targets that nobody knows any more. */
  logs(named: Named): void {
    const { workspace, graph, loaded } = this.#session;
    const recorded = [...loaded.successes.keys(), ...loaded.failures.keys()].filter((id) =>
      named.current(id),
    );
    const stay = new Set([...graph.targets.map(({ id }) => id), ...recorded].map(logPathOf));
    for (const path of logFiles(workspace)) {
      const { files, bytes, changedAt } = sizeOf(join(workspace, path));
      if (stay.has(path) || this.#isYoung(changedAt)) this.#keep('log', bytes);
      else this.going.push({ kind: 'log', path, files, bytes });
    }
  }

  /** By its place, or by its content: an old revision is still named by who was made of it. */
  #isNamed(path: string, named: Named): boolean {
    try {
      const digest = this.#session.memo.digest(path);
      return digest === undefined || named.content(digest) || named.locks(path);
    } catch (thrown) {
      if (!(thrown instanceof Unreadable)) throw thrown;
      return true;
    }
  }

  #isYoung(at: number): boolean {
    const { before } = this.#limits;
    return before !== undefined && !(at < before);
  }

  #keep(kind: GcKind, bytes: number): void {
    this.kept.push({ kind, bytes });
  }

  #keepUnproven(kind: GcKind, bytes: number): void {
    this.#keep(kind, bytes);
    this.unproven.push({ kind, bytes });
  }

  #shown(absolute: string): string {
    const { workspace } = this.#session;
    return absolute.startsWith(`${workspace}/`) ? absolute.slice(workspace.length + 1) : absolute;
  }
}

function sum(all: readonly Stored[]): number {
  return all.reduce((total, { bytes }) => total + bytes, 0);
}

function tooLarge(over: number, maxBytes: number): string {
  return `the store is ${over} bytes larger than ${maxBytes}: the lockfile and the builds that count name the rest, or it is too young`;
}
