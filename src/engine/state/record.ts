/** What a target leaves behind when it ends: facts of content, and times for people. Plain data, no files. */
import type { Failure } from '../events.ts';
import type { Digest, Part } from '../hash.ts';

export interface OutputFact {
  readonly name: string;
  /** Relative to the workspace, or absolute where the manifest says so. */
  readonly path: string;
  readonly digest: Digest;
}

/** The last success of a target. With `absent` set it has no outputs: the publisher has no such thing (yet). */
export interface SuccessRecord {
  readonly kind: 'success';
  readonly target: string;
  readonly fingerprint: Digest;
  /** What the fingerprint was taken of: each input's digest, each parameter, the code. */
  readonly parts: readonly Part[];
  readonly outputs: readonly OutputFact[];
  /** Inputs learnt while running: path and digest. */
  readonly discovered: readonly (readonly [path: string, digest: string])[];
  readonly absent?: { readonly reason: string; readonly recheckAt?: string };
  readonly runId?: string;
  /** ISO, UTC. For a volatile target: when it was last asked. */
  readonly finishedAt: string;
  readonly seconds: number;
}

export interface FailureRecord {
  readonly kind: 'failure';
  readonly target: string;
  readonly fingerprint: Digest;
  readonly failure: Failure;
  readonly finishedAt: string;
}

/** The files and packages behind a code digest, so that `status` can name the one that changed. */
export interface CodeRecord {
  readonly kind: 'code';
  readonly digest: Digest;
  readonly files: readonly (readonly [name: string, digestOrVersion: string])[];
}

/** Written before a target runs: what a crash leaves can be told from what a success leaves. */
export interface StartRecord {
  readonly kind: 'start';
  readonly target: string;
}

export type JournalRecord = SuccessRecord | FailureRecord | CodeRecord | StartRecord;
