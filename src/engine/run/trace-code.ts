/**
 * From a task's entry module to everything that its behaviour rests on: the project files it imports, however
 * deep, and the packages those import. Bundled by esbuild, which resolves as Node does, drops type-only
 * imports, and gives at the same time what a user's `.ts` task is run from. Knows no rules and no cache.
 */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, extname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildResult, Message, Metafile, OnLoadResult, Plugin, TransformFailure } from 'esbuild';
import { sha256 } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import { CONTRACT_PACKAGE, contractPath } from './package-version.ts';

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
const CONTRACT = `${CONTRACT_PACKAGE}/task`;

/** What esbuild would take from a tsconfig.json is no part of the code's identity, so it takes nothing from there. */
const TSCONFIG = '{}';

export async function traceCode(entry: string, root: string): Promise<Traced> {
  const { build } = await import('esbuild');
  const digests = new Map<string, string>();
  let result: BuildResult<{ metafile: true; write: false }>;
  try {
    result = await build({
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
      // So that a stack names the file in its place, not beside the bundle.
      sourceRoot: `${pathToFileURL(root).href}/`,
      // `sideEffects` of a package.json would drop imports that Node carries out.
      ignoreAnnotations: true,
      tsconfigRaw: TSCONFIG,
      logLevel: 'silent',
      charset: 'utf8',
      plugins: [contractPlugin, readingPlugin(root, digests)],
    });
  } catch (thrown) {
    return { ok: false, message: explainBuildFailure(thrown, root) };
  }
  const { files, packages } = reached(result.metafile);
  return {
    ok: true,
    code: {
      files: files.map((path) => [path, digests.get(resolve(root, path)) ?? '']),
      packages,
      bundle: result.outputFiles[0]?.text ?? '',
    },
  };
}

const contractPlugin: Plugin = {
  name: 'contract',
  setup: ({ onResolve }) => {
    onResolve({ filter: new RegExp(`^${CONTRACT}$`) }, () => ({ path: contractPath() }));
  },
};

/** Digests just the bytes that are bundled, and tells each file its own URL. */
function readingPlugin(root: string, digests: Map<string, string>): Plugin {
  return {
    name: 'reading',
    setup: ({ onLoad, esbuild }) => {
      onLoad({ filter: /./, namespace: 'file' }, async ({ path }): Promise<OnLoadResult> => {
        const contents = readFileSync(path);
        digests.set(path, sha256(contents));
        const loader = /^\.[cm]?([jt])sx?$/.exec(extname(path))?.[1] === 'j' ? 'js' : 'ts';
        const code = /^\.[cm]?[jt]s$/.test(extname(path));
        if (!code || !contents.includes('import.meta')) return { contents, loader: 'default' };
        try {
          const transformed = await esbuild.transform(contents, {
            loader,
            sourcefile: relative(root, path),
            sourcemap: 'inline',
            charset: 'utf8',
            tsconfigRaw: TSCONFIG,
            define: {
              'import.meta.url': JSON.stringify(pathToFileURL(path).href),
              'import.meta.filename': JSON.stringify(path),
              'import.meta.dirname': JSON.stringify(dirname(path)),
            },
          });
          return { contents: transformed.code, loader: 'js' };
        } catch (thrown) {
          if (isFailure(thrown)) return { errors: thrown.errors };
          throw thrown;
        }
      });
    },
  };
}

/** What the entry leads to, without what lies behind the contract: that counts as a package, by its version. */
function reached(metafile: Metafile): {
  readonly files: readonly string[];
  readonly packages: readonly string[];
} {
  const entry = Object.values(metafile.outputs)[0]?.entryPoint;
  const files = new Set(entry === undefined ? [] : [entry]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const { path, external, original } of metafile.inputs[file]?.imports ?? []) {
      if (original === CONTRACT) packages.add(CONTRACT_PACKAGE);
      else if (!external) files.add(path);
      else if (!isBuiltin(path)) packages.add(packageName(path));
    }
  }
  return { files: [...files].sort(byCodeUnit), packages: [...packages].sort(byCodeUnit) };
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function packageName(specifier: string): string {
  const [scope, name] = specifier.split('/');
  return specifier.startsWith('@') ? `${scope}/${name}` : (scope ?? specifier);
}

function isFailure(thrown: unknown): thrown is TransformFailure {
  return thrown instanceof Error && 'errors' in thrown && Array.isArray(thrown.errors);
}

/** esbuild throws one Error with a list of located messages. */
function explainBuildFailure(thrown: unknown, root: string): string {
  if (!isFailure(thrown)) throw thrown;
  return thrown.errors.map((message) => explainMessage(message, root)).join('\n');
}

function explainMessage({ text, location }: Message, root: string): string {
  if (location === null) return text.replaceAll(`${root}/`, '');
  // esbuild counts bytes from 0; people and editors count characters from 1.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString('utf8');
  return `${location.file}:${location.line}:${before.length + 1}: ${text}`;
}
