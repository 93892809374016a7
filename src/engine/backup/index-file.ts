/**
 * The index of one backup: which path had which content. A JSON file, a file of the workspace a line, with a checksum of
 * its own. It knows neither where contents lie nor how they come there.
 */
import { z } from 'zod';
import type { Digest } from '../hash.ts';
import { digestOfValue } from '../hash.ts';
import { byCodeUnit } from '../json.ts';

export const KINDS = ['config', 'code', 'lockfile', 'input', 'source', 'output', 'record'] as const;
/**
 * `config`: manifest and configs; `code`: task modules; `input`: files that nobody makes and targets have read;
 * `source`: brought in from outside, and what its task leaves beside it; `record`: of builds.
 */
export type Kind = (typeof KINDS)[number];

const digest = z.custom<Digest>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));

const fileSchema = z.strictObject({
  /** Relative to the workspace, or absolute where the manifest says so. */
  path: z.string().min(1),
  kind: z.enum(KINDS),
  digest,
  size: z.int().min(0),
  /** Permissions. */
  mode: z.int().min(0).max(0o777),
  /** Of an output whose folder is called by the number of its run: `latest` points there. */
  run: z.string().optional(),
});
export type IndexedFile = z.output<typeof fileSchema>;

const lackSchema = z.strictObject({ path: z.string(), why: z.string() });
export type Lack = z.output<typeof lackSchema>;

const indexSchema = z.strictObject({
  version: z.literal(1),
  /** When it was begun. ISO, UTC. */
  at: z.string(),
  asOf: z.string(),
  /** Where it lay: absolute. */
  workspace: z.string().optional(),
  /** In code-unit order of their paths. */
  files: z.array(fileSchema),
  /** Output directories without a file. */
  folders: z.array(z.string()),
  /** What should be in it and is not. */
  lacks: z.array(lackSchema),
});
export type Index = z.output<typeof indexSchema>;

export function formatIndex(index: Index): string {
  const { files, ...rest } = index;
  const head = JSON.stringify({ ...rest, sum: sumOf(index) }).slice(1, -1);
  const rows = files.map((file) => `\n${JSON.stringify(file)}`);
  return `{${head},"files":[${rows.join(',')}\n]}\n`;
}

/** The index, or what is wrong with the text. */
export function parseIndex(text: string): Index | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  if (typeof value !== 'object' || value === null || !('version' in value))
    return 'it is no index of a backup';
  if (typeof value.version === 'number' && value.version > 1)
    return `a newer pipeline has written it (version ${value.version}, this one reads 1)`;
  const { sum, ...rest }: { readonly sum?: unknown; readonly [name: string]: unknown } = { ...value };
  const parsed = indexSchema.safeParse(rest);
  if (!parsed.success)
    return `it is no index of a backup: ${parsed.error.issues[0]?.message ?? 'unknown shape'}`;
  return sum === sumOf(parsed.data) ? parsed.data : 'it is damaged: its checksum differs';
}

function sumOf({ files, folders, lacks, workspace, ...rest }: Index): Digest {
  const rows = files.map(({ path, kind, digest: each, size, mode, run = '' }) => [
    path,
    kind,
    each,
    size,
    mode,
    run,
  ]);
  return digestOfValue([rest, workspace ?? null, rows, folders, lacks.map(({ path, why }) => [path, why])]);
}

/**
 * `2026-11-23T15-40-00Z`: no colon, which some volumes refuse. Never before the last one, or the newest backup would be
 * taken for an old one and let go: within its second, and where the clock was set back, it is that name and a number.
 */
export function nameAfter(names: readonly string[], now: number): string {
  const last = names.findLast((each) => NAME.test(each));
  const name = new Date(now)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');
  if (last === undefined || byAge(last, name) < 0) return name;
  const [time, count] = numbered(last);
  return `${time}-${count + 1}`;
}

/** Names of backups, oldest first. */
export function byAge(a: string, b: string): number {
  const [timeA, countA] = numbered(a);
  const [timeB, countB] = numbered(b);
  return byCodeUnit(timeA, timeB) || countA - countB;
}

const NAME = /^(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(?:-([1-9]\d{0,8}))?$/;

function numbered(name: string): readonly [time: string, count: number] {
  const [, time = name, count = '1'] = NAME.exec(name) ?? [];
  return [time, Number(count)];
}
