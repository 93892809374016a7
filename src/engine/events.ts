/**
 * Everything that happens in a build, as plain data. Screens, JSON lines, traces and metrics are listeners on
 * this stream: adding one touches nothing else. Field names of the two `…-finished` events are a contract.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { Alert, Origin } from './task.ts';

/** How a target ended in a build. */
export type Outcome = 'executed' | 'restored' | 'checked' | 'fresh' | 'absent' | 'failed' | 'blocked';

/** What `status` finds. */
export type TargetState = 'fresh' | 'stale' | 'pending' | 'absent' | 'failed' | 'blocked' | 'unknown';

export type ReasonKind =
  | 'input'
  | 'param'
  | 'code'
  | 'output'
  | 'new'
  | 'forced'
  | 'due'
  | 'upstream'
  | 'failed';

/** Why a target is not simply fresh. `was` and `is` are short texts: values of parameters, digests of files. */
export interface Reason {
  readonly kind: ReasonKind;
  readonly name: string;
  readonly was?: string;
  readonly is?: string;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Last lines of the target's log, oldest first. */
  readonly log?: readonly string[];
  /** The file with the whole log, relative to the workspace, where there is more of it than `log` holds. */
  readonly logPath?: string;
  /** Only for bugs: the stack of what was thrown. */
  readonly stack?: string;
}

export interface TargetStatus {
  readonly target: string;
  readonly state: TargetState;
  readonly reasons: readonly Reason[];
  /** Of one that failed: the log of its last run, relative to the workspace, if it had anything to say. */
  readonly log?: string;
  readonly absent?: Absence;
  /** Of one that is fresh: what its task had to say of the outputs that stand. */
  readonly alerts?: readonly Alert[];
}

/** So many targets of a rule, one behind the other, that are fresh and of which there is no more to say. */
export interface FreshRun {
  readonly rule: string;
  readonly fresh: number;
}

/** Why a target is absent, and from when on it is asked again (ISO, UTC), if that is so. */
export interface Absence {
  readonly reason: string;
  readonly recheckAt?: string;
}

/** A file that a target has read. */
export interface ReadFact {
  /** The name of the input; left out for one that the task learnt of while it ran. */
  readonly input?: string;
  /** Relative to the workspace, or absolute. */
  readonly path: string;
  /** Only the value there was read. */
  readonly pointer?: string;
  /** Of the file, or of the value. */
  readonly digest: string;
  /** Of a source file that the task itself keeps: where the answer in it came from. */
  readonly origins?: readonly Origin[];
}

export interface WroteFact {
  readonly name: string;
  readonly path: string;
  readonly digest: string;
  /** Where the bytes came from, if from outside and the task says so. */
  readonly origins?: readonly Origin[];
}

/** What a target was made of, and what it made, as recorded. */
export interface Made {
  readonly fingerprint: string;
  readonly inputs: readonly ReadFact[];
  readonly outputs: readonly WroteFact[];
}

/** A file of which a locked build came to something else than the lockfile says. */
export interface LockDifference {
  readonly target: string;
  /** Relative to the workspace, or absolute. */
  readonly path: string;
  /** SHA-256; null: no line names it, or two lines contradict each other. */
  readonly locked: string | null;
  /** SHA-256 of what is there now; null: the target has no such output. */
  readonly is: string | null;
  /** How the two contents differ, where the locked one is still kept and both are of a format whose rows can be told. */
  readonly difference?: ContentDifference;
}

/** How two contents of a file differ. */
export interface ContentDifference {
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** The first that differ; `row` from 1, 0 is the header. Of each only the cells that differ; null: none there. */
  readonly rows: readonly {
    readonly row: number;
    readonly cells: readonly {
      readonly column: string;
      readonly locked: string | null;
      readonly is: string | null;
    }[];
  }[];
}

