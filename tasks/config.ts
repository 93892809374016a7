/**
 * The shape of the market's config: checks it and adds what follows from the market. Structurally the engine's
 * `ConfigSchema`, which only the composition root names. A workspace with neither `market` nor `binance` is none of
 * ours: whatever it calls `symbols` or `limits` passes. It reads no files and knows no places in them.
 */
import { z } from 'zod';
import type { Json } from '../src/engine/task.ts';
import { byCodeUnit } from '../src/engine/task.ts';
import { FILLS, MARKETS, RAW_FOLDERS, REST_URLS, REST_WEIGHT_LIMITS } from './binance/layout.ts';
import type { ConfigIssue } from './config-contradictions.ts';
import { at, contradictions, isMap } from './config-contradictions.ts';
import { CROSSCHECK, crosscheckContradictions } from './config-crosscheck.ts';
import { FEATURES, featureContradictions, resampledOf } from './config-features.ts';
import { HALTS, haltContradictions, haltsInForce } from './config-halts.ts';
import { chosenBy, symbols } from './config-symbols.ts';
import * as v from './config-values.ts';
import { monitoringShape, notify } from './monitoring/settings.ts';
import { gatesSchema } from './quality/gates.ts';

export type { ConfigIssue } from './config-contradictions.ts';

type Shape = Readonly<Record<string, z.ZodType>>;

/** What nobody is to set: it follows from other values. */
const FOLLOWING: ReadonlySet<string> = new Set(['folder', 'listed', 'unlisted', 'in_force', 'resampled']);

/** Sections in which a name that nobody knows is a mistake. What may be null has a default or may be wanting. */
const SECTIONS: Readonly<Record<string, Shape>> = {
  history: { start_ts_utc: v.instant, end_ts_utc: v.instant.nullable() },
  binance: {
    archive_url: v.baseUrls,
    listing_url: v.baseUrl,
    /** How old an answer of the listing may be: `refresh` of the rule. */
    listing_refresh: v.duration,
    /** How often a listing looks at all there is: `refresh.sweep` of the rule. */
    listing_sweep: v.duration,
    fill: v.oneOf(FILLS),
    rest_url: v.baseUrl.nullable(),
    rest_weight_share: v.share,
    rest_weight_limit: v.weight.nullable(),
    rest_recheck: v.duration,
    prefer_daily: v.list(v.month, 0, 'a list of months such as ["2020-12"]').nullable(),
    /** Follows from the market: `complete` adds it. */
    folder: v.oneOf(Object.values(RAW_FOLDERS)),
    /** Follow from `symbols`. */
    listed: v.patterns(1).nullable(),
    unlisted: v.patterns(0).nullable(),
  },
  network: {
    connect_timeout: v.duration.nullable(),
    headers_timeout: v.duration.nullable(),
    body_timeout: v.duration.nullable(),
    deadline: v.duration,
    ca_file: v.nonEmptyText.nullable(),
    user_agent: v.userAgent.nullable(),
  },
  limits: { max_zip_bytes: v.bytes.nullable(), max_csv_bytes: v.bytes.nullable() },
  halts: HALTS,
  features: FEATURES,
  crosscheck: CROSSCHECK,
  monitoring: monitoringShape,
};

/** What else is read, with names that users may add to. */
const OPEN_NAMES = [
  'paths.raw',
  'paths.cache',
  'paths.processed',
  'paths.features',
  'paths.quarantine',
  'paths.reports',
  'pools.network',
  'pools.rest',
  'pools.cpu',
];
/** Parameters of what is counted where bars are made. */
const CHECKS: Shape = { jump_sigma: v.factor, flat_bars: v.weight };

/** What thresholds of coverage were before there were gates. */
const NO_COVERAGE = z.unknown().refine(() => false, {
  error:
    'expected nothing: thresholds are those of quality.gates now, see configs/quality.yaml of `pipeline init`',
});

const market = v.oneOf(MARKETS);

