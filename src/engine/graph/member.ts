/** What an input may be made of, as plain data: the vocabulary between the law of inputs and those who act on it. */
import type { InputSpec, Rule } from '../manifest/model.ts';
import type { Partition, Span } from '../task.ts';

export type RuleInput = Extract<InputSpec, { kind: 'rule' }>;

export type Member =
  /** An output of another target; `within` is a file inside a directory output. */
  | {
      readonly kind: 'target';
      readonly target: number;
      readonly output: string;
      readonly within: string | undefined;
    }
  | { readonly kind: 'file'; readonly path: string }
  /**
   * All files on disk that match and that no target makes; resolved when the consumer is decided. The glob, then
   * what it is not to match, each after a `!`: what the consumer's own rule writes.
   */
  | { readonly kind: 'glob'; readonly pattern: readonly string[] }
  /** No target can be there: an offset leads over the edge of the dimension, or the producer lacks the partition. */
  | {
      readonly kind: 'beyond';
      readonly id: string;
      readonly partition: Partition;
      readonly reason: string;
    }
  /** The keys of a dynamic dimension cannot be had: this is the target that should have given them. */
  | { readonly kind: 'unavailable'; readonly target: number; readonly rule: string };

/** A target that reads: its partition, and what each of its keys covers, unclipped. */
export interface Consumer {
  readonly rule: Rule;
  readonly partition: Partition;
  readonly spans: readonly Span[];
}

/** `list`: a fan-in or a glob, decided by the rules alone. Otherwise there is exactly one member. */
export interface Members {
  readonly list: boolean;
  readonly members: readonly Member[];
}

export interface LinkedInput extends Members {
  readonly spec: InputSpec;
}

export type Link =
  | { readonly linked: readonly LinkedInput[] }
  /** These must settle before the inputs are known. */
  | { readonly awaits: readonly number[] };
