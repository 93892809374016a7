/** The keys of a dimension, as the target that gives them wrote them. */
import type { Settled } from './gathering.ts';
import { at, parse } from './gathering.ts';
import type { Keys, Target } from './law.ts';
import { inOrderOfTime } from './time-keys.ts';
import type { Json, World } from './world.ts';
import { KEYS, UNI } from './world.ts';

/** Undefined: it gives none. */
export function pointerToKeys(world: World, target: Target): string | undefined {
  if (target.at === KEYS) return '/files';
  return target.at === UNI && world.symbols === undefined ? '' : undefined;
}

/** `malformed`: what it wrote is no list of keys, or some of them are none. */
export function keysGiven(
  world: World,
  target: Target,
  settled: Settled,
): { readonly keys: Keys; readonly malformed: boolean } | undefined {
  const pointer = pointerToKeys(world, target);
  if (pointer === undefined) return undefined;
  if (settled.state !== 'here') return { keys: { unavailable: target }, malformed: false };
  const parsed = parse(settled.record.outputs[0]?.content.slice(1) ?? '');
  const keys = parsed && namesIn(at(parsed.value, pointer));
  if (keys === undefined) return { keys: { unavailable: target }, malformed: true };
  const usable = keys.filter((key) => !key.includes('/') && key !== '');
  return { keys: inOrderOfTime(usable), malformed: usable.length < keys.length };
}

function namesIn(value: Json | undefined): readonly string[] | undefined {
  if (value === undefined || value === null || typeof value !== 'object') return undefined;
  if (!Array.isArray(value)) return Object.keys(value);
  return value.map((key: Json) => (typeof key === 'string' ? key : JSON.stringify(key)));
}
