/** Circles among rules, as edges along them. Pure: knows neither what an edge is made of nor which circles are wrong. */

export interface Arrow {
  readonly consumer: string;
  readonly producer: string;
}

/** Strongly connected rules that have an edge among them, with the edges inside, in the order of the edges. */
export function knots<E extends Arrow>(edges: readonly E[]): readonly (readonly E[])[] {
  const reached = new Map<string, ReadonlySet<string>>();
  for (const { consumer } of edges) if (!reached.has(consumer)) reached.set(consumer, reach(edges, consumer));
  const told = new Set<E>();
  const found: (readonly E[])[] = [];
  for (const { consumer } of edges) {
    const forth = reached.get(consumer);
    if (forth === undefined || !forth.has(consumer)) continue;
    const together = (name: string): boolean =>
      forth.has(name) && (reached.get(name)?.has(consumer) ?? false);
    const inside = edges.filter((edge) => together(edge.consumer) && together(edge.producer));
    if (inside.some((edge) => told.has(edge))) continue;
    for (const edge of inside) told.add(edge);
    found.push(inside);
  }
  return found;
}

/** All that can be come to from here, in one step or more. */
function reach(edges: readonly Arrow[], from: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const next = [from];
  for (let here = next.pop(); here !== undefined; here = next.pop()) {
    for (const { consumer, producer } of edges) {
      if (consumer !== here || seen.has(producer)) continue;
      seen.add(producer);
      next.push(producer);
    }
  }
  return seen;
}

/** The shortest way that leaves by the first of these edges, takes the others in turn and comes back. */
export function circleThrough<E extends Arrow>(edges: readonly E[], stops: readonly E[]): readonly E[] {
  return stops.flatMap((stop, at) => {
    const next = stops[(at + 1) % stops.length] ?? stop;
    return [stop, ...shortest(edges, stop.producer, next.consumer)];
  });
}

function shortest<E extends Arrow>(edges: readonly E[], from: string, to: string): readonly E[] {
  const ways = new Map<string, readonly E[]>([[from, []]]);
  for (const [here, way] of ways) {
    if (here === to) return way;
    for (const edge of edges) {
      if (edge.consumer === here && !ways.has(edge.producer)) ways.set(edge.producer, [...way, edge]);
    }
  }
  throw new Error(`no way from "${from}" to "${to}" in a knot`);
}
