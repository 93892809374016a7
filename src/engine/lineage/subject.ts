/**
 * What a person means whose lineage is asked for: a target, an output, or a file that some target has read. Looks
 * names up and follows none.
 */
import { suggest } from '../manifest/nearest.ts';
import type { Entry, RecordIndex } from './record-index.ts';

export type Subject =
  | { readonly kind: 'target'; readonly entry: Entry }
  /** `output`: the path of the output, of which `path` is one file where it is a folder. */
  | { readonly kind: 'output'; readonly entry: Entry; readonly path: string; readonly output: string }
  | { readonly kind: 'file'; readonly path: string };

export type FoundSubject =
  | { readonly ok: true; readonly subject: Subject }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** `spellings`: what the text may mean as a path, the likeliest first. */
export function findSubject(index: RecordIndex, text: string, spellings: readonly string[]): FoundSubject {
  const entry = index.entry(text);
  if (entry !== undefined) return { ok: true, subject: { kind: 'target', entry } };
  for (const path of spellings) {
    const maker = index.makerOf(path);
    if (maker !== undefined) return { ok: true, subject: { kind: 'output', ...maker, path } };
    if (index.readersOf(path).length > 0) return { ok: true, subject: { kind: 'file', path } };
  }
  const within = index.names.filter((name) => name.startsWith(`${text}/`));
  const only = within.length === 1 ? index.entry(within[0] ?? '') : undefined;
  if (only !== undefined) return { ok: true, subject: { kind: 'target', entry: only } };
  return { ok: false, ...notFound(index, text, spellings, within) };
}

function notFound(
  index: RecordIndex,
  text: string,
  spellings: readonly string[],
  within: readonly string[],
): { readonly message: string; readonly hint: string } {
  if (within.length > 1) {
    return {
      message: `"${text}" is ${within.length} targets, and lineage takes one, or a path`,
      hint: `give all its keys, e.g. ${within[0]}`,
    };
  }
  const bare = index.bare(text);
  if (bare !== undefined) {
    const why = bare === 'absent' ? 'is absent: the publisher has no such thing' : 'has failed';
    return {
      message: `${text} ${why}, so nothing was made`,
      hint: `run \`pipeline why ${text}\` for the reason`,
    };
  }
  for (const path of spellings) {
    const orphan = index.orphan(path);
    if (orphan === undefined) continue;
    return {
      message: `${path} was written by an earlier run of ${orphan.target}, whose record is of a later one by now`,
      hint: `ask for the lineage of ${orphan.target}`,
    };
  }
  if (index.names.length === 0)
    return { message: 'nothing has been built here yet', hint: 'run `pipeline build` first' };
  return {
    message: `no target of that name is recorded, and none has written or read such a file: "${text}"`,
    hint: suggest(text, [...index.names, ...index.paths], 'targets and paths'),
  };
}
