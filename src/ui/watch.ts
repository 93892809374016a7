/**
 * What a watch does between its builds, as lines for people and as JSON lines. Knows neither what is watched nor
 * what a build reports.
 */
import type { WatchEvent } from '../engine/events.ts';
import { formatDiagnostics } from './diagnostic-printer.ts';
import type { TextStream } from './listener.ts';
import { toLine } from './ndjson.ts';
import { withLineEnd } from './plain.ts';
import { printable } from './printable.ts';
import { styleFor } from './style.ts';
import { crop } from './width.ts';

export interface WatchLinesOptions {
  readonly color: boolean;
  readonly width: number;
  /** Only what is wrong. */
  readonly quiet: boolean;
}

/** Of a longer list the rest is counted. */
const NAMED = 2;

export function watchLines(stream: TextStream, options: WatchLinesOptions): (event: WatchEvent) => void {
  const style = styleFor(options.color);
  const say = (line: string): void => {
    if (!options.quiet) stream.write(`${line}\n`);
  };
  return (event) => {
    switch (event.type) {
      case 'watch-changed':
        say(style.bold(changedLine(event, options.width)));
        return;
      case 'watch-broken':
        stream.write(withLineEnd(formatDiagnostics(event.diagnostics, options)));
        return;
      case 'watch-restarting':
        say(
          style.yellow(crop('the manifest has changed: the build is ended and begun again', options.width)),
        );
        return;
      case 'watch-waiting':
        say(
          style.dim(`watching ${event.folders} ${event.folders === 1 ? 'folder' : 'folders'} (Ctrl-C ends)`),
        );
    }
  };
}

/** `changed: configs/base.yaml, in/a.txt (+3)`, cropped where it is too long, but for the count. */
function changedLine(
  { changed, more }: Extract<WatchEvent, { type: 'watch-changed' }>,
  width: number,
): string {
  const rest = more + Math.max(0, changed.length - NAMED);
  const names = changed.slice(0, NAMED).map(printable).join(', ');
  const count = rest === 0 ? '' : ` (+${rest})`;
  return `${crop(`changed: ${names}`, width - count.length)}${count}`;
}

/** Between the lines of the builds, which are all written when a build has ended. */
export function watchJson(stream: TextStream): (event: WatchEvent) => void {
  return (event) => void stream.write(`${toLine(event)}\n`);
}
