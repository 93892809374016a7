/**
 * Whether what lies at a path now is what the records are about: lineage tells of bytes, and a file may have been edited
 * since. Reads the one file or folder that is asked for.
 */
import type { Digest } from '../hash.ts';
import type { StatMemo } from '../state/memo.ts';
import { Unreadable } from '../state/memo.ts';
import type { RecordIndex } from './record-index.ts';
import type { Subject } from './subject.ts';

/** `path`: what was looked at, the folder where one file within an output is asked for. */
export type InPlace =
  | { readonly state: 'recorded' | 'missing'; readonly path: string }
  | { readonly state: 'other'; readonly path: string; readonly digest: Digest }
  | { readonly state: 'unreadable'; readonly path: string; readonly reason: string };

/** Undefined for targets, and for files of which only values were read: there is nothing to compare with. */
export function inPlace(index: RecordIndex, subject: Subject, memo: StatMemo): InPlace | undefined {
  const known = recordedDigests(index, subject);
  if (subject.kind === 'target' || known.size === 0) return undefined;
  const path = subject.kind === 'output' ? subject.output : subject.path;
  try {
    const digest = memo.digest(path);
    if (digest === undefined) return { state: 'missing', path };
    return known.has(digest) ? { state: 'recorded', path } : { state: 'other', path, digest };
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    return { state: 'unreadable', path, reason: thrown.message };
  }
}

function recordedDigests(index: RecordIndex, subject: Subject): ReadonlySet<string> {
  switch (subject.kind) {
    case 'target':
      return new Set();
    case 'output':
      return new Set(
        subject.entry.outputs.filter(({ path }) => path === subject.output).map(({ digest }) => digest),
      );
    case 'file': {
      const inputs = index.readersOf(subject.path).flatMap(({ entry }) => entry.inputs);
      const whole = inputs.filter(({ path, pointer }) => path === subject.path && pointer === undefined);
      return new Set(whole.map(({ digest }) => digest));
    }
  }
}
