/**
 * Fetches a file of a known size, going on with what an earlier try has left of it: asked for by Range, and only if the
 * server still has the same content (If-Match, RFC 9110 §13.1.1). One try each. It knows no exchange, and does not
 * judge what comes but for its length.
 */
import type { Dispatcher } from 'undici';
import type { TaskFailure } from '../../src/engine/task.ts';
import type { HttpFailure, HttpOptions } from './http.ts';
import { ask } from './http.ts';
import { discard, guarded, lengthOf, oneOf } from './http-body.ts';
import type { Begun, Place } from './partial.ts';
import { begun, discardPartial, isStrong, PartialFile } from './partial.ts';

export interface Goal {
  readonly place: Place;
  /** A file of any other size is not the one that is meant. */
  readonly size: number;
}

export interface DownloadOptions extends HttpOptions {
  readonly onProgress?: (done: number) => void;
}

export type DownloadResult =
  /** `place.data` has that many bytes. `from`: how many of them were there before. */
  | { readonly ok: true; readonly from: number }
  /** Of another size: `1234`, or `more than 1200`. Nothing is left of it; what had come before may be. */
  | { readonly ok: false; readonly gave: string }
  /** What has come is left for the next try. */
  | HttpFailure
  | Unwritten;

/** The part cannot be written, or thrown away. */
interface Unwritten {
  readonly ok: false;
  readonly failure: TaskFailure;
  readonly disk: true;
}

type Answer = Dispatcher.ResponseData;

export async function download(url: string, goal: Goal, options: DownloadOptions): Promise<DownloadResult> {
  const there = begun(goal.place, goal.size);
  // All of it came, and nobody has taken it yet.
  if (there?.bytes === goal.size) return { ok: true, from: there.bytes };
  if (there !== undefined) {
    const rest = await askForRest(url, goal, there, options);
    if (rest !== 'start over') return rest;
  }
  return ask<DownloadResult>(url, options, (answer) => fromStart(answer, goal, options));
}

async function askForRest(
  url: string,
  goal: Goal,
  there: Begun,
  options: DownloadOptions,
): Promise<DownloadResult | 'start over'> {
  const headers = { range: `bytes=${there.bytes}-`, 'if-match': there.etag };
  const read = async (answer: Answer): Promise<DownloadResult | 'start over'> => {
    if (answer.statusCode === 200) return fromStart(answer, goal, options, there);
    if (answer.statusCode === 206 && isRest(answer, goal, there))
      return take(answer, PartialFile.after(goal.place, there, goal.size), goal, options);
    // 412: it has other content by now; 416: it has less; 206: not what was asked for.
    discard(answer.body);
    return thrownAway(goal.place) ?? 'start over';
  };
  return ask<DownloadResult | 'start over'>(url, options, read, { headers, statuses: [200, 206, 412, 416] });
}

/** Exactly what is missing, of exactly what has been begun. */
function isRest({ headers }: Answer, { size }: Goal, { bytes, etag }: Begun): boolean {
  const range = oneOf(headers['content-range']);
  return range === `bytes ${bytes}-${size - 1}/${size}` && oneOf(headers['etag']) === etag;
}

/** `there`: what had come before, of the right file as far as anybody knows. */
async function fromStart(
  answer: Answer,
  goal: Goal,
  options: DownloadOptions,
  there?: Begun,
): Promise<DownloadResult> {
  const length = lengthOf(answer.headers);
  if (length !== undefined && length !== goal.size) {
    discard(answer.body);
    // A page in the file's place, of a proxy that wants to be logged in to, says nothing of what has come.
    const unwritten = there === undefined ? thrownAway(goal.place) : undefined;
    return unwritten ?? { ok: false, gave: String(length) };
  }
  const etag = strong(oneOf(answer.headers['etag']));
  return take(answer, PartialFile.fresh(goal.place, { size: goal.size, etag }), goal, options);
}

function strong(etag: string | undefined): string | undefined {
  return etag !== undefined && isStrong(etag) ? etag : undefined;
}

async function take(
  { body }: Answer,
  file: PartialFile | TaskFailure,
  { place, size }: Goal,
  options: DownloadOptions,
): Promise<DownloadResult> {
  if (!(file instanceof PartialFile)) {
    discard(body);
    return { ok: false, failure: file, disk: true };
  }
  const from = file.bytes;
  try {
    for await (const piece of guarded(body, options)) {
      if (file.bytes + piece.length > size)
        return thrownAway(place) ?? { ok: false, gave: `more than ${size}` };
      const failure = file.append(piece);
      if (failure !== undefined) return { ok: false, failure, disk: true };
      options.onProgress?.(file.bytes);
    }
    if (file.bytes === size) return { ok: true, from };
    // Ended in good order: nothing was cut, there is no more.
    return thrownAway(place) ?? { ok: false, gave: String(file.bytes) };
  } finally {
    file.close();
  }
}

/** Undefined when nothing of it is left. */
function thrownAway(place: Place): Unwritten | undefined {
  const failure = discardPartial(place);
  return failure && { ok: false, failure, disk: true };
}
