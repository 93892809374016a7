/** `pipeline schema`: the JSON Schema of the manifest, for editors. */
import { manifestJsonSchema } from '../engine/manifest/json-schema.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';

export function schema(io: Io): ExitCode {
  io.stdout.write(schemaText());
  return EXIT.done;
}

export function schemaText(): string {
  return `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`;
}
