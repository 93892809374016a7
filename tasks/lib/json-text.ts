/** JSON files that people can read and diff: keys in code-unit order, one entry a line. Knows no files. */
import type { Json } from '../../src/engine/task.ts';
import { byCodeUnit, canonicalJson } from '../../src/engine/task.ts';

/** Objects are opened down to `depth`, what is deeper stands on one line. Equal values have equal text. */
export function jsonText(value: Json, depth = 2): string {
  return `${open(value, depth, '')}\n`;
}

function open(value: Json, depth: number, indent: string): string {
  if (depth === 0 || value === null || typeof value !== 'object' || Array.isArray(value))
    return canonicalJson(value);
  const members = Object.entries(value).sort(([a], [b]) => byCodeUnit(a, b));
  if (members.length === 0) return '{}';
  const inner = `${indent}  `;
  const lines = members.map(
    ([key, member]) => `${inner}${JSON.stringify(key)}: ${open(member, depth - 1, inner)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
