/**
 * What is somebody's input, and so nobody's leftover: what the inputs of the present rules match on the disk, whatever
 * the keys, what records say was read, the manifest and its code. It follows links: a file is read by any of its names.
 */
import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { readRecord } from '../lineage/made.ts';
import type { InputSpec, Template } from '../manifest/model.ts';
import { globOfText } from '../manifest/value-text.ts';
import { filesOfManifest } from '../orphans.ts';
import type { Session } from '../run/session.ts';
import { errorCode } from '../state/files.ts';

export class ReadPaths {
  readonly #workspace: string;
  /** Absolute, links resolved: files, and folders that are read whole. */
  readonly #read = new Set<string>();

  /** `made`: paths that targets have written, which are told from what is left otherwise. */
  constructor(session: Session, made: ReadonlySet<string>) {
    const { workspace, graph, loaded } = session;
    this.#workspace = workspace;
    const recorded = new Set(
      [...loaded.successes.values()].flatMap((record) => readRecord(record).inputs.map(({ path }) => path)),
    );
    for (const path of recorded) if (!made.has(path)) this.#add(path);
    for (const path of filesOfManifest(session)) this.#add(path);
    for (const { inputs } of graph.manifest.rules.values())
      for (const input of inputs) if (input.kind === 'path') this.#addMatching(input);
  }

  /** Itself, or as part of a folder. */
  has(path: string): boolean {
    for (let here = this.#real(path); here !== dirname(here); here = dirname(here))
      if (this.#read.has(here)) return true;
    return false;
  }

  #addMatching({ template, glob }: Extract<InputSpec, { kind: 'path' }>): void {
    const [only, ...others] = template.parts;
    if (!glob && typeof only === 'string' && others.length === 0) {
      this.#add(only);
      return;
    }
    const pattern = openGlob(template, glob ? (text) => text : globOfText).replace(/\/$/, '');
    const found = globSync(glob ? pattern : [pattern, `${pattern}/**`], {
      cwd: this.#workspace,
      absolute: true,
      // As inputs are looked for: a glob stands for files, a name also for a folder with all in it, hidden or not.
      dot: !glob,
      expandDirectories: false,
    });
    for (const path of found) this.#add(path);
  }

  #add(path: string): void {
    this.#read.add(this.#real(path));
  }

  /** Of what is not there, or may not be looked at, the name is all that can be compared. */
  #real(path: string): string {
    const absolute = resolve(this.#workspace, path);
    try {
      return realpathSync.native(absolute);
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      return absolute;
    }
  }
}

/** A glob in which any key stands for a reference: a name or a part of one, so that two in turn are no `**`. */
export function openGlob({ parts }: Template, literal: (text: string) => string): string {
  return parts.map((part) => (typeof part === 'string' ? literal(part) : '?*')).join('');
}