/** What a target waited for before it could go on. */
export interface Waited {
  /** The target whose end let it go on: of its inputs the last to end, or what gave its keys. None: nothing held it up. */
  readonly after?: string;
  /** Seconds in the queue of its pool. */
  readonly queued: number;
}

export type AlertCounts = Readonly<Record<Alert['level'], number>>;

export type BuildEvent =
  | {
      readonly type: 'build-started';
      readonly asOf: string;
      readonly dryRun: boolean;
      readonly selectors: readonly string[];
      /** All rules as the manifest declares them: the order in which listeners show them. */
      readonly rules: readonly string[];
    }
  | { readonly type: 'warning'; readonly diagnostic: Diagnostic }
  /** Another build holds the workspace; `holder` is what it says of itself. */
  | { readonly type: 'lock-waiting'; readonly holder: string }
  /** `count` more targets of the rule are now known to be part of this build. */
  | { readonly type: 'targets-planned'; readonly rule: string; readonly count: number }
  | {
      readonly type: 'target-started';
      readonly target: string;
      readonly rule: string;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly type: 'target-progress';
      readonly target: string;
      readonly rule: string;
      readonly done: number;
      readonly total?: number;
      readonly unit: string;
    }
  | { readonly type: 'target-log'; readonly target: string; readonly line: string }
  /** What people must know although the target has not failed. */
  | { readonly type: 'target-warning'; readonly target: string; readonly message: string }
  | {
      readonly type: 'target-retry';
      readonly target: string;
      readonly attempt: number;
      readonly message: string;
      readonly waitMs: number;
    }
  | {
      readonly type: 'target-finished';
      readonly target: string;
      readonly rule: string;
      readonly outcome: Outcome;
      readonly reasons: readonly Reason[];
      readonly seconds: number;
      /** With outcome `absent`: the publisher's reason. */
      readonly absent?: string;
      readonly failure?: Failure;
      /** Final outputs, relative to the workspace, when there are any: also of a failure that is only incomplete. */
      readonly outputs?: readonly string[];
      /** Counts of what differs from the outputs that were in place, as the task names them. */
      readonly changes?: Readonly<Record<string, number>>;
      /** What the task has to say of the outputs that stand, whether made now or before. */
      readonly alerts?: readonly Alert[];
      /** Only where the build was asked for it, and the target has run and left something. */
      readonly made?: Made;
      /** Only where the build was asked for it. */
      readonly waited?: Waited;
    }
  /** So many targets of a rule have ended like this, as in an earlier build: none of them is told of by itself. */
  | {
      readonly type: 'targets-stood';
      readonly rule: string;
      readonly outcome: Extract<Outcome, 'fresh' | 'absent'>;
      readonly count: number;
    }
  | {
      readonly type: 'build-finished';
      readonly asOf: string;
      /** run_id of the last run-numbered rule that is part of the build, else null. */
      readonly runId: string | null;
      readonly executed: number;
      readonly restored: number;
      readonly checked: number;
      readonly fresh: number;
      readonly absent: number;
      readonly failed: number;
      readonly blocked: number;
      readonly seconds: number;
      readonly interrupted: boolean;
      /** How many there are, by level, of all targets that are part of the build. */
      readonly alerts: AlertCounts;
      /** Only of a locked build: what came out otherwise than the lockfile says. */
      readonly differing?: readonly LockDifference[];
    };

export type Listener = (event: BuildEvent) => void;

/** What a watch does between its builds. */
export type WatchEvent =
  /** Why it builds: the first of the paths that changed, relative to the workspace, and how many more there are. */
  | { readonly type: 'watch-changed'; readonly changed: readonly string[]; readonly more: number }
  /** Nothing can be built before this is mended. */
  | { readonly type: 'watch-broken'; readonly diagnostics: readonly Diagnostic[] }
  /** Another manifest has ended the running build early. */
  | { readonly type: 'watch-restarting' }
  | { readonly type: 'watch-waiting'; readonly folders: number };
