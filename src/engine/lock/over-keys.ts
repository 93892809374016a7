/**
 * Which targets, and which shards of the lockfile, are over keys that given targets give. Knows the rules and their
 * dimensions; neither keys nor lines.
 */
import type { Session } from '../run/session.ts';
import { fileNameOf } from '../state/lockfile-shards.ts';
import type { Known } from './note.ts';

export interface OverKeys {
  /** Whether a target of this name is over keys of one of them. */
  target(id: string): boolean;
  /** Whether such targets have their lines in the shard of this name. */
  shard(name: string): boolean;
}

/** The first keys that targets of a rule, or the files of its shards, must have; undefined: any. */
type Firsts = Map<string, Set<string> | undefined>;

export function overKeysOf({ graph }: Session, givers: readonly Known[]): OverKeys {
  const byRule: Firsts = new Map();
  const byFolder: Firsts = new Map();
  for (const giver of givers) {
    const dynamic = graph.dynamicDimensionsOf(giver.rule);
    for (const { name, for: over } of graph.manifest.rules.values()) {
      const hung = dynamic.find((dimension) => over.includes(dimension.name));
      if (hung === undefined) continue;
      const first = hung.of !== undefined && over[0] === hung.of ? giver.target.split('/')[1] : undefined;
      put(byRule, name, first);
      put(byFolder, fileNameOf(name), first === undefined ? undefined : fileNameOf(first));
    }
  }
  return {
    target: (id) => {
      if (byRule.size === 0) return false;
      const [name = '', first = ''] = id.split('/', 2);
      return isIn(byRule, name, first);
    },
    shard: (shard) => {
      const [folder = '', file = ''] = shard.split('/');
      return isIn(byFolder, folder, file);
    },
  };
}

function put(all: Firsts, name: string, first: string | undefined): void {
  const of = all.get(name);
  if (first === undefined) all.set(name, undefined);
  else if (of !== undefined) of.add(first);
  else if (!all.has(name)) all.set(name, new Set([first]));
}

function isIn(all: Firsts, name: string, first: string): boolean {
  return all.has(name) && (all.get(name)?.has(first) ?? true);
}
