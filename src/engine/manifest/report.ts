/** Where diagnostics go while a manifest is read, and the order in which they come out. */
import type { Diagnostic } from '../diagnostic.ts';
import { byCodeUnit } from '../json.ts';

export type Report = (diagnostic: Diagnostic) => void;

/** By file, line and column; what has no place comes first; what was said twice is said once. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map<string, Diagnostic>();
  for (const each of diagnostics) {
    const { file, line, column } = each.place ?? { file: '', line: 0, column: 0 };
    const key = JSON.stringify([each.message, file, line, column]);
    if (!unique.has(key)) unique.set(key, each);
  }
  return [...unique.values()].sort(
    (a, b) =>
      byCodeUnit(a.place?.file ?? '', b.place?.file ?? '') ||
      (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
      (a.place?.column ?? 0) - (b.place?.column ?? 0),
  );
}
