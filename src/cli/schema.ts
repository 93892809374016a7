/** `pipeline schema [WHAT]`: JSON Schemas, of the manifest for editors and of the reports' summary.json for programs. */
import { loadDocument } from '../compose.ts';
import { manifestJsonSchema } from '../engine/manifest/json-schema.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';

export async function schema(what: string, io: Io): Promise<ExitCode> {
  io.stdout.write(await schemaOf(what));
  return EXIT.done;
}

async function schemaOf(what: string): Promise<string> {
  switch (what) {
    case 'pipeline':
      return schemaText();
    case 'summary':
      return textOf((await loadDocument()).summaryJsonSchema());
    default:
      throw new UsageError(`there is no schema of "${what}"`, 'name one of pipeline, summary');
  }
}

export function schemaText(): string {
  return textOf(manifestJsonSchema());
}

function textOf(schema: unknown): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
