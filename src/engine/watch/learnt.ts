/**
 * What builds have shown to matter beyond what the manifest says: the files behind modules, and what tasks have read
 * besides their declared inputs, each with the digest that the last build counted. Reads records, no files.
 */
import type { Outcome } from '../events.ts';
import type { Session } from '../run/session.ts';
import type { StatMemo } from '../state/memo.ts';
import type { Learnt } from './interest.ts';
import { folderOf, foldersAbove, spell } from './spelling.ts';

/** No digest: whoever read it has failed, and its content then was not noted. */
const UNKNOWN = '';
const DIGEST = /^[0-9a-f]{64}$/;

export class Knowledge implements Learnt {
  readonly #workspace: string;
  readonly #code = new Map<string, ReadonlyMap<string, string>>();
  readonly #read = new Map<string, readonly (readonly [path: string, digest: string])[]>();
  readonly #seen = new Set<string>();
  #untraced: readonly string[] = [];
  #digests = new Map<string, string>();
  #readers = new Map<string, string[]>();
  /** Of the last build: it spares reading what has not changed since. */
  memo: StatMemo | undefined;
  folders: ReadonlySet<string> = new Set();
  codeFolders: ReadonlySet<string> = new Set();

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  has(path: string): boolean {
    return this.#digests.has(path);
  }

  get untraced(): readonly string[] {
    return this.#untraced;
  }

  /** All that is known by now, with digests where there are any. */
  get files(): ReadonlyMap<string, string> {
    return this.#digests;
  }

  /** The content is what the last build has counted: an event that says otherwise is old, or of its own making. */
  isAsBuilt(path: string, digest: string | undefined): boolean {
    return digest !== undefined && this.#digests.get(path) === digest;
  }

  /** The targets that have read the file without declaring it. */
  readersOf(path: string): readonly string[] {
    return this.#readers.get(path) ?? [];
  }

  /** `ended`: the targets of the pass that have ended, and how. */
  learn(session: Session, ended: ReadonlyMap<string, Outcome>): void {
    this.memo = session.memo;
    this.#learnCode(session);
    for (const [target, outcome] of ended) {
      if (outcome === 'fresh' && this.#seen.has(target)) continue;
      this.#seen.add(target);
      const { discovered = [] } = session.loaded.successes.get(target) ?? {};
      // An incomplete target counts as failed, and its record is of this very run.
      const isKnown = outcome !== 'blocked' && !session.loaded.failures.has(target);
      if (discovered.length === 0) this.#read.delete(target);
      else
        this.#read.set(
          target,
          discovered.map(([path, digest]) => [this.#spell(path), isKnown ? digest : UNKNOWN]),
        );
    }
    this.#index();
  }

  #learnCode({ identified, graph }: Session): void {
    const untraced: string[] = [];
    const names = new Set<string>();
    for (const { name, action } of graph.manifest.rules.values()) {
      const found = identified.get(name);
      if (action.kind !== 'module' || found === undefined) continue;
      names.add(name);
      if (found.ok) {
        const files = found.identity?.files.filter(([, digest]) => DIGEST.test(digest)) ?? [];
        this.#code.set(name, new Map(files.map(([path, digest]) => [this.#spell(path), digest])));
      } else {
        untraced.push(action.path);
        const before = [...(this.#code.get(name)?.keys() ?? [])];
        this.#code.set(name, new Map(before.map((path) => [path, UNKNOWN])));
      }
    }
    for (const name of this.#code.keys()) if (!names.has(name)) this.#code.delete(name);
    this.#untraced = untraced;
  }

  #index(): void {
    const digests = new Map<string, string>();
    // Where two have seen different contents, neither is what stands there for sure.
    const note = (path: string, digest: string): void => {
      const other = digests.get(path);
      digests.set(path, other === undefined || other === digest ? digest : UNKNOWN);
    };
    for (const files of this.#code.values()) for (const [path, digest] of files) note(path, digest);
    this.codeFolders = new Set([...digests.keys()].map(folderOf));
    this.#readers = new Map();
    for (const [target, files] of this.#read) {
      for (const [path, digest] of files) {
        note(path, digest);
        const readers = this.#readers.get(path);
        if (readers === undefined) this.#readers.set(path, [target]);
        else readers.push(target);
      }
    }
    this.#digests = digests;
    this.folders = new Set([...digests.keys()].flatMap(foldersAbove));
  }

  #spell(path: string): string {
    return spell(this.#workspace, path);
  }
}
