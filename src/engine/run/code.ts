/**
 * The identity of the code behind each rule: which digest enters fingerprints, and how to get at `run`. Built-in
 * tasks bring theirs along; those of modules beside the manifest are traced, and cached by the content of what
 * was traced, so that an unchanged task costs a few stats. Knows no targets.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import type { Action, Rule } from '../manifest/model.ts';
import { errorCode } from '../state/files.ts';
import type { StatMemo } from '../state/memo.ts';
import { Unreadable } from '../state/memo.ts';
import { codeCache, StateError } from '../state/workspace-state.ts';
import type { Task } from '../task.ts';
import { packageVersion } from './package-version.ts';
import type { Threads } from './threads.ts';
import { traceCode } from './trace-code.ts';

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
  /** Where several of it may run side by side. Undefined: in the thread of the loop. */
  readonly threads?: Threads | undefined;
}

export type Builtins = ReadonlyMap<string, BuiltinTask>;

/** Code that cannot be used, as a value: the target fails, the rest of the build goes on. */
export type Identified =
  | { readonly ok: true; readonly identity: CodeIdentity | undefined }
  | { readonly ok: false; readonly message: string; readonly cause?: unknown };

export function identityOf(
  files: readonly (readonly [string, string])[],
  packages: readonly (readonly [string, string])[],
  version: number,
): CodeIdentity {
  const all = [...files, ...packages];
  return { digest: digestOfValue(all), version, files: all };
}

const pairs = z.array(z.tuple([z.string(), z.string()]));
const cachedModule = z.object({
  files: pairs,
  packages: pairs,
  /** Of the names beside its files: a new one may be what an import means from then on. */
  beside: z.string(),
  version: z.number(),
  bundle: z.string(),
  /** Absolute path of the entry: the bundle holds it, so a workspace that was moved needs another one. */
  entry: z.string(),
});
const cachedModules = z.array(z.tuple([z.string(), cachedModule]));

type CachedModule = z.infer<typeof cachedModule>;

type Prepared =
  | { readonly ok: true; readonly module: CachedModule }
  | { readonly ok: false; readonly message: string; readonly cause?: unknown };

export class Code {
  readonly #builtins: Builtins;
  readonly #workspace: string;
  readonly #memo: StatMemo;
  readonly #cache: ReturnType<typeof codeCache>;
  readonly #modules: Map<string, CachedModule>;
  readonly #identified = new Map<string, Promise<Identified>>();
  /** What is run must be what was identified, also when the file is edited meanwhile: so, prepared once. */
  readonly #prepared = new Map<string, Promise<Prepared>>();

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
    const prepared = await this.#module(action.path);
    if (!prepared.ok) throw new Error(prepared.message, { cause: prepared.cause });
    return importTask(join(this.#cache.folder, prepared.module.bundle), action.path);
  }

  /** Where what is run may run beside others; undefined for what must run in this thread. */
  threads(action: Action): Threads | undefined {
    return action.kind === 'builtin' ? this.#builtin(action.name).threads : undefined;
  }

  #builtin(name: string): BuiltinTask {
    const task = this.#builtins.get(name);
    if (task === undefined) throw new Error(`the manifest let an unknown task through: "${name}"`);
    return task;
  }

  async #identify(action: Action): Promise<Identified> {
    if (action.kind === 'run') return { ok: true, identity: undefined };
    if (action.kind === 'builtin') return { ok: true, identity: await this.#builtin(action.name).identify() };
    const prepared = await this.#module(action.path);
    if (!prepared.ok) return prepared;
    const { files, packages, version } = prepared.module;
    return { ok: true, identity: identityOf(files, packages, version) };
  }

  #module(path: string): Promise<Prepared> {
    const known = this.#prepared.get(path);
    if (known !== undefined) return known;
    const prepared = this.#prepare(path);
    this.#prepared.set(path, prepared);
    return prepared;
  }

  async #prepare(path: string): Promise<Prepared> {
    const entry = resolve(this.#workspace, path);
    const cached = this.#modules.get(path);
    if (cached?.entry === entry && this.#unchanged(cached)) return { ok: true, module: cached };
    const traced = await traceCode(entry, this.#workspace);
    if (!traced.ok) return traced;
    const { bundle } = traced.code;
    const files = traced.code.files.map(([file, digest]): [string, string] => [file, digest]);
    const packages = traced.code.packages.map((name): [string, string] => [name, this.#versionOf(name)]);
    const name = `${digestOfValue([entry, ...files.flat(), bundle]).slice(0, 24)}.mjs`;
    try {
      this.#place(name, bundle);
      const { version } = await importTask(join(this.#cache.folder, name), path);
      const module = { files, packages, beside: this.#beside(files), version, bundle: name, entry };
      this.#modules.set(path, module);
      this.#keep();
      return { ok: true, module };
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      return { ok: false, message: thrown.message, cause: thrown.cause };
    }
  }

  /** In a workspace that is only read, the one that is there will do. */
  #place(name: string, bundle: string): void {
    try {
      this.#cache.writeBundle(name, bundle);
    } catch (thrown) {
      const file = join(this.#cache.folder, name);
      if (!existsSync(file) || readFileSync(file, 'utf8') !== bundle) throw thrown;
    }
  }

  /** Where it cannot be written, as in a workspace that is only read, the code is traced again by the next command. */
  #keep(): void {
    try {
      this.#cache.write(`${JSON.stringify([...this.#modules])}\n`);
    } catch (thrown) {
      if (errorCode(thrown) === undefined && !(thrown instanceof StateError)) throw thrown;
    }
  }

  #unchanged(cached: CachedModule): boolean {
    return (
      existsSync(join(this.#cache.folder, cached.bundle)) &&
      cached.files.every(([file, digest]) => this.#digestOf(file) === digest) &&
      cached.beside === this.#beside(cached.files) &&
      cached.packages.every(([name, version]) => this.#versionOf(name) === version)
    );
  }

  /** A file that cannot be read has changed, as far as the cache goes: tracing says what is wrong with it. */
  #digestOf(file: string): string | undefined {
    try {
      return this.#memo.digest(file);
    } catch (thrown) {
      if (thrown instanceof Unreadable) return undefined;
      throw thrown;
    }
  }

  /** Modules and folders that lie where the imports were looked for. */
  #beside(files: CachedModule['files']): string {
    const folders = new Set(files.map(([file]) => dirname(resolve(this.#workspace, file))));
    const names = [...folders].map((folder) => readdirSync(folder).filter(mayBeImported).sort(byCodeUnit));
    return digestOfValue(names);
  }

  /** As the bundle gets it, which is run from within the workspace. */
  #versionOf(name: string): string {
    return packageVersion(name, this.#workspace) ?? 'not installed';
  }
}

/** A module, a JSON file, or what may be a folder with an index in it. */
export function mayBeImported(name: string): boolean {
  return /^[^.]+$|\.(?:[cm]?[jt]sx?|json)$/.test(name);
}

function keyOf(action: Action): string {
  return action.kind === 'run' ? 'run' : action.kind === 'builtin' ? action.name : `./${action.path}`;
}

/** A cache that cannot be read is an empty one: everything in it can be traced again. */
function readCache(text: string | undefined): Map<string, CachedModule> {
  try {
    return new Map(text === undefined ? [] : cachedModules.parse(JSON.parse(text)));
  } catch {
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
  if (!('version' in task) || !Number.isFinite(task.version)) {
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
