/**
 * Which symbols: a list of names, or patterns for what the archive has. What follows from patterns: the rule
 * `universe` finds the names, and the dimension takes its keys from there. It asks nobody.
 */
import { z } from 'zod';
import type { Json } from '../src/engine/task.ts';
import { isMap } from './config-contradictions.ts';
import * as v from './config-values.ts';

const EXPECTED = 'a list of symbols such as ["BTCUSDT"], or patterns such as { listed: "*USDT" }';

const names = v.list(v.symbol, 1, EXPECTED);
const patterns = z.strictObject({ listed: v.patterns(1), not: v.patterns(0).optional() });
/** What `complete` makes of patterns; a manifest with a rule of its own may be given its keys in the same form. */
const keys = z.strictObject({ keys: z.strictObject({ rule: v.nonEmptyText, pointer: v.nonEmptyText }) });

export const symbols = z.unknown().superRefine((input, ctx) => {
  const map = typeof input === 'object' && input !== null && !Array.isArray(input);
  const form = !map ? names : 'keys' in input ? keys : patterns;
  for (const issue of form.safeParse(input).error?.issues ?? []) {
    const { path, message } = issue;
    if (issue.code !== 'unrecognized_keys') ctx.addIssue({ code: 'custom', path, message });
    else {
      for (const name of issue.keys) {
        const unknown = `"${name}": no such name in symbols: expected ${EXPECTED}`;
        ctx.addIssue({ code: 'custom', path: [...path, name], message: unknown });
      }
    }
  }
});

/** What the config says of symbols once it is complete. */
export interface Chosen {
  /** A list, or where the keys of the dimension come from. */
  readonly symbols: Json;
  /** Patterns; null where symbols are listed by name. */
  readonly listed: Json;
  readonly unlisted: Json;
}

/** `given` is right by `symbols`; undefined where it has no patterns. */
export function chosenBy(given: Json | undefined): Chosen | undefined {
  if (!isMap(given) || Object.hasOwn(given, 'keys')) return undefined;
  return {
    symbols: { keys: { rule: 'universe', pointer: '/symbols' } },
    listed: asList(given['listed'] ?? []),
    unlisted: asList(given['not'] ?? []),
  };
}

function asList(value: Json): Json {
  return Array.isArray(value) ? value : [value];
}
