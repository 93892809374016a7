/** The name that was probably meant, by Damerau-Levenshtein distance. It knows no kinds of names. */
import { byCodeUnit } from '../json.ts';

const SHOWN = 12;

/** Edits, a swap of neighbours counting one (optimal string alignment). */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The nearest candidate, if it is near enough to be a slip: a third of the name, and at most three edits. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const slips = Math.min(3, name.length - 1, Math.max(1, Math.floor(name.length / 3)));
  let best: string | undefined;
  let bestDistance = slips + 1;
  for (const candidate of [...new Set(candidates)].sort(byCodeUnit)) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits >= bestDistance) continue;
    best = candidate;
    bestDistance = edits;
  }
  return best;
}

/** `did you mean "x"?`, or what there is to choose from: `known rules: a, b`. */
export function suggest(name: string, candidates: Iterable<string>, kind: string): string {
  const names = [...new Set(candidates)];
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (names.length === 0) return `there are no ${kind}`;
  const rest = names.length - SHOWN;
  return `known ${kind}: ${names.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
