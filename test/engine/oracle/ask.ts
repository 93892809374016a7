/** How the reference is asked, and what it answers of each target. */

export type Outcome = 'executed' | 'restored' | 'checked' | 'fresh' | 'absent' | 'failed' | 'blocked';

export type Roots =
  /** All rules that are built by default. */
  | { readonly kind: 'default' }
  | { readonly kind: 'all' }
  | { readonly kind: 'rule'; readonly rule: number; readonly keys: readonly (string | undefined)[] }
  /** What a build has told of: for those whose reach the reference does not foretell. */
  | { readonly kind: 'ids'; readonly ids: readonly string[] };

export interface Ask {
  readonly roots: Roots;
  /** Whether a target is built although it is fresh. Undefined: none is. */
  readonly forced?: ((target: string) => boolean) | undefined;
  readonly force: boolean;
  readonly refresh: boolean;
  readonly struck: (target: string) => boolean;
  /** What volatile tasks find outside. */
  readonly outside: string;
  /**
   * What the build under test has told: a target that had to run may have been restored instead, where that very
   * basis was built before, and nothing else is taken from it.
   */
  readonly told: Readonly<Record<string, string>>;
  /** Whether nothing stands at a path when the build is over: of a restored intermediate the record may be enough. */
  readonly isGone: (path: string) => boolean;
  /** Intermediates that were made again although, of these roots, nobody needed them. */
  readonly demanded: readonly string[];
}
