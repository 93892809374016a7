/**
 * The identity of the code behind each rule: which digest enters fingerprints, and how to get at `run`. Built-in
 * tasks bring theirs along; those of modules beside the manifest are traced, and cached by the content of what
 * was traced, so that an unchanged task costs a few stats. Knows no targets.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import type { Action, Rule } from '../manifest/model.ts';
import type { StatMemo } from '../state/memo.ts';
import { codeCache } from '../state/workspace-state.ts';
import type { Task } from '../task.ts';
import { packageVersion, traceCode } from './trace-code.ts';

export interface CodeIdentity {
  readonly digest: Digest;
  readonly version: number;
  /** Project files with digests, packages with versions. */
  readonly files: readonly (readonly [name: string, digestOrVersion: string])[];
}

/** A task of the registry, as the composition root hands it in. */
export interface BuiltinTask {
  identify(): Promise<CodeIdentity>;
  // biome-ignore lint/suspicious/noExplicitAny: each task has its own type of params, checked by its own parser
  load(): Promise<Task<any>>;
}

export type Builtins = ReadonlyMap<string, BuiltinTask>;

/** Code that cannot be used, as a value: the target fails, the rest of the build goes on. */
export type Identified =
  | { readonly ok: true; readonly identity: CodeIdentity | undefined }
  | { readonly ok: false; readonly message: string };

export function identityOf(
  files: readonly (readonly [string, string])[],
  packages: readonly (readonly [string, string])[],
  version: number,
): CodeIdentity {
  const all = [...files, ...packages];
  return { digest: digestOfValue(all), version, files: all };
}

interface CachedModule {
  readonly files: readonly (readonly [string, string])[];
  readonly packages: readonly (readonly [string, string])[];
  readonly version: number;
  readonly bundle: string;
}

export class Code {
  readonly #builtins: Builtins;
  readonly #workspace: string;
  readonly #memo: StatMemo;
  readonly #cache: ReturnType<typeof codeCache>;
  readonly #modules: Map<string, CachedModule>;
  readonly #identified = new Map<string, Promise<Identified>>();

  constructor(builtins: Builtins, workspace: string, memo: StatMemo) {
    this.#builtins = builtins;
    this.#workspace = workspace;
    this.#memo = memo;
    this.#cache = codeCache(workspace);
    this.#modules = readCache(this.#cache.read());
  }

  /** `identity` is undefined for shell recipes: their text is a parameter. */
  identify(rule: Rule): Promise<Identified> {
    const key = keyOf(rule.action);
    const known = this.#identified.get(key);
    if (known !== undefined) return known;
    const found = this.#identify(rule.action);
    this.#identified.set(key, found);
    return found;
  }

  async load(action: Exclude<Action, { kind: 'run' }>): Promise<Task> {
    if (action.kind === 'builtin') return this.#builtin(action.name).load();
    const traced = await this.#module(action.path);
    if (!traced.ok) throw new Error(traced.message);
    return importTask(join(this.#cache.folder, traced.module.bundle), action.path);
  }

  #builtin(name: string): BuiltinTask {
    const task = this.#builtins.get(name);
    if (task === undefined) throw new Error(`the manifest let an unknown task through: "${name}"`);
    return task;
  }

  async #identify(action: Action): Promise<Identified> {
    if (action.kind === 'run') return { ok: true, identity: undefined };
    if (action.kind === 'builtin') return { ok: true, identity: await this.#builtin(action.name).identify() };
    const traced = await this.#module(action.path);
    if (!traced.ok) return traced;
    const { files, packages, version } = traced.module;
    return { ok: true, identity: identityOf(files, packages, version) };
  }

  async #module(path: string): Promise<{ ok: true; module: CachedModule } | { ok: false; message: string }> {
    const cached = this.#modules.get(path);
    if (cached !== undefined && this.#unchanged(path, cached)) return { ok: true, module: cached };
    const entry = join(this.#workspace, path);
    const traced = await traceCode(entry, this.#workspace);
    if (!traced.ok) return traced;
    const { files, bundle } = traced.code;
    const packages = traced.code.packages.map(
      (name) => [name, packageVersion(name, dirname(entry)) ?? 'not installed'] as const,
    );
    // The bundle holds the entry's URL, so it belongs to this place as well as to this content.
    const name = `${digestOfValue([entry, ...files.flat(), bundle]).slice(0, 24)}.mjs`;
    const file = join(this.#cache.folder, name);
    mkdirSync(this.#cache.folder, { recursive: true });
    if (!existsSync(file)) writeFileSync(file, bundle);
    let version: number;
    try {
      version = (await importTask(file, path)).version;
    } catch (thrown) {
      return { ok: false, message: thrown instanceof Error ? thrown.message : String(thrown) };
    }
    const module = { files, packages, version, bundle: name };
    this.#modules.set(path, module);
    this.#cache.write(`${JSON.stringify([...this.#modules])}\n`);
    return { ok: true, module };
  }

  #unchanged(path: string, cached: CachedModule): boolean {
    const from = dirname(join(this.#workspace, path));
    return (
      existsSync(join(this.#cache.folder, cached.bundle)) &&
      cached.files.every(([file, digest]) => this.#memo.digest(file) === digest) &&
      cached.packages.every(([name, version]) => (packageVersion(name, from) ?? 'not installed') === version)
    );
  }
}

function keyOf(action: Action): string {
  return action.kind === 'run' ? 'run' : action.kind === 'builtin' ? action.name : `./${action.path}`;
}

function readCache(text: string | undefined): Map<string, CachedModule> {
  try {
    return new Map(text === undefined ? [] : (JSON.parse(text) as [string, CachedModule][]));
  } catch {
    // A cache that cannot be read is an empty one: everything in it can be traced again.
    return new Map();
  }
}

async function importTask(file: string, display: string): Promise<Task> {
  process.setSourceMapsEnabled(true);
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${display} cannot be loaded: ${why}`, { cause: thrown });
  }
  const task = module.default;
  if (typeof task !== 'object' || task === null || !('run' in task) || typeof task.run !== 'function') {
    throw new Error(
      `${display} must default-export a task: { version: 1, async run(ctx) { … } }; found ${describe(task)}`,
    );
  }
  if (!('version' in task) || typeof task.version !== 'number') {
    throw new Error(
      `${display}: the task needs a "version", a number that you raise when its outputs change`,
    );
  }
  return task as Task;
}

function describe(value: unknown): string {
  if (value === undefined) return 'no default export';
  return value === null
    ? 'null'
    : `${typeof value === 'object' ? 'an object without run()' : `a ${typeof value}`}`;
}
