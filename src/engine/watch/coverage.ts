/**
 * What is watched: folders by what matters, renewed whenever folders come or go or others matter, always the new
 * watcher before the old one is let go, so that nothing is missed between them. Turns what is seen into changes.
 */
import { resolve } from 'node:path';
import type { Manifest } from '../manifest/model.ts';
import { filesBelow, isMissing } from '../state/files.ts';
import { StatMemo } from '../state/memo.ts';
import type { FolderWatch, Seen, WatchFolders } from './folders.ts';
import type { Interest } from './interest.ts';
import { interestOf } from './interest.ts';
import type { Knowledge } from './learnt.ts';
import type { Change } from './machine.ts';
import type { ManifestText } from './manifest-text.ts';
import { spell } from './spelling.ts';

export interface CoverageOptions {
  readonly workspace: string;
  readonly watchFolders: WatchFolders;
  readonly knowledge: Knowledge;
  readonly onChanges: (changes: readonly Change[]) => void;
  readonly onTrouble: (error: Error) => void;
}

export class Coverage {
  readonly #options: CoverageOptions;
  #interest: Interest | undefined;
  /** The last that could be read: what it names is watched on while it is broken. */
  #manifest: Manifest | undefined;
  #rules: ReadonlySet<string> | undefined;
  #folders: FolderWatch | undefined;
  /** Folders or links have come or gone since the watcher was made. */
  #stale = false;
  #closed = false;

  constructor(options: CoverageOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#folders?.count ?? 0;
  }

  /** Resolves when all that matters now is watched. */
  async cover(now: {
    readonly text: Pick<ManifestText, 'files' | 'modules'>;
    readonly manifest: Manifest | undefined;
  }): Promise<void> {
    const { workspace, knowledge } = this.#options;
    this.#manifest = now.manifest ?? this.#manifest;
    const { files, modules } = now.text;
    const before = this.#interest;
    const interest = interestOf({
      workspace,
      manifestFiles: files,
      modules,
      manifest: this.#manifest,
      learnt: knowledge,
    });
    this.#interest = interest;
    if (this.#folders !== undefined && !this.#stale && before?.key === interest.key) return;
    await this.#renew(interest);
    this.#findUnseen();
  }

  /** Only what these rules read matters; undefined: what any does. */
  narrow(rules: ReadonlySet<string> | undefined): void {
    this.#rules = rules;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#folders?.close();
  }

  /**
   * Those of the changes that are worth a build: not a file that is as the last build has counted it, nor a manifest
   * with the same text; a folder that came counts by what lies in it.
   */
  news(changes: readonly Change[], sameManifest: boolean): readonly Change[] {
    const { knowledge } = this.#options;
    const memo = this.#memo();
    const isNews = ({ path, kind }: Change): boolean => {
      if (kind === 'manifest') return !sameManifest;
      return !knowledge.has(path) || !knowledge.isAsBuilt(path, digestOf(memo, path));
    };
    const found = changes.flatMap((change) => {
      if (change.folder === 'gone') return [change];
      if (change.folder === 'new') return this.#filesBelow(change.path.slice(0, -1)).filter(isNews);
      return isNews(change) ? [change] : [];
    });
    return [...new Map(found.map((change) => [change.path, change])).values()];
  }

  /** Who has read one of these without declaring it shows no other fingerprint when it changes. */
  forget(changes: readonly Change[], tryAgain: (target: string) => void): void {
    for (const { path } of changes)
      for (const target of this.#options.knowledge.readersOf(path)) tryAgain(target);
  }

  async #renew(interest: Interest): Promise<void> {
    const { workspace, watchFolders, onTrouble } = this.#options;
    this.#stale = false;
    const old = this.#folders;
    const renewed = await watchFolders({
      roots: interest.roots.map((root) => resolve(workspace, root)),
      mayMatter: (path, kind) => this.#mayMatter(spell(workspace, path), kind),
      onSeen: (seen) => this.#see(seen),
      onTrouble,
    });
    this.#folders = renewed;
    await old?.close();
    if (this.#closed) await renewed.close();
  }

  #mayMatter(path: string, kind: 'folder' | 'link'): boolean {
    const interest = this.#interest;
    if (interest === undefined) return false;
    return (kind === 'folder' ? interest.mayHold(path) : interest.kindOf(path)) !== undefined;
  }

  #see({ path: absolute, folder, relinked }: Seen): void {
    const interest = this.#interest;
    if (interest === undefined) return;
    const path = spell(this.#options.workspace, absolute);
    if (folder === undefined) {
      const kind = interest.kindOf(path, this.#rules);
      if (relinked && interest.kindOf(path) !== undefined) this.#stale = true;
      if (kind !== undefined) this.#options.onChanges([{ path, kind }]);
      return;
    }
    const kind = interest.mayHold(path);
    if (kind === undefined) return;
    this.#stale = true;
    this.#options.onChanges([{ path: `${path}/`, kind, folder }]);
  }

  /** What changed after a build had read it and before its folder was watched. */
  #findUnseen(): void {
    const { knowledge, onChanges } = this.#options;
    const memo = this.#memo();
    const changes: Change[] = [];
    for (const [path, digest] of knowledge.files) {
      if (digest === '' || digest === 'missing') continue;
      if (!knowledge.isAsBuilt(path, digestOf(memo, path))) changes.push({ path, kind: 'source' });
    }
    onChanges(changes);
  }

  #filesBelow(folder: string): readonly Change[] {
    return namesBelow(resolve(this.#options.workspace, folder)).flatMap((name): readonly Change[] => {
      const path = `${folder}/${name}`;
      const kind = this.#interest?.kindOf(path, this.#rules);
      return kind === undefined ? [] : [{ path, kind }];
    });
  }

  #memo(): StatMemo {
    return this.#options.knowledge.memo ?? new StatMemo('', this.#options.workspace);
  }
}

/** Undefined also for what cannot be read: the build says what is wrong with it. */
function digestOf(memo: StatMemo, path: string): string | undefined {
  try {
    return memo.digest(path);
  } catch {
    return undefined;
  }
}

function namesBelow(folder: string): readonly string[] {
  try {
    return filesBelow(folder);
  } catch (thrown) {
    // It went again.
    if (!isMissing(thrown)) throw thrown;
    return [];
  }
}
