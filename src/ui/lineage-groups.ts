/**
 * A lineage in few lines: targets of one rule that differ in their last key are one run, symbols with the same runs are
 * one group. Pure; knows neither how lineage is found nor how it is written.
 */
import { keyOf } from './target-name.ts';

export interface DrawnOrigin {
  readonly url: string;
  readonly revision?: string;
  readonly modified?: string;
  readonly checksum?: string;
  readonly bytes?: number;
  readonly fetchedAt?: string;
  readonly file?: string;
}

export interface DrawnTarget {
  readonly target: string;
  readonly rule: string;
  readonly relation: 'of' | 'from' | 'into';
  readonly finishedAt: string;
  readonly inputs: readonly {
    readonly input?: string;
    readonly path: string;
    readonly target?: string;
    readonly earlier?: true;
  }[];
  readonly leftOut: readonly {
    readonly target: string;
    readonly reason: string;
    readonly state: 'absent' | 'failed';
  }[];
  readonly outputs: readonly {
    readonly path: string;
    readonly digest: string;
    readonly origins?: readonly DrawnOrigin[];
  }[];
  /** Others of its rule lie between the one before it and this one. */
  readonly apart?: true;
}

export interface DrawnFile {
  readonly path: string;
  readonly digests: readonly string[];
  readonly origins?: readonly DrawnOrigin[];
}

export interface DrawnLineage {
  readonly of: {
    readonly kind: 'target' | 'output' | 'file';
    readonly name: string;
    readonly target?: string;
  };
  readonly targets: readonly DrawnTarget[];
  readonly files: readonly DrawnFile[];
}

export interface TargetGroup {
  /** `archive BTCUSDT, ETHUSDT 2024-01..2024-03 (6)`. */
  readonly label: string;
  readonly relation: DrawnTarget['relation'];
  readonly members: readonly DrawnTarget[];
}

/** In the order of the list. `whole`: each target by itself. */
export function groupTargets(targets: readonly DrawnTarget[], whole: boolean): readonly TargetGroup[] {
  const byRule = new Map<string, DrawnTarget[]>();
  for (const target of targets) {
    const key = `${target.rule} ${target.relation}`;
    const group = byRule.get(key);
    if (group === undefined) byRule.set(key, [target]);
    else group.push(target);
  }
  return [...byRule.values()].flatMap((group) => {
    const relation = group[0]?.relation ?? 'of';
    if (whole) return group.map((each) => ({ label: each.target, relation, members: [each] }));
    return grouped(group).map((each) => ({ ...each, relation }));
  });
}

interface Run {
  readonly first: string;
  last: string;
  count: number;
}

interface Keyed {
  /** All keys but the last. */
  readonly prefixes: string[];
  readonly runs: Run[];
  readonly members: DrawnTarget[];
}

function grouped(targets: readonly DrawnTarget[]): readonly Omit<TargetGroup, 'relation'>[] {
  const byPrefix = new Map<string, Keyed>();
  for (const target of targets) {
    const key = keyOf(target.target);
    const cut = key.lastIndexOf('/');
    const prefix = key.slice(0, Math.max(cut, 0));
    const last = key.slice(cut + 1);
    const keyed = byPrefix.get(prefix) ?? { prefixes: [prefix], runs: [], members: [] };
    byPrefix.set(prefix, keyed);
    keyed.members.push(target);
    const run = target.apart === true ? undefined : keyed.runs.at(-1);
    if (run === undefined) keyed.runs.push({ first: last, last, count: 1 });
    else {
      run.last = last;
      run.count += 1;
    }
  }
  const alike = new Map<string, Keyed>();
  for (const keyed of byPrefix.values()) {
    const key = JSON.stringify(keyed.runs);
    const before = alike.get(key);
    if (before === undefined) alike.set(key, keyed);
    else {
      before.prefixes.push(...keyed.prefixes);
      before.members.push(...keyed.members);
    }
  }
  return [...alike.values()].map(({ prefixes, runs, members }) => ({
    label: labelOf(members[0]?.rule ?? '', prefixes, runs, members.length),
    members,
  }));
}

const NAMED = 3;

function labelOf(rule: string, prefixes: readonly string[], runs: readonly Run[], count: number): string {
  const keys = prefixes.map((prefix) => prefix.replaceAll('/', ' ')).filter((prefix) => prefix !== '');
  const spans = runs.map(({ first, last }) => (first === last ? first : `${first}..${last}`));
  const names = [rule, some(keys), some(spans)].filter((name) => name !== '');
  return names.join(' ') + (count === 1 ? '' : ` (${count})`);
}

/** The first few of many. */
export function some(names: readonly string[], most = NAMED): string {
  const rest = names.length - most;
  // One more name takes no more room than to say that there is one.
  if (rest <= 1) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${rest} more`;
}
