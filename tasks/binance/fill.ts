/**
 * Task: rows from REST for the gaps of a month. Until the REST interface exists it asks nothing and answers with
 * no rows, so that every gap stays a gap and is reported as one. It reads the gaps only to refuse a broken file.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { z } from 'zod';
import { defineTask, inputPath, outputPath } from '../../src/engine/task.ts';
import { MARKETS, SYMBOL_FORM } from './layout.ts';

const paramsSchema = z.strictObject({
  market: z.enum(MARKETS),
  symbol: z.string().regex(SYMBOL_FORM),
  interval: z.string(),
});

export default defineTask({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const path = inputPath(ctx, 'gaps');
    const text = await readFile(path, 'utf8');
    try {
      JSON.parse(text);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      const message = `${relative(ctx.workspace, path)} is no JSON: ${why}`;
      return {
        failed: {
          code: 'gaps-unreadable',
          message,
          hint: 'build the month again: --force with staged selected',
        },
      };
    }
    await writeFile(outputPath(ctx, 'rows'), '{"version":1,"rows":[]}');
    return undefined;
  },
});
