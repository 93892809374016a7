/**
 * The files of a manifest and a digest of their text, also when it cannot be loaded: which configs and task modules it
 * names stands in it, as long as it is YAML. Judges nothing.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Digest } from '../hash.ts';
import { digestOfValue, sha256 } from '../hash.ts';
import { childOf, entriesOf, itemsOf, textOf } from '../manifest/node.ts';
import { readText } from '../manifest/read-text.ts';
import { readYaml } from '../manifest/yaml.ts';
import { errorCode } from '../state/files.ts';

export interface ManifestText {
  /** The manifest first. Configs that it names and that are not there are among them. */
  readonly files: readonly string[];
  /** As it names them; they need not be there, and are no part of the digest. */
  readonly modules: readonly string[];
  readonly digest: Digest;
}

type Named = Pick<ManifestText, 'files' | 'modules'>;

/** `before`: what it named when it could last be read. */
export function manifestText(
  workspace: string,
  before: Named = { files: [], modules: [] },
  file = 'pipeline.yaml',
): ManifestText {
  const { files: configs, modules } = namedIn(workspace, file) ?? before;
  const files = [...new Set([file, ...configs])];
  return {
    files,
    modules,
    digest: digestOfValue(files.map((each) => [each, textDigest(resolve(workspace, each))])),
  };
}

function namedIn(workspace: string, file: string): Named | undefined {
  const text = readText(workspace, file);
  const root = text.ok ? readYaml(text.source).root : undefined;
  if (root?.kind !== 'map') return undefined;
  const tasks = entriesOf(childOf(root, 'rules')).flatMap(
    ({ value }) => textOf(childOf(value, 'task')) ?? [],
  );
  return {
    files: itemsOf(childOf(root, 'configs')).flatMap((node) => textOf(node) ?? []),
    // All other tasks are built in.
    modules: tasks.filter((name) => /^\.{0,2}\//.test(name)),
  };
}

/** Null: it cannot be read, for whatever reason; loading it says which. */
function textDigest(path: string): Digest | null {
  try {
    return sha256(readFileSync(path));
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return null;
  }
}
