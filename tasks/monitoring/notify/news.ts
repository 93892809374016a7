/**
 * What of the present state is news to somebody, by what they know already, and what they know afterwards. Pure: it
 * knows no clock and sends nothing.
 */
import { z } from 'zod';
import { sha256 } from '../../../src/engine/task.ts';
import { instantMs } from '../../lib/instant.ts';
import type { Verdict } from '../../reports/document.ts';
import { VERDICTS } from '../../reports/document.ts';
import type { GapRow } from '../../reports/rows.ts';
import type { Hook, Occasion } from '../settings.ts';
import type { Facts, Failed } from './facts.ts';

/** Stretches of time in epoch seconds, the second one exclusive, ascending and apart. */
const stretches = z.array(z.tuple([z.number(), z.number()])).readonly();

export const knownSchema = z.object({
  level: z.enum(VERDICTS).nullable(),
  /** Since when the level is that, or when it was last told: epoch milliseconds. */
  levelAt: z.number().nullable(),
  /** By symbol: where bars were missing. Null: no reports have been seen. */
  gaps: z.record(z.string(), stretches).nullable(),
  /** Of the targets that failed and their codes; null: none failed. */
  failed: z.string().nullable(),
  failedToldAt: z.number().nullable(),
});
export type Known = z.output<typeof knownSchema>;

export interface News {
  /** Empty: there is nothing to tell. */
  readonly occasions: readonly Occasion[];
  /** What the level was, where that is known. */
  readonly was: Verdict | undefined;
  readonly newGaps: readonly GapRow[];
  /** What somebody knows who has been told, or to whom there was nothing to tell. */
  readonly next: Known;
}

/** A daily job does not end at the same second each day: what is due is told from a tenth earlier on. */
const EARLY = 0.9;

/** The first look takes stock: no gap is new then, and no level has changed. `now`: epoch milliseconds. */
export function newsFor(
  hook: Pick<Hook, 'on' | 'repeatMs'>,
  facts: Facts,
  known: Known | undefined,
  now: number,
): News {
  const was = known?.level ?? undefined;
  const newGaps = known?.gaps && facts.gaps ? beyond(known.gaps, facts.gaps) : [];
  const failed = facts.failed.length === 0 ? null : digestOf(facts.failed);
  const isDue = (at: number | null | undefined): boolean =>
    hook.repeatMs !== undefined && typeof at === 'number' && now - at >= EARLY * hook.repeatMs;
  const worse = facts.level !== undefined && rank(facts.level) > rank(was ?? 'ok');
  const levelNews = worse || isDue(known?.levelAt);

  const isNews = (occasion: Occasion): boolean => {
    switch (occasion) {
      case 'critical':
        return facts.level === 'critical' && levelNews;
      case 'warning':
        // Who wants to hear of warnings wants to hear of worse, unless that is told by its own name.
        return (
          (facts.level === 'warning' || (facts.level === 'critical' && !hook.on.includes('critical'))) &&
          levelNews
        );
      case 'change':
        return was !== undefined && facts.level !== undefined && facts.level !== was;
      case 'new-gaps':
        return newGaps.length > 0;
      case 'failed':
        return failed !== null && (failed !== known?.failed || isDue(known.failedToldAt));
    }
  };
  const occasions = hook.on.filter(isNews);
  const toldLevel = occasions.some((each) => each === 'critical' || each === 'warning');
  const level = facts.level ?? was ?? null;
  return {
    occasions,
    was,
    newGaps,
    next: {
      level,
      levelAt: level === null ? null : toldLevel || level !== was ? now : (known?.levelAt ?? now),
      gaps: facts.gaps === undefined ? (known?.gaps ?? null) : stretchesOf(facts.gaps),
      failed,
      failedToldAt: occasions.includes('failed')
        ? now
        : failed === known?.failed
          ? (known?.failedToldAt ?? null)
          : null,
    },
  };
}

type Stretch = readonly [from: number, to: number];

/** Those that do not lie wholly within what was missing already: a known gap that is split or explained anew is none. */
function beyond(
  known: Readonly<Record<string, readonly Stretch[]>>,
  gaps: readonly GapRow[],
): readonly GapRow[] {
  return gaps.filter((gap) => {
    const [from, to] = stretchOf(gap);
    const before = Object.hasOwn(known, gap.symbol) ? (known[gap.symbol] ?? []) : [];
    return !before.some(([first, end]) => first <= from && to <= end);
  });
}

function stretchesOf(gaps: readonly GapRow[]): Record<string, [number, number][]> {
  const found = new Map<string, [number, number][]>();
  for (const gap of gaps) {
    const of = found.get(gap.symbol) ?? [];
    found.set(gap.symbol, of);
    of.push([...stretchOf(gap)]);
  }
  return Object.fromEntries([...found].map(([symbol, of]) => [symbol, joined(of)]));
}

/** Neighbours become one: a gap is split where its cause changes, and causes change. */
function joined(all: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = [];
  for (const [from, to] of [...all].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function stretchOf({ first_missing, last_missing, missing, minutes }: GapRow): Stretch {
  const [first, last] = [secondsOf(first_missing), secondsOf(last_missing)];
  // What one bar spans; a gap has at least one.
  return [first, last + (minutes * 60) / Math.max(1, missing)];
}

function secondsOf(instant: string): number {
  const ms = instantMs(instant);
  if (ms === undefined) throw new Error(`${JSON.stringify(instant)} is no instant`);
  return ms / 1000;
}

function rank(level: Verdict): number {
  return VERDICTS.indexOf(level);
}

function digestOf(failed: readonly Failed[]): string {
  const lines = failed.map(({ target, code }) => `${target} ${code}`).sort();
  return sha256(lines.join('\n'));
}
