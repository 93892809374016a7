/** Rules that need each other in a circle by name. Circles by paths are found in the graph of targets. */
import type { Diagnostic, Place } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Dimension, Rule } from './model.ts';

interface Need {
  readonly rule: string;
  readonly place: Place;
}

/** One diagnostic for each circle; a circle that shares a rule with an earlier one is told once that is mended. */
export function findCycles(
  rules: ReadonlyMap<string, Rule>,
  dimensions: ReadonlyMap<string, Dimension>,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const told = new Set<string>();
  for (const start of rules.keys()) {
    if (told.has(start)) continue;
    const circle = shortestCircle(start, (name) => needsOf(rules.get(name), dimensions));
    if (circle === undefined || circle.some(({ from }) => told.has(from))) continue;
    for (const { from } of circle) told.add(from);
    const names = [...circle.map(({ from }) => from), start].join(' → ');
    const hint = 'an input of an earlier partition needs an offset; otherwise take one of these inputs away';
    const related = circle.map(({ from, need }) => ({
      message: `"${from}" needs "${need.rule}"`,
      place: need.place,
    }));
    found.push({
      ...error(`rules need each other in a circle: ${names}`, rules.get(start)?.place, hint),
      related,
    });
  }
  return found;
}

function needsOf(rule: Rule | undefined, dimensions: ReadonlyMap<string, Dimension>): readonly Need[] {
  if (rule === undefined) return [];
  const inputs = rule.inputs.flatMap((input) => {
    if (input.kind !== 'rule' || input.offset.some(({ by }) => by !== 0)) return [];
    return [{ rule: input.rule, place: input.place }];
  });
  const keys = rule.for.flatMap((name) => {
    const dimension = dimensions.get(name);
    return dimension?.kind === 'dynamic' ? [{ rule: dimension.rule, place: dimension.place }] : [];
  });
  return [...inputs, ...keys];
}

interface Step {
  readonly from: string;
  readonly need: Need;
}

/** Breadth first from `start` back to `start`. */
function shortestCircle(
  start: string,
  needs: (name: string) => readonly Need[],
): readonly Step[] | undefined {
  const seen = new Set<string>();
  let paths: (readonly Step[])[] = [[]];
  while (paths.length > 0) {
    const longer: (readonly Step[])[] = [];
    for (const path of paths) {
      const from = path.at(-1)?.need.rule ?? start;
      for (const need of needs(from)) {
        const steps = [...path, { from, need }];
        if (need.rule === start) return steps;
        if (seen.has(need.rule)) continue;
        seen.add(need.rule);
        longer.push(steps);
      }
    }
    paths = longer;
  }
  return undefined;
}
