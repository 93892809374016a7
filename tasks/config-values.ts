/**
 * What single values of the market's config may be, as zod schemas whose messages give the bad value and what is
 * expected. It knows no names and no sections: those are in `config.ts`.
 */
import { z } from 'zod';
import { PATTERN_FORM } from './binance/symbol-pattern.ts';
import { isMonth } from './binance/time-keys.ts';
import { DURATION_FORM, durationMs } from './lib/duration.ts';
import { INSTANT_FORM, instantMs } from './lib/instant.ts';
import { refusedInterval } from './lib/interval.ts';
import { BASE_URL_FORM, isBaseUrl, withoutSecrets } from './lib/settings.ts';

/** A value that `test` accepts; the message is `VALUE: expected …`. */
function value(test: (input: unknown) => boolean, expected: string) {
  return z.unknown().refine(test, { error: (issue) => `${shown(issue.input)}: expected ${expected}` });
}

function text(test: (input: string) => boolean, expected: string) {
  return value((input) => typeof input === 'string' && test(input), expected);
}

export function oneOf(choices: readonly string[]) {
  return text((input) => choices.includes(input), `one of ${choices.join(', ')}`);
}

export const nonEmptyText = text((input) => input.trim() !== '', 'a text that is not empty');
export const duration = text((input) => durationMs(input) !== undefined, DURATION_FORM);
export const instant = text((input) => instantMs(input) !== undefined, INSTANT_FORM);
export const baseUrl = z.unknown().refine((input) => typeof input === 'string' && isBaseUrl(input), {
  error: ({ input }) =>
    `${typeof input === 'string' ? shown(withoutSecrets(input)) : withoutSecrets(shown(input))}: expected ${BASE_URL_FORM}`,
});
export const baseUrls = z.unknown().superRefine((input, ctx) => {
  const given: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (given.length === 0) ctx.addIssue({ code: 'custom', message: `[]: expected at least one address` });
  for (const each of given) {
    const issue = baseUrl.safeParse(each).error?.issues[0];
    if (issue !== undefined) ctx.addIssue({ code: 'custom', message: issue.message });
  }
});
export const month = text(isMonth, 'a month such as 2020-12');
/** Header values are printable ASCII. */
export const userAgent = text(
  (input) => /^[\x20-\x7e]*[\x21-\x7e]$/.test(input),
  'a text of printable ASCII',
);
export const symbol = text(
  (input) => /^[A-Z0-9_]+$/.test(input),
  'a symbol of A-Z, 0-9 and _ such as BTCUSDT',
);
const pattern = text(
  (input) => PATTERN_FORM.test(input),
  'a pattern of A-Z, 0-9, _, * and ? such as "*USDT"',
);
export const share = value(
  (input) => typeof input === 'number' && input > 0 && input <= 1,
  'a share above 0 and up to 1 such as 0.8',
);
export const factor = value(
  (input) => typeof input === 'number' && Number.isFinite(input) && input > 0,
  'a number above 0 such as 20',
);
export const weight = value(isPositiveInteger, 'a whole number above 0 such as 6000');
export const version = value(isPositiveInteger, 'a whole number above 0 such as 1');
export const trueOrFalse = value((input) => typeof input === 'boolean', 'true or false');
export const bytes = value(isPositiveInteger, 'a whole number of bytes above 0');
export const poolSize = value(
  (input) => input === 'auto' || isPositiveInteger(input),
  'a whole number above 0, or auto for one per core',
);

export const interval = z.unknown().superRefine((input, ctx) => {
  const reason =
    typeof input === 'string' ? refusedInterval(input) : `${shown(input)} is no interval: expected 1m or 1h`;
  if (reason !== undefined) ctx.addIssue({ code: 'custom', message: reason });
});

/** A list of `item`s; `least` is 0 or 1. */
export function list(item: z.ZodType, least: number, expected: string) {
  const error = (issue: { readonly input?: unknown }) => `${shown(issue.input)}: expected ${expected}`;
  return z.array(item, { error }).min(least, { error });
}

/** A pattern, or a list of at least `least`. */
export function patterns(least: number) {
  const several = list(pattern, least, 'a pattern such as "*USDT", or a list of patterns');
  return z.unknown().superRefine((input, ctx) => {
    const { error } = (Array.isArray(input) ? several : pattern).safeParse(input);
    for (const { path, message } of error?.issues ?? []) ctx.addIssue({ code: 'custom', path, message });
  });
}

function isPositiveInteger(input: unknown): boolean {
  return Number.isSafeInteger(input) && Number(input) > 0;
}

export function shown(input: unknown): string {
  const json = JSON.stringify(input) ?? 'nothing';
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
