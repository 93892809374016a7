/** One thing that `doctor` has looked at. Plain data: it knows neither what is looked at nor how it is shown. */
import type { TaskFailure } from '../../src/engine/task.ts';

export interface Check {
  /** Stable and machine-readable: `node`, `rest-weight`. */
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly detail: string;
  /** What to do, where it is not as it should be. */
  readonly hint?: string;
}

export function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail };
}

export function warn(name: string, detail: string, hint: string): Check {
  return { name, state: 'warn', detail, hint };
}

export function fail(name: string, detail: string, hint: string): Check {
  return { name, state: 'fail', detail, hint };
}

/** A failure in the words that a build would use. `bad`: what it means for this check. */
export function failed(name: string, { message, hint }: TaskFailure, bad: 'warn' | 'fail' = 'fail'): Check {
  return { name, state: bad, detail: message, ...(hint === undefined ? {} : { hint }) };
}
