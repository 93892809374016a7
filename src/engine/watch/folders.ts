/**
 * Watches folders by chokidar, never single files: one that is deleted and made again leaves its watcher deaf, and a
 * watcher for each of 100,000 inputs is dear. Every name that changes is told as the system tells it; what
 * matters, others know. Nothing is polled but where links lead to.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { watch } from 'chokidar';
import { entryAt, errorCode, nearestExisting, statOf } from '../state/files.ts';
import type { LinkLook } from './links.ts';
import { lookAtLinks } from './links.ts';

/** The system refuses to watch more: nobody's bug. */
export class WatchRefused extends Error {
  readonly hint: string;
  constructor(message: string, hint: string, cause: Error) {
    super(message, { cause });
    this.hint = hint;
  }
}

export interface Seen {
  /** Absolute. */
  readonly path: string;
  /** A folder that came or went (or both): who watches it may be deaf to what happens in it now. */
  readonly folder?: 'new' | 'gone';
  /** A link came or went, or leads elsewhere now: it is as if no longer watched, where it leads to. */
  readonly relinked?: true;
}

export interface FolderWatchOptions {
  /** Absolute. Of what does not exist, the nearest folder above that does is watched. */
  readonly roots: readonly string[];
  /** Whether to look into a folder; a file that is a link is watched where it lies, if this says so. */
  readonly mayMatter: (path: string, kind: 'folder' | 'link') => boolean;
  readonly onSeen: (seen: Seen) => void;
  /** After it has begun: a folder that came cannot be watched. A `WatchRefused` says what to do. */
  readonly onTrouble: (error: Error) => void;
}

export interface FolderWatch {
  /** How many folders are watched. */
  readonly count: number;
  close(): Promise<void>;
}

export type WatchFolders = (options: FolderWatchOptions) => Promise<FolderWatch>;

/** Resolves when all folders are watched: what changes from then on is seen. Rejects with `WatchRefused`. */
export const watchFolders: WatchFolders = ({ roots, mayMatter, onSeen, onTrouble }) => {
  const folders = new Set<string>();
  const links = lookAtLinks((path, kind, now) => {
    if (kind === 'file') onSeen({ path, relinked: true });
    else onSeen({ path, folder: now === 'there' ? 'new' : 'gone' });
  });
  // A root may be reached over links.
  for (const root of roots) links.add(root, 'folder');
  const watcher = watch([...new Set(roots.map(nearestExisting))], {
    ignoreInitial: true,
    ignorePermissionErrors: true,
    // What an editor leaves for a moment is left out by what matters, and waits are ours.
    atomic: false,
    // Or two watchers would share what the system tells, and the second be as deaf as the first.
    persistent: false,
    usePolling: false,
    ignored: (path, stats) => {
      if (links.has(path)) return false;
      if (stats === undefined) return !mayMatter(path, 'folder');
      if (stats.isSymbolicLink()) {
        const kind = statOf(path)?.isDirectory() ? 'folder' : 'link';
        if (kind === 'folder' && leadsBack(path)) return true;
        const matters = mayMatter(path, kind);
        if (matters) links.add(path, kind === 'link' ? 'file' : 'folder');
        return !matters;
      }
      if (!stats.isDirectory() || !mayMatter(path, 'folder')) return true;
      folders.add(path);
      return false;
    },
  });
  watcher.on('raw', (event, name, details) => {
    const folder = watchedPathOf(details);
    if (folder === undefined) return;
    if (links.has(folder)) {
      onSeen({ path: folder });
      return;
    }
    const path = name ? join(folder, name) : folder;
    if (event !== 'rename') onSeen({ path });
    // A folder that is deleted gives its own name.
    else if (name === basename(folder) && statOf(path) === undefined)
      onSeen({ path: folder, folder: 'gone' });
    else if (folders.has(path)) onSeen({ path, folder: 'gone' });
    else if (statOf(path)?.isDirectory()) onSeen({ path, folder: 'new' });
    else if (links.has(path) || entryAt(path)?.isSymbolicLink()) onSeen({ path, relinked: true });
    else onSeen({ path });
  });
  return ready(watcher, folders, links, onTrouble);
};

/** Whether a link leads to a folder on the way to it: below it everything would come again, outputs too, and again. */
function leadsBack(link: string): boolean {
  const target = realPathOf(link);
  if (target === undefined) return false;
  for (let above = dirname(link); ; above = dirname(above)) {
    if (realPathOf(above) === target) return true;
    if (above === dirname(above)) return false;
  }
}

/** Undefined for what is gone by now, or may not be looked at. */
function realPathOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown;
    return undefined;
  }
}

function ready(
  watcher: FSWatcher,
  folders: ReadonlySet<string>,
  links: LinkLook,
  onTrouble: (error: Error) => void,
): Promise<FolderWatch> {
  // Watchers that do not share do not keep the process alive either.
  const alive = setInterval(() => undefined, 2 ** 31 - 1);
  const close = async (): Promise<void> => {
    clearInterval(alive);
    links.close();
    await watcher.close();
  };
  return new Promise((resolve, reject) => {
    // One for each folder may come, so somebody must always listen.
    let hear = (thrown: unknown): void => {
      hear = () => undefined;
      close().then(() => reject(explain(thrown)), reject);
    };
    watcher.on('error', (thrown) => hear(thrown));
    watcher.once('ready', () => {
      hear = (thrown) => onTrouble(explain(thrown));
      resolve({
        get count() {
          return folders.size;
        },
        close,
      });
    });
  });
}

function watchedPathOf(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('watchedPath' in details)) return undefined;
  return typeof details.watchedPath === 'string' ? details.watchedPath : undefined;
}

/** The system's refusal in a person's words; anything else as it is. */
export function explain(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(`${thrown}`);
  switch (errorCode(error)) {
    case 'ENOSPC':
      return new WatchRefused(
        'the system watches no more folders for this user (fs.inotify.max_user_watches)',
        'raise that limit with `sudo sysctl fs.inotify.max_user_watches=524288`, or end other programs that watch files; `pipeline build` needs none of this',
        error,
      );
    case 'EMFILE':
    case 'ENFILE':
      return new WatchRefused(
        'the system opens no more watchers for this user (fs.inotify.max_user_instances, ulimit -n)',
        'raise those limits with `sudo sysctl fs.inotify.max_user_instances=512` and `ulimit -n 65536`, or end other programs that watch files; `pipeline build` needs none of this',
        error,
      );
    default:
      return error;
  }
}
