/** What a builder that keeps the contract remembers from build to build. Plain data; knows no rules. */
import type { Content, Disk } from './disk.ts';
import { foldersAbove } from './disk.ts';

export interface Fact {
  readonly name: string;
  readonly path: string;
  readonly content: Content;
}

export interface Success {
  /** All that the target depended on, spelt out. */
  readonly basis: string;
  readonly outputs: readonly Fact[];
  readonly absent: string | undefined;
  /** The undeclared input that it read: path, content. */
  readonly learnt: readonly [string, Content | undefined] | undefined;
  /** Published, and not whole. */
  readonly part: boolean;
}

export class Records {
  readonly successes = new Map<string, Success>();
  /** By target: on what it failed last. */
  readonly failures = new Map<string, string>();
  /** By path: what a target wrote there that writes it no more. */
  readonly orphans = new Map<string, Content>();
  /** By target, basis and what was learnt: what came out. What is restored must be one of these. */
  readonly made = new Map<string, readonly Fact[]>();

  /** As `made`, with what was learnt while running, and never forgotten: the reference checks itself by it. */
  readonly bytes = new Map<string, string>();

  copy(): Records {
    const copy = new Records();
    for (const [target, success] of this.successes) copy.successes.set(target, success);
    for (const [target, basis] of this.failures) copy.failures.set(target, basis);
    for (const [path, content] of this.orphans) copy.orphans.set(path, content);
    for (const [key, outputs] of this.made) copy.made.set(key, outputs);
    for (const [key, outputs] of this.bytes) copy.bytes.set(key, outputs);
    return copy;
  }

  succeed(target: string, success: Success): void {
    const paths = new Set(success.outputs.map(({ path }) => path));
    for (const { path, content } of this.successes.get(target)?.outputs ?? [])
      if (!paths.has(path)) this.orphans.set(path, content);
    for (const path of paths) this.orphans.delete(path);
    this.successes.set(target, success);
    this.failures.delete(target);
  }

  /** As if the journal were lost. What was made may be kept elsewhere. */
  forget(): void {
    this.successes.clear();
    this.failures.clear();
    this.orphans.clear();
  }

  /** Whether a build wrote what stands at a path, itself or a folder around it, and nobody has touched it since. */
  isLeft(path: string, disk: Disk): boolean {
    return [path, ...foldersAbove(path)].some((here) => {
      const content = disk.look(here);
      if (content === undefined) return false;
      if (this.orphans.get(here) === content) return true;
      for (const { outputs } of this.successes.values())
        if (outputs.some((fact) => fact.path === here && fact.content === content)) return true;
      return false;
    });
  }
}
