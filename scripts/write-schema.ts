/**
 * Writes configs/pipeline.schema.json, from which editors complete and check pipeline.yaml, and
 * configs/summary.schema.json, which says what the reports' summary.json is: `npm run schema`.
 */
import { writeFileSync } from 'node:fs';
import { manifestJsonSchema } from '../src/engine/manifest/json-schema.ts';
import { summaryJsonSchema } from '../tasks/reports/document.ts';

const schemas = { pipeline: manifestJsonSchema(), summary: summaryJsonSchema() };
for (const [name, schema] of Object.entries(schemas)) {
  const file = new URL(`../configs/${name}.schema.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
}
