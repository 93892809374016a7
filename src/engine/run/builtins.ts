/**
 * Turns a registry of tasks into what the engine runs, with the identity of their code. Run from source, the code
 * is traced; compiled, the same facts stand in a file that the compilation left, so both give one digest.
 * Knows no task by name.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Task } from '../task.ts';
import type { Builtins, BuiltinTask, CodeIdentity } from './code.ts';
import { identityOf } from './code.ts';
import { packageVersion } from './package-version.ts';
import type { Threads } from './threads.ts';
import { traceCode } from './trace-code.ts';

export interface Registered {
  /** Of the entry module in the source tree, relative to `root`. */
  readonly module: string;
  // biome-ignore lint/suspicious/noExplicitAny: each task has its own type of params, checked by its own parser
  load(): Promise<{ readonly default: Task<any> }>;
  /**
   * It computes, long enough to be worth a thread of its own, and shares nothing with other targets: neither memory of
   * its process, nor connections, nor what a server allows.
   */
  readonly apart?: true;
}

export type Registry = Readonly<Record<string, Registered>>;

/** What is traced once and shipped: package versions are looked up where the tool runs. */
export interface ShippedCode {
  readonly version: number;
  readonly files: readonly (readonly [path: string, digest: string])[];
  readonly packages: readonly string[];
}

/**
 * `root`: the project's folder, or its compiled image. `shipped`: path of the facts that go with the latter. `threads`
 * run the tasks that may run apart; undefined: all run in the thread of the loop.
 */
export function builtinsFrom(registry: Registry, root: string, shipped: string, threads?: Threads): Builtins {
  const compiled = !fileURLToPath(import.meta.url).endsWith('.ts');
  let facts: Readonly<Record<string, ShippedCode>> | undefined;
  const factsOf = (name: string): ShippedCode => {
    facts ??= readShipped(shipped);
    const found = facts[name];
    if (found === undefined) throw new Error(`${shipped} does not know task "${name}": ${REBUILD}`);
    return found;
  };
  const table = new Map<string, BuiltinTask>();
  for (const [name, registered] of Object.entries(registry)) {
    let identity: Promise<CodeIdentity> | undefined;
    table.set(name, {
      identify: () => {
        identity ??= identify(compiled ? factsOf(name) : traceRegistered(registered, root), root);
        return identity;
      },
      load: async () => (await registered.load()).default,
      threads: registered.apart ? threads : undefined,
    });
  }
  return table;
}

const REBUILD = 'the tool was not built whole; run npm run build';

async function identify(code: ShippedCode | Promise<ShippedCode>, root: string): Promise<CodeIdentity> {
  const { version, files, packages } = await code;
  const versions = packages.map((each) => [each, packageVersion(each, root) ?? 'not installed'] as const);
  return identityOf(files, versions, version);
}

export async function traceRegistered({ module, load }: Registered, root: string): Promise<ShippedCode> {
  const traced = await traceCode(join(root, module), root);
  if (!traced.ok) throw new Error(`${module} cannot be traced: ${traced.message}`);
  const { files, packages } = traced.code;
  return { version: (await load()).default.version, files, packages };
}

function readShipped(file: string): Readonly<Record<string, ShippedCode>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, ShippedCode>;
  } catch (thrown) {
    throw new Error(`${file} cannot be read: ${REBUILD}`, { cause: thrown });
  }
}
