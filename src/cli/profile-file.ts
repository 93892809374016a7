/**
 * A file that is written piece by piece and appears whole, at its end. What goes wrong is told there, and nowhere
 * before. It does not know what the text says.
 */
import type { Stats } from 'node:fs';
import { closeSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode, statOf } from '../engine/state/files.ts';

export interface GrowingFile {
  write(text: string): void;
  /** Puts it in place. What was wrong, in a few words. */
  close(): string | undefined;
}

const CHUNK = 1 << 16;

/** `path` relative to `cwd`. */
export function growingFile(path: string, cwd: string): GrowingFile {
  const place = resolve(cwd, path);
  let [waiting, trouble, fd]: [string, string | undefined, number | undefined] = ['', undefined, undefined];
  let [to, written] = [place, place];

  /** The first trouble is the one that is told. */
  function guarded(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      if (!(thrown instanceof Error) || errorCode(thrown) === undefined) throw thrown;
      // Behind the comma stands the path, which may be the temporary one.
      trouble ??= thrown.message.split(', ')[0] ?? '';
    }
  }

  function unlessTrouble(act: () => void): void {
    if (trouble === undefined) guarded(act);
  }

  /** Not before there is something to write: a build that is refused leaves nothing. */
  function open(): number {
    const there = statOf(place);
    // What a link leads to is replaced, not the link; a pipe or a device is written to, and never replaced.
    if (there !== undefined) to = realpathSync(place);
    written = isSpecial(there) ? to : `${to}.${process.pid}.tmp`;
    return openSync(written, 'w');
  }

  function flush(): void {
    const bytes = Buffer.from(waiting);
    waiting = '';
    unlessTrouble(() => {
      fd ??= open();
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    });
  }

  return {
    write: (text) => {
      waiting += text;
      if (waiting.length >= CHUNK) flush();
    },
    close: () => {
      flush();
      const opened = fd;
      if (opened === undefined) return trouble;
      // Also where not all could be written.
      guarded(() => closeSync(opened));
      if (written === to) return trouble;
      unlessTrouble(() => renameSync(written, to));
      if (trouble !== undefined) guarded(() => rmSync(written, { force: true }));
      return trouble;
    },
  };
}

function isSpecial(there: Stats | undefined): boolean {
  return there !== undefined && !there.isFile() && !there.isDirectory();
}
