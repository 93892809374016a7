/**
 * What decides which lines a lockfile may have, besides what is built: as long as it is the same, only what has run can
 * change a line. It knows no file.
 */
import { digestOfValue } from '../hash.ts';
import type { Json } from '../json.ts';
import { MINUTE } from '../manifest/instant.ts';
import type { Dimension } from '../manifest/model.ts';
import type { Session } from '../run/session.ts';
import { lockedKind } from './kinds.ts';

/** As it is noted when the lockfile may hold more values than a build of everything would leave. */
export function spareOf(about: Json): Json {
  return [about, 'values that nobody may read'];
}

/**
 * Of the graph, its as-of and the rules whose values are pinned. `asOf`: another one, at which calendars that end with
 * the graph's own end as well.
 */
export function aboutOf(
  { graph: { manifest } }: Session,
  pinned: ReadonlySet<string>,
  asOf: number = manifest.asOf,
): Json {
  const rules = [...manifest.rules.values()].map(
    (rule): Json => [rule.name, [...rule.for], lockedKind(rule, pinned) ?? null, rule.partitions],
  );
  const dimensions = [...manifest.dimensions.values()].map((each) => keysIn(each, manifest.asOf, asOf));
  return digestOfValue([asOf, rules, dimensions]);
}

function keysIn(dimension: Dimension, now: number, asOf: number): Json {
  switch (dimension.kind) {
    case 'list':
      return [dimension.name, [...dimension.keys]];
    case 'calendar': {
      const to = dimension.to === now + MINUTE ? asOf + MINUTE : dimension.to;
      return [dimension.name, dimension.every, dimension.from, to];
    }
    case 'dynamic':
      return [dimension.name, dimension.of ?? null, dimension.rule, dimension.pointer];
  }
}
