import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { manifestJsonSchema } from '../../../src/engine/manifest/json-schema.ts';

it('the committed schema is the generated one', () => {
  const committed = readFileSync(new URL('../../../configs/pipeline.schema.json', import.meta.url), 'utf8');
  const generated = `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`;
  expect(
    committed === generated,
    'configs/pipeline.schema.json is out of date: write it again with `npm run schema`',
  ).toBe(true);
});

it('every key of the manifest and of a rule is described', () => {
  const lacking: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (schema === null || typeof schema !== 'object') return;
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties' && value !== null && typeof value === 'object') {
        for (const [name, property] of Object.entries(value)) {
          if (!JSON.stringify(property).includes('"description"')) lacking.push(`${path}/${name}`);
        }
      }
      walk(value, `${path}/${key}`);
    }
  };
  walk(manifestJsonSchema(), '');
  expect(lacking).toEqual([]);
});
