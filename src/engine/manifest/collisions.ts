/** Two outputs at one path: whichever target ran last would win. Templates are compared, not expanded paths. */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { OutputSpec, Rule } from './model.ts';
import { spelling } from './open.ts';

interface Owned {
  readonly rule: Rule;
  readonly output: OutputSpec;
  readonly path: string;
}

export function findCollisions(rules: ReadonlyMap<string, Rule>): readonly Diagnostic[] {
  const owned = [...rules.values()].flatMap((rule) =>
    rule.outputs.map((output): Owned => ({ rule, output, path: spelling(output.template) })),
  );
  const first = new Map<string, Owned>();
  const found: Diagnostic[] = [];
  for (const each of owned) {
    const before = first.get(each.path);
    if (before)
      found.push(clash(each, before, `${label(before)} and ${label(each)} write the same path ${each.path}`));
    else first.set(each.path, each);
  }
  for (const directory of first.values()) {
    if (!directory.output.directory) continue;
    for (const inner of first.values()) {
      if (!inner.path.startsWith(`${directory.path}/`)) continue;
      const message = `${label(inner)} lies in the directory that ${label(directory)} replaces as a whole: ${inner.path}`;
      found.push(clash(inner, directory, message));
    }
  }
  return found;
}

function label({ rule, output }: Owned): string {
  return `output "${output.name}" of rule "${rule.name}"`;
}

function clash(later: Owned, earlier: Owned, message: string): Diagnostic {
  const related = [{ message: label(earlier), place: earlier.output.template.place }];
  return { ...error(message, later.output.template.place, 'give each its own path'), related };
}
