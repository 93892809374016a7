/**
 * The config sections `monitoring` and `notify`: what they may say, and what they say once they are right. What stands
 * in an address may be a secret, so no message of these shows one.
 */
import { z } from 'zod';
import type { Json } from '../../src/engine/task.ts';
import * as v from '../config-values.ts';
import { durationMs } from '../lib/duration.ts';

/** What somebody may want to be told of. */
export const OCCASIONS = ['critical', 'warning', 'change', 'new-gaps', 'failed'] as const;
export type Occasion = (typeof OCCASIONS)[number];

export const FORMATS = ['json', 'slack'] as const;
export type Format = (typeof FORMATS)[number];

/** Who is told what. */
export interface Hook {
  /** The address, or the environment variable that holds it. */
  readonly to: { readonly url: string } | { readonly env: string };
  readonly format: Format;
  readonly on: readonly Occasion[];
  /** Only what concerns these; undefined: all. */
  readonly symbols: readonly string[] | undefined;
  /** The same is told again after so long; undefined: never. */
  readonly repeatMs: number | undefined;
}

export interface Monitoring {
  /** Where metrics go, relative to the workspace or absolute; undefined: nowhere. */
  readonly metrics: string | undefined;
  readonly hooks: readonly Hook[];
  /** What the config names in `paths`, relative to the workspace or absolute. */
  readonly folders: readonly { readonly name: string; readonly path: string }[];
  /** PEM file of further certificate authorities, relative to the workspace. */
  readonly caFile: string | undefined;
}

/** The rule whose outputs say how the dataset is, and the names of those that are read. */
export const REPORTS = { rule: 'reports', summary: 'summary', gaps: 'gaps' } as const;

const SECRET = 'what stands there is not shown, it may be a secret';
const URL_FORM =
  'http:// or https://, a host and perhaps a path and a query, without user, password and fragment';
const ENV_FORM = 'the name of an environment variable such as SLACK_WEBHOOK_URL';
const ENTRY_FORM = 'an entry such as { url_env: SLACK_WEBHOOK_URL, format: slack, on: [critical, change] }';

export function isWebhook(input: unknown): input is string {
  if (typeof input !== 'string' || !/^https?:\/\/[^/]/i.test(input) || /[\s#]/.test(input)) return false;
  if (!URL.canParse(input)) return false;
  const { username, password } = new URL(input);
  return username === '' && password === '';
}

const isVariable = (input: unknown): boolean =>
  typeof input === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(input);
const isMetrics = (input: unknown): boolean => typeof input === 'string' && /[^/]\.prom$/.test(input);

const hookShape = {
  url: z.unknown().refine(isWebhook, { error: `expected ${URL_FORM}; ${SECRET}` }),
  url_env: z.unknown().refine(isVariable, { error: `expected ${ENV_FORM}; ${SECRET}` }),
  format: v.oneOf(FORMATS),
  on: v.list(v.oneOf(OCCASIONS), 1, `a list of ${OCCASIONS.join(', ')}`),
  symbols: v.list(v.symbol, 1, 'a list of symbols such as ["BTCUSDT"]').nullable(),
  repeat: v.duration.nullable(),
};
const hookNames = Object.keys(hookShape).sort().join(', ');

const hook = z
  .strictObject(
    {
      url: hookShape.url.optional(),
      url_env: hookShape.url_env.optional(),
      format: hookShape.format.optional(),
      on: hookShape.on,
      symbols: hookShape.symbols.optional(),
      repeat: hookShape.repeat.optional(),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `no such name in notify: expected one of ${hookNames}`
          : `expected ${ENTRY_FORM}; ${SECRET}`,
    },
  )
  .refine((given) => (given.url === undefined) !== (given.url_env === undefined), {
    error: 'expected either url or url_env',
    // Said beside what else is wrong: `on` without an address.
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  });

/** The section `monitoring`. */
export const monitoringShape = {
  metrics: z
    .unknown()
    .refine(isMetrics, {
      error: ({ input }) => `${v.shown(input)}: expected a path that ends in .prom, or null`,
    })
    .nullable(),
};

/** The section `notify`. */
export const notify = z
  .array(hook, { error: `expected a list, each item ${ENTRY_FORM}; ${SECRET}` })
  .nullable();

const read = z.object({
  monitoring: z.object({ metrics: z.string().nullish() }).nullish(),
  notify: z
    .array(
      z.object({
        url: z.string().optional(),
        url_env: z.string().optional(),
        format: z.enum(FORMATS).default('json'),
        on: z.array(z.enum(OCCASIONS)),
        symbols: z.array(z.string()).nullish(),
        repeat: z.string().nullish(),
      }),
    )
    .nullish(),
  paths: z.record(z.string(), z.string()).nullish(),
  network: z.object({ ca_file: z.string().nullish() }).nullish(),
  market: z.string(),
});

/** Of a config that `configSchema` has found right. One that is none of the market's asks for nothing. */
export function readMonitoring(config: Json): Monitoring {
  const { success, data } = read.safeParse(config);
  if (!success) return { metrics: undefined, hooks: [], folders: [], caFile: undefined };
  const hooks = (data.notify ?? []).map(
    ({ url, url_env, format, on, symbols, repeat }): Hook => ({
      to: url === undefined ? { env: url_env ?? '' } : { url },
      format,
      on,
      symbols: symbols ?? undefined,
      repeatMs: repeat ? durationMs(repeat) : undefined,
    }),
  );
  return {
    metrics: data.monitoring?.metrics ?? undefined,
    hooks,
    folders: Object.entries(data.paths ?? {}).map(([name, path]) => ({ name, path })),
    caFile: data.network?.ca_file ?? undefined,
  };
}
