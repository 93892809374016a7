/**
 * What the bodies of REST's answers say, checked: rows and the time, or what is wrong with them. Pure: it sends nothing
 * and knows no bars that are wanted.
 */
import { z } from 'zod';
import type { TaskFailure } from '../../../src/engine/task.ts';
import type { RestRow } from '../../bars/rest-rows.ts';
import { restRowSchema, shown } from '../../bars/rest-rows.ts';
import type { Read } from '../../lib/settings.ts';
import type { RestError } from './answer-file.ts';
import { malformed } from './refusal.ts';

export type Klines =
  | { readonly ok: true; readonly rows: readonly RestRow[] }
  /** An answer, and no failure: the exchange does not know the symbol (any more). */
  | { readonly ok: 'unknown-symbol'; readonly error: RestError }
  | { readonly ok: false; readonly failure: TaskFailure };

const timeSchema = z.looseObject({ serverTime: z.int().positive().max(1e14) });
const pageSchema = z.array(restRowSchema);

/** Rows that open at `startTime` or later, ascending. */
export function rowsIn(url: string, text: string, startTime: number): Klines {
  const no = (problem: string): Klines => ({ ok: false, failure: malformed(url, text, problem) });
  const json = jsonIn(text);
  if (!Array.isArray(json)) return no(`found ${shown(json ?? text)}, expected a list of rows`);
  const parsed = pageSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return no(`row ${Number(issue?.path[0] ?? 0) + 1}, ${issue?.message}`);
  }
  // A bar may be given twice, as the archive does it (docs/DOMAIN.md §2): who makes the table counts it.
  let due = startTime;
  for (const [index, [openTime]] of parsed.data.entries()) {
    if (openTime < due) {
      return no(`row ${index + 1}, column 1 (open_time): found ${openTime}, expected ${due} or later`);
    }
    due = openTime;
  }
  return { ok: true, rows: parsed.data };
}

/** Epoch milliseconds. */
export function timeIn(url: string, text: string): Read<number> {
  const parsed = timeSchema.safeParse(jsonIn(text));
  if (parsed.success) return { ok: true, value: parsed.data.serverTime };
  const failure = malformed(url, text, `found ${shown(text)}, expected {"serverTime":…}`);
  return { ok: false, failure };
}

/** Undefined where it is no JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
