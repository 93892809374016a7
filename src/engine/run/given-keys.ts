/**
 * The keys of a dynamic dimension, as the rule that gives them wrote them: the members of a JSON list or map. Says
 * what is wrong with them; knows nothing of what hangs on them.
 */
import type { Failure } from '../events.ts';
import type { Json } from '../json.ts';
import { isArray } from '../json.ts';

export type GivenKeys =
  | { readonly ok: true; readonly keys: readonly string[] }
  | { readonly ok: false; readonly failure: Failure };

/** `value` is undefined where the file is no JSON or has nothing at the pointer. */
export function givenKeys(
  target: string,
  dimension: string,
  at: { readonly path: string; readonly pointer: string },
  value: Json | undefined,
): GivenKeys {
  if (value !== undefined && value !== null && typeof value === 'object') {
    const keys = isArray(value)
      ? value.map((key) => (typeof key === 'string' ? key : JSON.stringify(key)))
      : Object.keys(value);
    return { ok: true, keys };
  }
  const found = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40);
  return refuse(
    target,
    `${at.path}#${at.pointer} must hold the keys of "${dimension}", a list or a map: found ${found}`,
  );
}

/** Keys of which no path and no target can be made. */
export function refusedKeys(target: string, dimension: string, keys: readonly string[]): Failure {
  const shown = keys.slice(0, 5).map((key) => JSON.stringify(key));
  const more = keys.length > shown.length ? ` and ${keys.length - shown.length} more` : '';
  const { failure } = refuse(
    target,
    `${shown.join(', ')}${more} cannot be keys of "${dimension}": a key names a part of a path`,
  );
  return failure;
}

function refuse(target: string, what: string): { readonly ok: false; readonly failure: Failure } {
  const hint = 'mend the task or recipe that writes them, or the `pointer` of the dimension';
  return { ok: false, failure: { code: 'keys-malformed', message: `${target}: ${what}`, hint } };
}
