/**
 * Looks now and then where links lead to. The system tells of a link itself, but not when a link further on the way leads
 * elsewhere, nor when what one dangles at comes into being. Links are few: to look at each costs little.
 */
import { realpathSync } from 'node:fs';
import { entryAt, errorCode } from '../state/files.ts';

const EVERY_MS = 1_000;

export interface LinkLook {
  /** From now on the path is looked at: a link, or a path that may lead over some. */
  add(path: string, kind: 'file' | 'folder'): void;
  has(path: string): boolean;
  close(): void;
}

export type OnMoved = (path: string, kind: 'file' | 'folder', now: 'there' | 'gone') => void;

interface Looked {
  readonly kind: 'file' | 'folder';
  state: string | undefined;
}

export function lookAtLinks(onMoved: OnMoved): LinkLook {
  const all = new Map<string, Looked>();
  const timer = setInterval(() => {
    for (const [path, looked] of all) {
      const state = stateOf(path, looked.kind);
      if (state === looked.state) continue;
      looked.state = state;
      onMoved(path, looked.kind, state === undefined ? 'gone' : 'there');
    }
  }, EVERY_MS);
  timer.unref();
  return {
    add: (path, kind) => {
      if (!all.has(path)) all.set(path, { kind, state: stateOf(path, kind) });
    },
    has: (path) => all.get(path)?.kind === 'file',
    close: () => clearInterval(timer),
  };
}

/** Where it leads to, and of a file what the system says of its content. Undefined: to nothing that can be seen. */
function stateOf(path: string, kind: Looked['kind']): string | undefined {
  try {
    const real = realpathSync.native(path);
    if (kind === 'folder') return real;
    const stat = entryAt(real);
    return stat && [real, stat.ino, stat.size, stat.mtimeMs].join('\n');
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}
