/** What the words after `npm run bench --` ask for. It runs nothing. */
import { parseArgs } from 'node:util';
import type { Extent } from './daily-files.ts';

export const PARTS = [
  'noop',
  'cold',
  'normalize',
  'parquet',
  'download',
  'rest',
  'journal',
  'daily',
  'whole',
] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  readonly parts: readonly Part[];
  readonly json: boolean;
  readonly repeats: number;
  /** Of `noop`, in targets. */
  readonly sizes: readonly number[];
  /** Of `cold`. */
  readonly targets: number;
  /** Of `normalize` in all, of `whole` of each symbol; undefined: as many as the part has by itself. */
  readonly months: number | undefined;
  /** Of `whole`. */
  readonly symbols: number;
  /** Of `daily`. */
  readonly histories: readonly Extent[];
  /** Of `parquet`: a folder with the publisher's own files. */
  readonly data: string;
  readonly seed: number;
}

export type ReadOptions =
  | { readonly ok: true; readonly options: Options }
  | { readonly ok: false; readonly problem: string };

/** A million takes long enough to be asked for by name. */
const SIZES = [200, 2_000, 20_000, 100_000];

/** Symbols and years. The one year of 500 symbols is what their eight are compared with. */
const HISTORIES: readonly Extent[] = [
  { symbols: 10, years: 1 },
  { symbols: 10, years: 5 },
  { symbols: 10, years: 10 },
  { symbols: 500, years: 1 },
  { symbols: 500, years: 8 },
];

export const USAGE = `npm run bench -- [${PARTS.join(' | ')}]… [--json] [--repeats N] [--sizes N,N…] [--targets N] [--months N] [--symbols N] [--histories NxYEARS,…] [--data FOLDER] [--seed N]`;

const KNOWN = {
  json: { type: 'boolean' },
  repeats: { type: 'string' },
  sizes: { type: 'string' },
  targets: { type: 'string' },
  months: { type: 'string' },
  symbols: { type: 'string' },
  histories: { type: 'string' },
  data: { type: 'string' },
  seed: { type: 'string' },
} as const;

export function readOptions(args: readonly string[], seed: number, data: string): ReadOptions {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: KNOWN, allowPositionals: true });
    const wrong = positionals.find((name) => !isPart(name));
    if (wrong !== undefined) throw new Refused(`no part "${wrong}"`);
    const named = PARTS.filter((part) => positionals.includes(part));
    const options: Options = {
      parts: named.length === 0 ? PARTS : named,
      json: values.json ?? false,
      repeats: whole('repeats', values.repeats, 7),
      sizes: values.sizes?.split(',').map((size) => whole('sizes', size, 0)) ?? SIZES,
      targets: whole('targets', values.targets, 20_000),
      months: values.months === undefined ? undefined : whole('months', values.months, 0),
      symbols: whole('symbols', values.symbols, 10),
      histories: values.histories?.split(',').map(extent) ?? HISTORIES,
      data: values.data ?? data,
      seed: whole('seed', values.seed, seed),
    };
    return { ok: true, options };
  } catch (cause) {
    if (!(cause instanceof Refused || isOfParseArgs(cause))) throw cause;
    return { ok: false, problem: `${cause.message}\n${USAGE}` };
  }
}

class Refused extends Error {}

function whole(name: string, given: string | undefined, fallback: number): number {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (!/^\d+$/.test(given) || value < 1)
    throw new Refused(`--${name} ${given}: expected a whole number from 1`);
  return value;
}

function extent(given: string): Extent {
  const [symbols, years, ...more] = given.split('x');
  if (years === undefined || more.length > 0)
    throw new Refused(`--histories ${given}: expected symbols and years such as 10x5`);
  return { symbols: whole('histories', symbols, 0), years: whole('histories', years, 0) };
}

function isPart(name: string): name is Part {
  return PARTS.some((part) => part === name);
}

function isOfParseArgs(cause: unknown): cause is Error {
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ERR_PARSE_ARGS');
}
