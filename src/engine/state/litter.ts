/** What lies in the state folder and nothing names any more: bundles of task code that has changed since. */
import { namesIn } from './files.ts';
import { codeCache, STATE_FOLDER } from './workspace-state.ts';

/** Bundles relative to the workspace, by name, and whether the index of the cache names each. */
export function codeBundles(
  workspace: string,
): readonly { readonly path: string; readonly named: boolean }[] {
  const { folder, read } = codeCache(workspace);
  const index = read() ?? '';
  return namesIn(folder)
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => ({ path: `${STATE_FOLDER}/code/${name}`, named: index.includes(JSON.stringify(name)) }));
}