const schema = z.looseObject(
  optional({
    market,
    interval: v.interval,
    symbols,
    notify,
    ...Object.fromEntries(Object.entries(SECTIONS).map(([name, shape]) => [name, section(name, shape)])),
    paths: z.record(z.string(), v.nonEmptyText, { error: expectedSection }).nullable(),
    pools: z.record(z.string(), v.poolSize, { error: expectedSection }).nullable(),
    quality: z.looseObject(
      optional({ checks: section('quality.checks', CHECKS), gates: gatesSchema, coverage: NO_COVERAGE }),
      { error: expectedSection },
    ),
  }),
);

export const configSchema = {
  check(config: Json): readonly ConfigIssue[] {
    if (!isMarketConfig(config)) return [];
    const issues = schema.safeParse(config).error?.issues.flatMap(issuesOf) ?? [];
    return [
      ...issues,
      ...contradictions(config),
      ...haltContradictions(config),
      ...featureContradictions(config),
      ...crosscheckContradictions(config),
    ];
  },

  /**
   * Adds `binance.folder` and, unless they are given, `binance.rest_url` and `binance.rest_weight_limit`; turns
   * patterns of symbols into where the keys of the dimension come from. `halts.in_force`: those of the market.
   * `features.resampled`: the intervals that bars can be made of.
   */
  complete(config: Json): Json {
    const name = market.safeParse(at(config, 'market'));
    if (!isMap(config) || !name.success) return config;
    const known = MARKETS.find((each) => each === name.data);
    if (known === undefined) return config;
    const given = isMap(config['binance']) ? config['binance'] : {};
    const chosen = chosenBy(at(config, 'symbols'));
    const binance = {
      ...given,
      folder: RAW_FOLDERS[known],
      rest_url: given['rest_url'] ?? REST_URLS[known],
      rest_weight_limit: given['rest_weight_limit'] ?? REST_WEIGHT_LIMITS[known],
      listed: chosen?.listed ?? given['listed'] ?? null,
      unlisted: chosen?.unlisted ?? given['unlisted'] ?? null,
    };
    const halts = {
      ...(isMap(config['halts']) ? config['halts'] : {}),
      in_force: haltsInForce(config, known),
    };
    const resampled = resampledOf(config);
    const features =
      resampled === undefined || !isMap(config['features'])
        ? {}
        : { features: { ...config['features'], resampled } };
    return {
      ...config,
      ...(chosen === undefined ? {} : { symbols: chosen.symbols }),
      ...features,
      binance,
      halts,
    };
  },

  known: [
    'market',
    'interval',
    'symbols',
    'notify',
    ...Object.entries(SECTIONS).flatMap(([name, shape]) => Object.keys(shape).map((key) => `${name}.${key}`)),
    ...OPEN_NAMES,
    ...Object.keys(CHECKS).map((key) => `quality.checks.${key}`),
    'quality.gates',
  ].sort(byCodeUnit) as readonly string[],
};

/** A map whose names are all known, each of which may be missing. Null is a section with nothing under it. */
function section(name: string, shape: Shape) {
  const names = Object.keys(shape)
    .filter((each) => !FOLLOWING.has(each))
    .sort(byCodeUnit)
    .join(', ');
  const error = (issue: z.core.$ZodRawIssue): string =>
    issue.code === 'unrecognized_keys'
      ? `no such name in ${name}: expected one of ${names}`
      : expectedSection(issue);
  return z.strictObject(optional(shape), { error }).nullable();
}

function optional(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).map(([name, type]) => [name, type.optional()]));
}

function expectedSection(issue: { readonly input?: unknown }): string {
  return `${v.shown(issue.input)}: expected names and values`;
}

/** One issue for each unknown name, at that name. */
function issuesOf(issue: z.core.$ZodIssue): readonly ConfigIssue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: `"${key}": ${issue.message}` }));
}

function isMarketConfig(config: Json): boolean {
  return at(config, 'market') !== undefined || at(config, 'binance') !== undefined;
}
