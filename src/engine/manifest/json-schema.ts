/** The JSON schema of pipeline.yaml, for completion in editors. Checking is done by zod itself. */
import { z } from 'zod';
import type { Json } from '../json.ts';
import { manifestSchema } from './schema.ts';

export function manifestJsonSchema(): Json {
  const schema = z.toJSONSchema(manifestSchema, { io: 'input', unrepresentable: 'any', target: 'draft-7' });
  const { $schema, ...rest } = z.record(z.string(), z.json()).parse(schema);
  return { $schema: $schema ?? null, title: 'pipeline.yaml', ...rest };
}
