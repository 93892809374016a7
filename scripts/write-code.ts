/** After compilation: leaves beside the compiled tasks what their source's code identity is. */
import { writeFileSync } from 'node:fs';
import { projectFolder, SHIPPED_CODE, tasks } from '../src/compose.ts';
import type { ShippedCode } from '../src/engine/run/builtins.ts';
import { traceRegistered } from '../src/engine/run/builtins.ts';

const shipped: Record<string, ShippedCode> = {};
for (const [name, registered] of Object.entries(tasks)) {
  shipped[name] = await traceRegistered(registered, projectFolder());
}
writeFileSync(`dist/${SHIPPED_CODE}`, `${JSON.stringify(shipped, null, 1)}\n`);
