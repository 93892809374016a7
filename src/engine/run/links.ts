/** What the targets of a pass read, from when they are linked until they have settled. Knows no states. */
import type { LinkedInput } from '../graph/edges.ts';
import { linkInputs, producersOf } from '../graph/edges.ts';
import type { Session } from './session.ts';

export class Links {
  readonly #session: Session;
  readonly #links: (readonly LinkedInput[] | undefined)[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** Whom a target reads; or, until these have settled, nobody can say. */
  link(index: number): { readonly awaits: readonly number[] } | { readonly reads: ReadonlySet<number> } {
    const { graph, paths, memo } = this.#session;
    const link = linkInputs(graph, paths, graph.target(index));
    if ('awaits' in link) return link;
    this.#links[index] = link.linked;
    const reads = producersOf(link.linked);
    memo.witness?.reads(index, reads);
    return { reads };
  }

  of(index: number): readonly LinkedInput[] {
    return this.#links[index] ?? [];
  }

  /** To be told of targets that have settled. */
  settled(index: number): void {
    // Only of an intermediate may files be demanded later.
    if (!this.#session.graph.target(index).rule.intermediate) this.#links[index] = undefined;
  }
}
