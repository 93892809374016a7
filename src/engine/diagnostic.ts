/**
 * What the engine says of a mistake in its input: a value with a place, never a thrown error.
 * It knows nothing of screens: `ui/diagnostic-printer` underlines the text and chooses colours.
 */

/** A stretch of one line of a text file. Lines and columns count from 1; columns count UTF-16 units. */
export interface Place {
  /** As the user would type it: relative to the workspace where it lies inside, `/` as separator. `--set` for the command line. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Length of the offending text on that line, at least 1. */
  readonly length: number;
  /** The whole line, without its line end. */
  readonly text: string;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** One sentence: the bad value and what was expected. No final full stop, no place. */
  readonly message: string;
  readonly place?: Place;
  /** What to do, e.g. `did you mean "symbols"?`. */
  readonly hint?: string;
  /** Other declarations that take part, e.g. the second rule with the same output. */
  readonly related?: readonly { readonly message: string; readonly place?: Place }[];
}

/** Either a value or everything that is wrong: callers must look at `ok`. Warnings may go with a value. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export function error(message: string, place?: Place, hint?: string): Diagnostic {
  return diagnostic('error', message, place, hint);
}

export function warning(message: string, place?: Place, hint?: string): Diagnostic {
  return diagnostic('warning', message, place, hint);
}

function diagnostic(
  severity: Diagnostic['severity'],
  message: string,
  place?: Place,
  hint?: string,
): Diagnostic {
  return {
    severity,
    message,
    ...(place === undefined ? {} : { place }),
    ...(hint === undefined ? {} : { hint }),
  };
}
