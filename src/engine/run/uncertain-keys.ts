/**
 * Dry runs only: inputs whose members hang on keys that something stale has given. It may give others when it is
 * built, so what is known of the members is not certain. Knows no files.
 */

import { holdsOf } from '../graph/givers.ts';
import type { Target } from '../graph/graph.ts';
import type { Session } from './session.ts';
import { isUncertain } from './settled.ts';

/** Ids of the targets on whose keys a target's inputs hang, and of which it is not known what they will give. */
export function uncertainKeys(session: Session, target: Target): readonly string[] {
  const { graph, paths } = session;
  const givers = new Set(holdsOf(graph, paths, target).map(({ giver }) => giver));
  return [...givers]
    .filter((index) => {
      const settled = session.settled(index);
      return settled !== undefined && isUncertain(settled);
    })
    .map((index) => graph.target(index).id);
}
