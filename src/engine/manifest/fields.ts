/**
 * The small schemas that every part of the manifest is written with, and what a value must be once its references are
 * filled in. Messages complete the sentence “X must be …”.
 */
import { z } from 'zod';
import { DURATION } from './duration.ts';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

export const text = (error: string) => z.string({ error });
export const name = text('a name').regex(NAME, { error: 'a name: letters, digits, "_" and "-"' });
export const ruleName = text('the name of a rule').regex(NAME, { error: 'the name of a rule' });
export const reference = z.string().regex(/^\$\{[^{}\n]+\}$/, { error: 'a reference', abort: true });
export const orReference = <T extends z.ZodType>(schema: T) => z.union([schema, reference]);

const positive = (what: string) => z.int({ error: what }).min(1, { error: what });
const duration = (what: string) => text(what).regex(DURATION, { error: what });
export const scalar = z.union([z.string(), z.number()], { error: 'a text or a number' });

/** What a value must be once its references are filled in. */
export const fields = {
  retries: z
    .int({ error: 'a whole number from 0 to 100' })
    .min(0, { error: 'a whole number from 0 to 100' })
    .max(100, {
      error: 'a whole number from 0 to 100',
    }),
  duration: duration('a duration such as 500ms, 10s, 5m, 1h or 2d'),
  poolSize: z.union([positive('a whole number of at least 1, or auto'), z.literal('auto')], {
    error: 'a whole number of at least 1, or auto',
  }),
  every: z.enum(['year', 'month', 'week', 'day', 'hour'], { error: 'one of year, month, week, day, hour' }),
  // Which keys can be used is judged one by one (`dimensions.ts`), so that all that cannot are told.
  keys: z.array(z.unknown(), { error: 'a list of keys' }).meta({ items: { type: ['string', 'number'] } }),
  selector: text('a selector'),
};
