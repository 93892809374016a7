/**
 * The calendar of halts in the market's config (`configs/halts.yaml`): its check, and what the reports are given of it,
 * which is the list of the market in force without the sources. It knows no bars.
 */
import { z } from 'zod';
import type { Json } from '../src/engine/task.ts';
import { canonicalJson } from '../src/engine/task.ts';
import type { Market } from './binance/layout.ts';
import { MARKETS } from './binance/layout.ts';
import type { ConfigIssue } from './config-contradictions.ts';
import { at, isMap } from './config-contradictions.ts';
import * as v from './config-values.ts';
import { instantMs } from './lib/instant.ts';
import { MINUTE } from './quality/halts.ts';

const ENTRY = '{ first: "2021-02-11T03:41:00Z", last: "2021-02-11T04:59:00Z", source: "…" }';
const LIST = `a list of halts such as [${ENTRY}]`;
const NAMES = 'expected one of approximate, first, last, source';

const minute = v.instant.refine((input) => !(msOf(input) % MINUTE > 0), {
  error: ({ input }) => `${v.shown(input)}: expected a whole minute such as 2021-02-11T03:41:00Z`,
});

const entry = z.strictObject(
  {
    first: minute,
    last: minute,
    source: v.nonEmptyText,
    approximate: v.trueOrFalse.optional(),
  },
  {
    error: ({ code, input }) =>
      code === 'unrecognized_keys'
        ? `no such name in a halt: ${NAMES}`
        : `${v.shown(input)}: expected a halt such as ${ENTRY}`,
  },
);

const list = v.list(entry, 0, LIST).superRefine((entries, ctx) => {
  const times = entries.map((each) => ({
    first: textAt(each, 'first'),
    last: textAt(each, 'last'),
  }));
  for (const [index, { first, last }] of times.entries()) {
    const say = (name: string, message: string): void => {
      ctx.addIssue({ code: 'custom', path: [index, name], message });
    };
    if (msOf(last) < msOf(first))
      say('last', `${v.shown(last)}: expected nothing before first, ${v.shown(first)}`);
    const before = times[index - 1];
    if (before === undefined) continue;
    const [begins, begun, ended] = [msOf(first), msOf(before.first), msOf(before.last)];
    if (begins < begun) {
      say(
        'first',
        `${v.shown(first)}: expected halts in the order of time, the one before begins at ${v.shown(before.first)}`,
      );
    } else if (begins <= ended + MINUTE) {
      say(
        'first',
        `${v.shown(first)}: expected a minute in between, the halt before ends with ${v.shown(before.last)}: write one halt`,
      );
    }
  }
});

/** Names of the section `halts`; `in_force` follows from the market. */
export const HALTS = {
  version: v.version,
  ...Object.fromEntries(MARKETS.map((market) => [market, list.nullable()])),
  in_force: z.unknown(),
};

/** A calendar has a version, and what follows from the rest is not to be set. */
export function haltContradictions(config: Json): readonly ConfigIssue[] {
  const halts = at(config, 'halts');
  if (!isMap(halts)) return [];
  const issues: ConfigIssue[] = [];
  if (halts['version'] === undefined && MARKETS.some((market) => Array.isArray(halts[market]))) {
    const message = 'nothing: expected a whole number above 0 that is raised with each change of the lists';
    issues.push({ path: ['halts', 'version'], message });
  }
  const name = at(config, 'market');
  const market = MARKETS.find((each) => each === name);
  const given = halts['in_force'];
  const follows = market === undefined ? null : haltsInForce(config, market);
  if (given !== undefined && canonicalJson(given) !== canonicalJson(follows)) {
    const message = `${v.shown(given)}: expected nothing, it follows from the market: leave it out`;
    issues.push({ path: ['halts', 'in_force'], message });
  }
  return issues;
}

/** Of the market: what the reports are given. Null where the config has no calendar. */
export function haltsInForce(config: Json, market: Market): Json {
  const [version, entries] = [at(config, 'halts', 'version'), at(config, 'halts', market)];
  if (typeof version !== 'number') return null;
  return { version, list: Array.isArray(entries) ? entries.map(withoutSource) : [] };
}

function withoutSource(entry: Json): Json {
  if (!isMap(entry)) return entry;
  const { source: _, ...times } = entry;
  return times;
}

function textAt(entry: unknown, name: string): unknown {
  return typeof entry === 'object' && entry !== null ? Reflect.get(entry, name) : undefined;
}

/** NaN, which no comparison holds for, where there is no instant. */
function msOf(value: unknown): number {
  return typeof value === 'string' ? (instantMs(value) ?? Number.NaN) : Number.NaN;
}
