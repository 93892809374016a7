/** Two maps of plain values, held against each other: only where they differ is told. */

type Facts = ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>;

export class Difference extends Error {}

/** `are` is what was found. */
export function expectSame(what: string, are: Facts, should: Facts): void {
  const [found, expected] = [asMap(are), asMap(should)];
  const names = [...new Set([...found.keys(), ...expected.keys()])].sort();
  const lines = names.flatMap((name) => {
    const [is, be] = [JSON.stringify(found.get(name)), JSON.stringify(expected.get(name))];
    return is === be ? [] : [`  ${name}\n    is        ${is ?? 'nothing'}\n    should be ${be ?? 'nothing'}`];
  });
  if (lines.length > 0) throw new Difference([`${what}:`, ...lines].join('\n'));
}

/** Of sets: each member and that it is there. */
export function members(names: Iterable<string>): ReadonlyMap<string, true> {
  return new Map([...names].map((name) => [name, true]));
}

function asMap(facts: Facts): ReadonlyMap<string, unknown> {
  return facts instanceof Map ? facts : new Map(Object.entries(facts));
}
