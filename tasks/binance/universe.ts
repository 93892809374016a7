/**
 * Task: the symbols that the archive has a folder for and that the config's patterns name. Whether a symbol has klines
 * of the interval is for its listing to say. It asks for names of folders only.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { TaskContext, TaskFailure, TaskResult } from '../../src/engine/task.ts';
import { byCodeUnit, defineTask } from '../../src/engine/task.ts';
import { jsonText } from '../lib/json-text.ts';
import { baseUrlSchema, networkSchema, readSettings } from '../lib/settings.ts';
import { writeOutput } from '../lib/write-output.ts';
import { isUnreached, lister } from './ask-listing.ts';
import type { Market } from './layout.ts';
import { MARKETS, SYMBOL_FORM, symbolsPrefix } from './layout.ts';
import type { List } from './listing-folders.ts';
import { matcherOf, nearestSymbols, PATTERN_FORM } from './symbol-pattern.ts';

const EXAMPLES = 3;

const patterns = z.array(z.string().regex(PATTERN_FORM));

const paramsSchema = z.strictObject({
  market: z.enum(MARKETS),
  /** Null where the config lists its symbols itself. */
  listed: patterns.min(1).nullable(),
  unlisted: patterns.nullable(),
});
type Context = TaskContext<z.output<typeof paramsSchema>>;

const settingsSchema = z.looseObject({ listing_url: baseUrlSchema, network: networkSchema });

const universeSchema = z.strictObject({
  version: z.literal(1),
  market: z.enum(MARKETS),
  /** The patterns that the symbols match, and those that they do not. */
  listed: patterns,
  unlisted: patterns,
  symbols: z.array(z.string().regex(SYMBOL_FORM)).min(1),
});
type Universe = z.output<typeof universeSchema>;

export default defineTask({
  version: 1,
  params: paramsSchema,
  async run(ctx) {
    const settings = readSettings(settingsSchema, ctx.settings);
    if (!settings.ok) return { failed: settings.failure };
    const { market, listed, unlisted } = ctx.params;
    if (listed === null) return { failed: noPattern() };
    const wanted = { version: 1, market, listed, unlisted: unlisted ?? [] } as const;
    const found = await namesOf(ctx, lister(ctx, settings.value), wanted);
    if (found.ok) return written(ctx, wanted, found.symbols);
    const failure = withWayRound(found.failure);
    const previous = await previousSymbols(ctx, wanted);
    if (previous === undefined) return { failed: failure };
    if (!isUnreached(failure) || !ctx.isLastTry(failure)) {
      const message = `${failure.message}; the ${previous.length} symbols that were found before go on to count`;
      return (await written(ctx, wanted, previous)) ?? { incomplete: { ...failure, message } };
    }
    const host = new URL(settings.value.listing_url).host;
    ctx.warn(
      `the listing at ${host} cannot be reached (${failure.message}): the ${previous.length} symbols that it ` +
        'had before are kept; new ones go unnoticed until it can be reached again',
    );
    return written(ctx, wanted, previous);
  },
});

type Wanted = Omit<Universe, 'symbols'>;

async function written(ctx: Context, wanted: Wanted, symbols: readonly string[]): Promise<TaskResult> {
  const unwritten = await writeOutput(ctx, 'universe', jsonText({ ...wanted, symbols }, 1));
  return unwritten && { failed: unwritten };
}

type Folders =
  /** `foreign`: names that are no symbols as this pipeline knows them. */
  | { readonly ok: true; readonly symbols: readonly string[]; readonly foreign: readonly string[] }
  | { readonly ok: false; readonly failure: TaskFailure };

async function namesOf(ctx: Context, list: List, wanted: Wanted): Promise<Picked> {
  const folders = await foldersOf(list, wanted.market);
  if (!folders.ok) return folders;
  const picked = pick(folders.symbols, wanted);
  if (picked.ok && folders.foreign.length > 0)
    ctx.log(`passed over, as no path could name them: ${folders.foreign.join(', ')}`);
  return picked;
}

/** Of both periods: a new symbol has no monthly file yet. */
async function foldersOf(list: List, market: Market): Promise<Folders> {
  const names = new Set<string>();
  for (const period of ['monthly', 'daily'] as const) {
    const prefix = symbolsPrefix(market, period);
    const found = await list({ prefix, marker: undefined });
    if (!found.ok) return found;
    for (const folder of found.prefixes) names.add(folder.slice(prefix.length).replace(/\/$/, ''));
  }
  const sorted = [...names].sort(byCodeUnit);
  return {
    ok: true,
    symbols: sorted.filter((name) => SYMBOL_FORM.test(name)),
    foreign: sorted.filter((name) => !SYMBOL_FORM.test(name)),
  };
}

type Picked =
  | { readonly ok: true; readonly symbols: readonly string[] }
  | { readonly ok: false; readonly failure: TaskFailure };

/** Every pattern must name something: one that does not is misspelt, and what it meant would be missing unnoticed. */
function pick(symbols: readonly string[], { market, listed, unlisted }: Wanted): Picked {
  const out = unlisted.map(matcherOf);
  const picked = new Set<string>();
  for (const pattern of listed) {
    const matches = symbols.filter(matcherOf(pattern));
    if (matches.length === 0) return { ok: false, failure: nothingLike(pattern, symbols, market) };
    for (const symbol of matches) if (!out.some((isOut) => isOut(symbol))) picked.add(symbol);
  }
  if (picked.size === 0) {
    const message = `symbols.not leaves out all that symbols.listed names: ${listed.join(', ')} without ${unlisted.join(', ')}`;
    const hint = 'take a pattern out of symbols.not';
    return { ok: false, failure: { code: 'universe-empty', message, hint } };
  }
  return { ok: true, symbols: [...picked].sort(byCodeUnit) };
}

function nothingLike(pattern: string, symbols: readonly string[], market: Market): TaskFailure {
  const near = nearestSymbols(pattern, symbols, EXAMPLES);
  const examples =
    near.length === 0 ? 'it has none at all' : `it has ${symbols.length}, such as ${near.join(', ')}`;
  return {
    code: 'universe-empty',
    message: `no symbol of market ${market} in the archive matches the pattern "${pattern}": ${examples}`,
    hint: 'correct symbols.listed in the config: * stands for any characters, ? for one',
  };
}

function noPattern(): TaskFailure {
  return {
    code: 'universe-unused',
    message: 'the config lists its symbols itself: there is no pattern to pick any by',
    hint: 'to take them from the archive, say symbols: { listed: "*USDT" }',
  };
}

function withWayRound(failure: TaskFailure): TaskFailure {
  if (!isUnreached(failure)) return failure;
  const told = failure.hint === undefined ? '' : `${failure.hint}; `;
  return { ...failure, hint: `${told}or name the symbols one by one in the config` };
}

/** What the same patterns named last; undefined where that is not known. */
async function previousSymbols(ctx: Context, wanted: Wanted): Promise<readonly string[] | undefined> {
  const previous = await readUniverse(resolve(ctx.workspace, ctx.finalOutputs['universe'] ?? ''));
  const same = previous !== undefined && jsonText(wanted) === jsonText(without(previous));
  return same ? previous.symbols : undefined;
}

function without({ symbols: _, ...rest }: Universe): Wanted {
  return rest;
}

async function readUniverse(path: string): Promise<Universe | undefined> {
  try {
    return universeSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
