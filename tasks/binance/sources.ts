/** Task: writes which of the listed files serve. The choice itself is `choose`; this reads and writes files only. */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { z } from 'zod';
import type { Json } from '../../src/engine/task.ts';
import { defineTask, inputPath } from '../../src/engine/task.ts';
import { INSTANT_FORM, instantMs } from '../lib/instant.ts';
import { jsonText } from '../lib/json-text.ts';
import { writeOutput } from '../lib/write-output.ts';
import type { MonthPlan, Sources } from './choose.ts';
import { choose } from './choose.ts';
import { parseListing } from './listing-file.ts';
import { isMonth } from './time-keys.ts';

const instant = z.string().transform((text, ctx) => {
  const ms = instantMs(text);
  if (ms !== undefined) return ms;
  ctx.addIssue({ code: 'custom', message: `${JSON.stringify(text)}: expected ${INSTANT_FORM}` });
  return z.NEVER;
});

const paramsSchema = z.strictObject({
  as_of: instant,
  start: instant,
  prefer_daily: z.array(z.string().refine(isMonth)).nullish(),
});

export default defineTask<z.output<typeof paramsSchema>>({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const path = inputPath(ctx, 'listing');
    const shown = relative(ctx.workspace, path);
    const text = await readFile(path, 'utf8');
    const listing = parseListing(parseJson(text));
    if (!listing.success) {
      const message = `${shown} is no listing: ${z.prettifyError(listing.error).replaceAll('\n', ' ')}`;
      return {
        failed: {
          code: 'listing-unreadable',
          message,
          hint: 'build the listing again: --force with the listing selected',
        },
      };
    }
    const { as_of: asOf, start, prefer_daily: preferDaily } = ctx.params;
    const sources = choose(listing.data, { asOf, start, preferDaily: preferDaily ?? [] });
    const unwritten = await writeOutput(ctx, 'sources', jsonText(asJson(sources)));
    return unwritten && { failed: unwritten };
  },
});

/** Undefined where the text is no JSON: the schema then says what was expected. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Interfaces have no index signature, which `Json` asks for. */
function asJson({ months, ...rest }: Sources): Json {
  const plans = Object.entries(months).map(
    ([month, plan]: [string, MonthPlan]) => [month, { ...plan }] as const,
  );
  return { ...rest, months: Object.fromEntries(plans) };
}
