/** Writes configs/pipeline.schema.json, from which editors complete and check pipeline.yaml: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { manifestJsonSchema } from '../src/engine/manifest/json-schema.ts';

const file = new URL('../configs/pipeline.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
