/**
 * Who is told what after a build: for each webhook of the config where it is, what is news there, and the body that
 * says so. What each of them knows is kept as one document between builds. Pure; it sends and stores nothing.
 */
import { z } from 'zod';
import type { Json } from '../../../src/engine/task.ts';
import { canonicalJson } from '../../../src/engine/task.ts';
import type { Run } from '../run.ts';
import type { Hook } from '../settings.ts';
import type { Address } from './deliver.ts';
import { addressOf } from './deliver.ts';
import type { Reported } from './facts.ts';
import { factsFor } from './facts.ts';
import { bodyOf } from './message.ts';
import type { Known, News } from './news.ts';
import { knownSchema, newsFor } from './news.ts';

export interface Telling {
  /** What the webhook is known by: nothing of its address but the host. */
  readonly id: string;
  /** For people: the host, and the variable where there is one. */
  readonly label: string;
  readonly address: Address;
  readonly news: News;
  /** Undefined where there is nothing to tell. */
  readonly body: string | undefined;
}

export type KnownBy = ReadonlyMap<string, Known>;

export interface State {
  readonly reported: Reported | undefined;
  readonly failures: Run['failures'];
  /** Epoch milliseconds. */
  readonly now: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function tellingsOf(
  hooks: readonly Hook[],
  env: Environment,
  known: KnownBy,
  { reported, failures, now }: State,
): readonly Telling[] {
  const ids = idsOf(hooks);
  return hooks.map((hook, at) => {
    const id = ids[at] ?? '';
    const facts = factsFor(hook.symbols, reported, failures);
    const news = newsFor(hook, facts, known.get(id), now);
    const body = news.occasions.length === 0 ? undefined : bodyOf(hook.format, news, facts);
    const address = addressOf(hook.to, env);
    return { id, label: labelOf(hook, address), address, news, body };
  });
}

export function labelOf({ to }: Hook, address: Address): string {
  const host = address.ok ? address.host : 'nowhere';
  return 'env' in to ? `${host} (${to.env})` : host;
}

const noteSchema = z.object({ version: z.literal(1), hooks: z.record(z.string(), knownSchema) });

/** Nobody knows anything where the note says nothing that can be read. */
export function readKnown(note: Json | undefined): KnownBy {
  const { success, data } = noteSchema.safeParse(note);
  return new Map(success ? Object.entries(data.hooks) : []);
}

/** What is known when these have been told, or had nothing to be told. Webhooks that are in no config go. */
export function noteOf(tellings: readonly Telling[], known: KnownBy, failed: ReadonlySet<string>): Json {
  const hooks = tellings.flatMap(({ id, news }): [string, Json][] => {
    const now = failed.has(id) ? known.get(id) : news.next;
    return now === undefined ? [] : [[id, jsonOf(now)]];
  });
  return { version: 1, hooks: Object.fromEntries(hooks) };
}

function jsonOf({ level, levelAt, gaps, failed, failedToldAt }: Known): Json {
  return { level, levelAt, gaps, failed, failedToldAt };
}

/** Those that are alike in all but a secret are told apart by their place. */
function idsOf(hooks: readonly Hook[]): readonly string[] {
  const seen = new Map<string, number>();
  return hooks.map(({ to, format, on, symbols }) => {
    const where = 'env' in to ? { env: to.env } : { host: new URL(to.url).host };
    const id = canonicalJson({
      ...where,
      format,
      on: [...on],
      symbols: symbols === undefined ? null : [...symbols],
    });
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    return times === 1 ? id : `${id} ${times}`;
  });
}
