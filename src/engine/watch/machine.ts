/**
 * When a watch builds: signals in, commands out. One build at a time, begun when changes have come to rest; what
 * changes while one runs is built after it, and only another manifest ends it early. Knows no files and no clock.
 */

export interface Change {
  /** As people are told of it: relative to the workspace where it lies inside; a folder ends in `/`. */
  readonly path: string;
  /** `manifest`: what is to be built may have changed, not only of what. */
  readonly kind: 'manifest' | 'source';
  /** A folder that came: what lies in it, if anything that matters, is found when it is looked at. */
  readonly folder?: 'new' | 'gone';
}

export type Signal =
  /** `at`: milliseconds, from any start. */
  | { readonly kind: 'changed'; readonly changes: readonly Change[]; readonly at: number }
  /** The time that the last `settle` asked for has passed. */
  | { readonly kind: 'settled' }
  /** What `look` has found: the manifest that is being built, another one, or none for which to end the build. */
  | { readonly kind: 'looked'; readonly found: 'same' | 'another' | 'later' }
  /** What `begin` began is over. `broken`: there was nothing that could be built. */
  | { readonly kind: 'ended'; readonly broken: boolean }
  | { readonly kind: 'interrupted' };

export type Command =
  /** Send `settled` after so many milliseconds, in place of what was asked for before. */
  | { readonly kind: 'settle'; readonly ms: number }
  | { readonly kind: 'begin'; readonly changes: readonly Change[] }
  | { readonly kind: 'look' }
  /** The build is to end; `ended` follows. */
  | { readonly kind: 'cancel' }
  /** Nothing follows. */
  | { readonly kind: 'stop' };

export interface WatchState {
  readonly build: 'none' | 'running' | 'ending';
  /** What the running build was begun for. */
  readonly begun: readonly Change[];
  /** What has changed since, each path once, in order of arrival. */
  readonly changes: readonly Change[];
  /** When the first of the changes came that have not come to rest. */
  readonly since: number | undefined;
  readonly stopping: boolean;
}

export type Stepped = readonly [state: WatchState, commands: readonly Command[]];

/** An editor writes a temporary file, renames it, and sets its mode: one save, a few milliseconds. */
export const QUIET_MS = 100;
/** A file that is written to without end is built from all the same. */
export const PATIENCE_MS = 2_000;

/** A watch begins with a build. */
export function start(): Stepped {
  return [
    { build: 'running', begun: [], changes: [], since: undefined, stopping: false },
    [{ kind: 'begin', changes: [] }],
  ];
}

export function step(state: WatchState, signal: Signal): Stepped {
  switch (signal.kind) {
    case 'changed': {
      if (state.stopping || signal.changes.length === 0) return [state, []];
      const since = state.since ?? signal.at;
      const ms = Math.max(0, Math.min(QUIET_MS, since + PATIENCE_MS - signal.at));
      return [{ ...state, changes: merge(state.changes, signal.changes), since }, [{ kind: 'settle', ms }]];
    }
    case 'settled': {
      const rested = { ...state, since: undefined };
      if (state.stopping || state.changes.length === 0 || state.build === 'ending') return [rested, []];
      if (state.build === 'none') return begin(rested, rested.changes);
      const manifest = state.changes.some(({ kind }) => kind === 'manifest');
      return [rested, manifest ? [{ kind: 'look' }] : []];
    }
    case 'looked':
      return state.build === 'running' ? looked(state, signal.found) : [state, []];
    case 'ended': {
      const idle: WatchState = { ...state, build: 'none', begun: [] };
      if (state.stopping) return [idle, [{ kind: 'stop' }]];
      const due = state.changes.length > 0 && state.since === undefined;
      const changes = signal.broken ? merge(state.begun, state.changes) : state.changes;
      return due ? begin(idle, changes) : [{ ...idle, changes }, []];
    }
    case 'interrupted': {
      if (state.stopping) return [state, []];
      const stopping: WatchState = { ...state, stopping: true, changes: [], since: undefined };
      switch (state.build) {
        case 'none':
          return [stopping, [{ kind: 'stop' }]];
        case 'running':
          return [{ ...stopping, build: 'ending' }, [{ kind: 'cancel' }]];
        case 'ending':
          return [stopping, []];
      }
    }
  }
}

function looked(state: WatchState, found: 'same' | 'another' | 'later'): Stepped {
  switch (found) {
    case 'same':
      return [{ ...state, changes: state.changes.filter(isNews) }, []];
    case 'another':
      return [{ ...state, build: 'ending' }, [{ kind: 'cancel' }]];
    case 'later':
      // A manifest that is broken ends no build of one that was sound: it is looked at again afterwards.
      return [state, []];
  }
}

function begin(state: WatchState, changes: readonly Change[]): Stepped {
  return [{ ...state, build: 'running', begun: changes, changes: [] }, [{ kind: 'begin', changes }]];
}

/** What is left to be built for when the manifest has turned out to be the same. */
function isNews({ kind, folder }: Change): boolean {
  return kind !== 'manifest' || folder !== undefined;
}

/** The later word on a path counts, in the earlier one's place. */
function merge(earlier: readonly Change[], later: readonly Change[]): readonly Change[] {
  const byPath = new Map(earlier.map((change) => [change.path, change]));
  for (const change of later) byPath.set(change.path, change);
  return [...byPath.values()];
}
