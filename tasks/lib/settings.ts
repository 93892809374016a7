/** Settings of a task, checked: where bytes come from, never what they are. A bad one is a failure of the target, not a bug. */
import { z } from 'zod';
import type { Json, TaskFailure } from '../../src/engine/task.ts';
import { DURATION_FORM, durationMs } from './duration.ts';

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: TaskFailure };

export function readSettings<T>(schema: z.ZodType<T>, settings: Readonly<Record<string, Json>>): Read<T> {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = parsed.error.issues.map((issue) => `settings.${issue.path.join('.')}: ${issue.message}`);
  return {
    ok: false,
    failure: {
      code: 'settings-invalid',
      message: issues.join('; '),
      hint: 'correct the settings of the rule in the manifest, or the config values that they name',
    },
  };
}

function duration(fallback: string) {
  return z
    .string()
    .nullish()
    .transform((given, ctx) => {
      const text = given ?? fallback;
      const ms = durationMs(text);
      if (ms !== undefined) return ms;
      ctx.addIssue({
        code: 'custom',
        message: `${JSON.stringify(text)} is no duration: expected ${DURATION_FORM}`,
      });
      return z.NEVER;
    });
}

/** The value, or `fallback` where it is missing or null, as in configs with nothing after the colon. */
function either<T>(schema: z.ZodType<T>, fallback: NonNullable<T>) {
  return schema.nullish().transform((given) => given ?? fallback);
}

/** `settings.network`. The defaults are those of configs/base.yaml. */
export const networkSchema = z.preprocess(
  (given) => given ?? {},
  z.looseObject({
    connect_timeout: duration('10s'),
    headers_timeout: duration('30s'),
    body_timeout: duration('60s'),
    user_agent: either(z.string().min(1), 'pipeline (+market data build tool)'),
    /** PEM file, relative to the workspace, of certificate authorities that count beside the well-known ones. */
    ca_file: z.string().min(1).nullish(),
  }),
);

export type NetworkSettings = z.output<typeof networkSchema>;

/** `settings.limits`. The defaults are those of configs/base.yaml. */
export const limitsSchema = z.preprocess(
  (given) => given ?? {},
  z.looseObject({
    max_zip_bytes: either(z.int().positive(), 268_435_456),
    max_csv_bytes: either(z.int().positive(), 1_073_741_824),
  }),
);

/** An address of HTTP or HTTPS that paths and queries can be added to. */
export const baseUrlSchema = z.string().refine(isBaseUrl, {
  error: (issue) =>
    `${JSON.stringify(withoutSecrets(String(issue.input)))} is no address: expected ${BASE_URL_FORM}`,
});

export const BASE_URL_FORM =
  'http:// or https://, a host and perhaps a path, without user, query or fragment';

export function isBaseUrl(text: string): boolean {
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === '' && url.password === '' && !/[?#\s]/.test(text);
}

/** For messages: user, password, query and fragment of an address may be what nobody else should read. */
export function withoutSecrets(address: string): string {
  // What follows the last @ may be the rest of a query.
  if (/[?#].*@/s.test(address)) return '…';
  // Also of what lacks its `https://`.
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@').replace(/([?#]).*$/s, '$1…');
}
