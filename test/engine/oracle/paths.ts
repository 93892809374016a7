/**
 * Who makes a path, and what a glob finds: outputs that have come out, and files that are nobody's. Asks the
 * reference for keys and ends; writes nothing.
 */
import type { Around } from './gathering.ts';
import type { Keyring, Member, Target } from './law.ts';
import { admits, enumerate, targetOf } from './law.ts';
import type { Key } from './time-keys.ts';
import type { From } from './world.ts';
import { fill, outputsOf, ruleAt } from './world.ts';

export type Stage = Keyring & Around;

/** Who makes a path, or would if its keys could be had. */
export function makerOf(
  ring: Keyring,
  path: string,
): Extract<Member, { kind: 'target' | 'unavailable' }> | undefined {
  const parts = path.split('/');
  for (const [index, rule] of ring.world.rules.entries()) {
    for (const { name, folder, template } of outputsOf(rule)) {
      const length = Math.max(1, rule.for.length);
      const keys = parts.slice(2, 2 + length);
      const within = parts.slice(2 + length).join('/');
      if (template.split('/')[1] !== parts[1] || parts[0] !== 'out') continue;
      if (keys.length < length || (within !== '' && !folder)) continue;
      if (rule.for.length === 0 && keys[0] !== 'all') continue;
      const target = targetAt(ring, index, rule.for.length === 0 ? [] : keys);
      if (target === undefined) continue;
      if ('unavailable' in target) return { kind: 'unavailable', giver: target.unavailable, rule };
      return { kind: 'target', target, output: name, within: within === '' ? undefined : within };
    }
  }
  return undefined;
}

export function targetAt(
  ring: Keyring,
  index: number,
  keys: readonly string[],
): Target | { readonly unavailable: Target } | undefined {
  const rule = ruleAt(ring.world, index);
  const steps: Key[] = [];
  let unknown: Target | undefined;
  for (const [position, dim] of rule.for.entries()) {
    const known = ring.keysOf(dim, keys[rule.for.indexOf('sym')]);
    if ('unavailable' in known) {
      unknown ??= known.unavailable;
      continue;
    }
    const key = known.find((each) => each.key === keys[position]);
    if (key === undefined) return undefined;
    steps.push(key);
  }
  if (unknown !== undefined) return { unavailable: unknown };
  return keys.length === rule.for.length && admits(ring.world, rule, steps)
    ? targetOf(ring.world, index, steps)
    : undefined;
}

export function memberAt(ring: Keyring, path: string): Member {
  return makerOf(ring, path) ?? { kind: 'file', path };
}

/** Outputs that have come out and files of the user's, by path; then those that have not come out. */
export function globbed(
  stage: Stage,
  target: Target,
  from: Extract<From, { kind: 'glob' | 'files' }>,
  glob: string,
): readonly Member[] {
  const shape = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/.][^/]*')}$`);
  const here = new Map<string, Member>();
  const lacking: Member[] = [];
  if (from.kind === 'glob') {
    const producer = ruleAt(stage.world, from.rule);
    const own = target.partition.keys;
    const { targets, unavailable } = enumerate(stage, from.rule, (dim, key) => (own[dim] ?? key) === key);
    const template = outputsOf(producer)[0]?.template ?? '';
    const paths = targets.map((each): [string, Target] => [fill(template, each.partition.keys), each]);
    for (const [path, each] of paths.sort(([a], [b]) => (a < b ? -1 : 1))) {
      const member: Member = { kind: 'target', target: each, output: 'o' };
      if (stage.settled(each).state === 'here') here.set(path, member);
      else lacking.push(member);
    }
    for (const giver of unavailable) lacking.push({ kind: 'unavailable', giver, rule: producer });
  }
  for (const path of stage.disk.files.keys()) {
    if (!shape.test(path) || here.has(path)) continue;
    if (makerOf(stage, path)?.kind === 'target' || stage.records.isLeft(path, stage.disk)) continue;
    here.set(path, { kind: 'file', path });
  }
  const sorted = [...here].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, member]) => member);
  return [...sorted, ...lacking];
}
