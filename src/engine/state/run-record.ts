/**
 * What is kept of one build, for people: when, why and how fast what ran, what changed in the data, what failed.
 * Plain data and its shape, which `pipeline log --json` prints as it is. Nothing that a build decides rests on it.
 */
import { z } from 'zod';

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const instant = z.iso.datetime();
const sums = z.record(z.string(), z.number());

const outcome = z.enum(['executed', 'restored', 'checked', 'fresh', 'absent', 'failed', 'blocked']);
const reasonKind = z.enum(['input', 'param', 'code', 'output', 'new', 'forced', 'due', 'upstream', 'failed']);

const reason = z.object({
  kind: reasonKind,
  name: z.string(),
  was: z.string().exactOptional(),
  is: z.string().exactOptional(),
});

const ruleTotals = z.object({
  rule: z.string(),
  /** Targets by outcome; outcomes that none had are left out. */
  counts: z.partialRecord(outcome, count),
  /** What its targets took, summed. */
  seconds,
  /** Time in which at least one of its targets ran. */
  busySeconds: seconds,
  /** What executed targets told of as progress in bytes. */
  bytes: count,
  /** Targets that ran or failed, by kind of reason: one of several kinds counts for each. */
  reasons: z.partialRecord(reasonKind, count),
  /** The sums of what tasks counted as changed in the data. */
  changes: sums,
});

const targetRun = z.object({
  target: z.string(),
  outcome,
  seconds,
  /** The first few, and how many more there were. */
  reasons: z.array(reason),
  moreReasons: count,
  changes: sums.exactOptional(),
  failure: z.object({ code: z.string(), message: z.string() }).exactOptional(),
  /** Between the one listed before it and this one lie targets of their rule that are not listed. */
  apart: z.literal(true).exactOptional(),
});

const alert = z.object({
  target: z.string(),
  level: z.enum(['warning', 'critical']),
  code: z.string(),
  message: z.string(),
});

export const runRecord = z.object({
  /** From 1, rising. */
  number: count.positive(),
  /** How many builds in a row it stands for: more than one only if all had nothing to do, for the same request. */
  builds: count.positive(),
  /** Of the first of them. */
  startedAt: instant,
  /** Of the last of them, as are the seconds. */
  finishedAt: instant,
  seconds,
  /** `broken`: it could not go on, see `error`. */
  ended: z.enum(['done', 'interrupted', 'broken']),
  error: z.string().exactOptional(),
  asOf: z.string(),
  runId: z.string().nullable(),
  selectors: z.array(z.string()),
  moreSelectors: count,
  /** As `--from` and `--to` would be given. */
  from: z.string().exactOptional(),
  to: z.string().exactOptional(),
  options: z.object({
    force: z.boolean(),
    refresh: z.boolean(),
    /** `--refresh=all`. */
    sweep: z.boolean(),
    offline: z.boolean(),
  }),
  /** Of the program. */
  version: z.string().exactOptional(),
  counts: z.record(outcome, count),
  /** In the order of the manifest; those where all was as it should be are left out. */
  rules: z.array(ruleTotals),
  /** What ran or failed, in the order of rules and partitions; when there is too much, what failed or changed first. */
  targets: z.array(targetRun),
  moreTargets: count,
  warnings: z.array(z.object({ target: z.string(), message: z.string() })),
  moreWarnings: count,
  /** What tasks had to say of the outputs that stood at its end; left out where there was nothing. */
  alerts: z.array(alert).exactOptional(),
  moreAlerts: count.exactOptional(),
});

export type RunRecord = z.infer<typeof runRecord>;
export type RuleTotals = z.infer<typeof ruleTotals>;
export type TargetRun = z.infer<typeof targetRun>;

/** A build before it has its place in the history. */
export type NewRun = Omit<RunRecord, 'number' | 'builds'>;

/** All was fresh or absent already, and nothing was asked: consecutive ones are folded. */
export function isIdle(run: NewRun): boolean {
  return (
    run.ended === 'done' && run.counts.blocked === 0 && run.targets.length === 0 && run.warnings.length === 0
  );
}

/** It built nothing and nothing failed, though it may have asked: what the history can spare first. */
export function isQuiet({ ended, counts, warnings }: NewRun): boolean {
  const { executed, restored, failed, blocked } = counts;
  return ended === 'done' && executed + restored + failed + blocked === 0 && warnings.length === 0;
}
