/** The name that was probably meant: a slip or two away by Levenshtein's distance. It knows no kinds of names. */

/** Undefined where none is near enough: two edits, and less than half of the name. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.ceil(name.length / 2));
  for (const candidate of candidates) {
    const edits = distance(name.toLowerCase(), candidate);
    if (edits >= least) continue;
    best = candidate;
    least = edits;
  }
  return best;
}

function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [row, letter] of [...a].entries()) {
    const here = [row + 1];
    for (let at = 1; at <= b.length; at++) {
      const same = (above[at - 1] ?? 0) + (letter === b[at - 1] ? 0 : 1);
      here.push(Math.min(same, (above[at] ?? 0) + 1, (here[at - 1] ?? 0) + 1));
    }
    above = here;
  }
  return above[b.length] ?? 0;
}
