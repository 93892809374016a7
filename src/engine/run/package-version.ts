/** Which version of a package code gets, by the nearest node_modules, as Node looks. Knows no tasks. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMissing } from '../state/files.ts';

/** The name under which this tool is a package to user tasks. */
export const CONTRACT_PACKAGE = 'pipeline';

/** Where the contract lies: its source, or what it was compiled to. */
export function contractPath(): string {
  const here = fileURLToPath(import.meta.url);
  return join(dirname(dirname(here)), here.endsWith('.ts') ? 'task.ts' : 'task.js');
}

/** Version of a package as a module in `from` would get it; undefined when it is not installed. */
export function packageVersion(name: string, from: string): string | undefined {
  // Our own manifest lies above the source, and above the compiled image too.
  const own = name === CONTRACT_PACKAGE;
  for (let folder = own ? dirname(contractPath()) : from; ; folder = dirname(folder)) {
    const version = versionIn(own ? folder : join(folder, 'node_modules', name));
    if (version !== undefined || folder === dirname(folder)) return version;
  }
}

function versionIn(folder: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
  const version = parsed(text);
  return version ?? 'without a version';
}

function parsed(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('version' in value)) return undefined;
    return String(value.version);
  } catch {
    // Node cannot import such a package either, and says so.
    return undefined;
  }
}
