/** After compilation: leaves beside the compiled tasks what their source's code identity is, and that of the whole. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM, projectFolder, SHIPPED_CODE, tasks } from '../src/compose.ts';
import { digestOfValue, sha256 } from '../src/engine/hash.ts';
import type { ShippedCode } from '../src/engine/run/builtins.ts';
import { traceRegistered } from '../src/engine/run/builtins.ts';
import { filesBelow } from '../src/engine/state/files.ts';

const shipped: Record<string, ShippedCode> = {};
for (const [name, registered] of Object.entries(tasks)) {
  shipped[name] = await traceRegistered(registered, projectFolder());
}
writeFileSync(`dist/${SHIPPED_CODE}`, `${JSON.stringify(shipped, null, 1)}\n`);
const compiled = filesBelow('dist').filter((name) => name.endsWith('.js'));
const program = compiled.map((name): [string, string] => [name, sha256(readFileSync(join('dist', name)))]);
writeFileSync(`dist/${PROGRAM}`, `${digestOfValue(program)}\n`);
