/**
 * From a task's entry module to everything that its behaviour rests on: the project files it imports, however
 * deep, and the packages those import. Bundled by esbuild, which resolves as Node does, drops type-only
 * imports, and gives at the same time what a user's `.ts` task is run from. Knows no rules and no cache.
 */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sha256FileSync } from '../hash.ts';
import { byCodeUnit } from '../json.ts';

export interface TracedCode {
  /** Project files as paths relative to `root`, with their digests, in code-unit order. */
  readonly files: readonly (readonly [path: string, digest: string])[];
  /** Names of the packages that those import, in code-unit order. */
  readonly packages: readonly string[];
  /** One ES module with all project files in it. */
  readonly bundle: string;
}

/** `message` names the file, line and column. */
export type Traced =
  | { readonly ok: true; readonly code: TracedCode }
  | { readonly ok: false; readonly message: string };

/** The name under which user tasks import the contract. */
const CONTRACT = 'pipeline/task';

export async function traceCode(entry: string, root: string): Promise<Traced> {
  const { build } = await import('esbuild');
  const contract = contractPath();
  try {
    const result = await build({
      entryPoints: [entry],
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      sourcemap: 'inline',
      logLevel: 'silent',
      charset: 'utf8',
      define: { 'import.meta.url': JSON.stringify(pathToFileURL(entry).href) },
      plugins: [
        {
          name: 'contract',
          setup: ({ onResolve }) => {
            onResolve({ filter: new RegExp(`^${CONTRACT}$`) }, () => ({ path: contract }));
          },
        },
      ],
    });
    const own = dirname(contract);
    const entryIsOurs = entry.startsWith(dirname(dirname(own)));
    const inputs = Object.keys(result.metafile.inputs)
      // A user's task depends on our contract as on a package, by version, not by its file.
      .filter((path) => entryIsOurs || !resolve(root, path).startsWith(own))
      .sort(byCodeUnit);
    const packages = new Set<string>();
    for (const [path, { imports }] of Object.entries(result.metafile.inputs)) {
      if (!inputs.includes(path)) packages.add('pipeline');
      for (const { path: imported, external } of imports) {
        if (external && !isBuiltin(imported)) packages.add(packageName(imported));
      }
    }
    return {
      ok: true,
      code: {
        files: inputs.map((path) => [path, sha256FileSync(resolve(root, path))]),
        packages: [...packages].sort(byCodeUnit),
        bundle: result.outputFiles[0]?.text ?? '',
      },
    };
  } catch (thrown) {
    return { ok: false, message: explainBuildFailure(thrown, root) };
  }
}

function contractPath(): string {
  const here = fileURLToPath(import.meta.url);
  return join(dirname(dirname(here)), here.endsWith('.ts') ? 'task.ts' : 'task.js');
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function packageName(specifier: string): string {
  const [scope, name] = specifier.split('/');
  return specifier.startsWith('@') ? `${scope}/${name}` : (scope ?? specifier);
}

/** Version of a package as a module in `from` would get it; undefined when it is not installed. */
export function packageVersion(name: string, from: string): string | undefined {
  if (name === 'pipeline') return packageAt(join(dirname(contractPath()), '..', '..'), true);
  for (let folder = from; ; folder = dirname(folder)) {
    const version = packageAt(join(folder, 'node_modules', name), false);
    if (version !== undefined || folder === dirname(folder)) return version;
  }
}

function packageAt(folder: string, orAbove: boolean): string | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return orAbove ? packageAt(dirname(folder), false) : undefined;
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : undefined;
}

/** esbuild throws one Error with a list of located messages. */
function explainBuildFailure(thrown: unknown, root: string): string {
  if (thrown instanceof Error && 'errors' in thrown && Array.isArray(thrown.errors)) {
    const lines = thrown.errors.map(
      (each: { text: string; location?: { file: string; line: number; column: number } }) => {
        const { location } = each;
        return location
          ? `${location.file}:${location.line}:${location.column + 1}: ${each.text}`
          : each.text.replaceAll(`${root}/`, '');
      },
    );
    return lines.join('\n');
  }
  throw thrown;
}
