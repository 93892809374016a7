/**
 * What a target of the reference would read, and what stands in its way. Members have settled when they come here.
 * Decides nothing, writes nothing.
 */
import type { Content, Disk } from './disk.ts';
import type { Member, Target } from './law.ts';
import type { Given, Item, Partition } from './meaning.ts';
import type { Records, Success } from './records.ts';
import type { Input, Json } from './world.ts';
import { fill, inputName } from './world.ts';

export type Settled =
  /** `elided`: an intermediate whose files are gone, and its record stands for them. */
  | { readonly state: 'here'; readonly record: Success; readonly elided: boolean }
  | { readonly state: 'absent'; readonly reason: string }
  /** `roots`: which targets really failed. */
  | { readonly state: 'failed' | 'blocked'; readonly code: string; readonly roots: readonly string[] };

export interface LinkedInput {
  readonly input: Input;
  readonly list: boolean;
  readonly members: readonly Member[];
}

export interface Gathered {
  readonly inputs: readonly Given[];
  /** What the inputs add to the basis. */
  readonly basis: readonly Json[];
  readonly blocked: { readonly code: string; readonly roots: readonly string[] } | undefined;
  readonly absent: string | undefined;
  /** Code of the failure of a target that cannot read what it names. */
  readonly unusable: string | undefined;
  readonly elided: readonly Target[];
  /** Elided, and must be looked into before anything can be said. */
  readonly unread: readonly Target[];
}

export interface Around {
  readonly disk: Disk;
  readonly records: Records;
  settled(target: Target): Settled;
}

const NOWHERE: Partition = { keys: {}, spans: {} };

interface Mutable {
  basis: Json[];
  code: string | undefined;
  roots: Set<string>;
  absent: string | undefined;
  unusable: string | undefined;
  elided: Target[];
  unread: Target[];
}

export function gather(around: Around, target: Target, linked: readonly LinkedInput[]): Gathered {
  const found: Mutable = {
    basis: [],
    code: undefined,
    roots: new Set(),
    absent: undefined,
    unusable: undefined,
    elided: [],
    unread: [],
  };
  const inputs = linked.map((each, at) =>
    gatherInput(around, target, each, inputName(target.rule, at), found),
  );
  const { code, roots, ...rest } = found;
  return { inputs, ...rest, blocked: code === undefined ? undefined : { code, roots: [...roots].sort() } };
}

function gatherInput(
  around: Around,
  target: Target,
  { input, list, members }: LinkedInput,
  name: string,
  found: Mutable,
): Given {
  const items: Item[] = [];
  const absent: Given['absent'][number][] = [];
  const failed: Given['failed'][number][] = [];
  const pointer = input.pointer === undefined ? undefined : fill(input.pointer, target.partition.keys);
  for (const member of members) {
    const stand = standing(around, member);
    switch (stand.kind) {
      case 'here':
        if (stand.elided !== undefined) found.elided.push(stand.elided);
        items.push(itemOf(name, stand, pointer, found));
        break;
      case 'unread':
        found.unread.push(stand.target);
        break;
      case 'nothing':
        if (input.optional) found.basis.push([name, stand.path, 'none']);
        else found.unusable ??= 'input-missing';
        break;
      case 'absent':
        absent.push({ target: stand.id, partition: stand.partition, reason: stand.reason });
        found.basis.push([name, stand.id, 'absent', stand.reason]);
        if (!list && !input.optional) found.absent ??= stand.reason;
        break;
      case 'failed':
        if (list && input.omit) {
          const { id, partition, code, roots } = stand;
          failed.push({ target: id, partition, code, roots });
          found.basis.push([name, id, 'failed', code, roots]);
          break;
        }
        found.code ??= stand.code;
        for (const root of stand.roots) found.roots.add(root);
    }
  }
  return { name, list, keyed: pointer !== undefined, items, absent, failed };
}

type Standing =
  | {
      readonly kind: 'here';
      readonly path: string;
      readonly partition: Partition;
      readonly content: Content;
      readonly elided: Target | undefined;
    }
  | { readonly kind: 'unread'; readonly target: Target }
  | { readonly kind: 'nothing'; readonly path: string }
  | { readonly kind: 'absent'; readonly id: string; readonly partition: Partition; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly id: string;
      readonly partition: Partition;
      readonly code: string;
      readonly roots: readonly string[];
    };

function standing(around: Around, member: Member): Standing {
  switch (member.kind) {
    case 'file':
      return sourceAt(around, member.path);
    case 'beyond':
      return { ...member, kind: 'absent' };
    case 'unavailable': {
      const { giver, rule } = member;
      const id = [rule.name, ...giver.keys, '*'].join('/');
      return unmade(id, giver.partition, around.settled(giver), [giver.id]);
    }
    case 'target': {
      const { target, output, within } = member;
      const settled = around.settled(target);
      const { partition } = target;
      if (settled.state !== 'here') return unmade(target.id, partition, settled, [target.id]);
      const fact = settled.record.outputs.find(({ name }) => name === output);
      if (fact === undefined) throw new Error(`${target.id} has no output "${output}"`);
      const elided = settled.elided ? target : undefined;
      if (within === undefined)
        return { kind: 'here', path: fact.path, partition, content: fact.content, elided };
      const path = `${fact.path}/${within}`;
      const content = around.disk.look(path);
      if (content !== undefined) return { kind: 'here', path, partition, content, elided };
      return elided === undefined ? { kind: 'nothing', path } : { kind: 'unread', target };
    }
  }
}

function unmade(id: string, partition: Partition, settled: Settled, own: readonly string[]): Standing {
  switch (settled.state) {
    case 'absent':
      return { kind: 'absent', id, partition, reason: settled.reason };
    case 'failed':
      return { kind: 'failed', id, partition, code: settled.code, roots: own };
    case 'blocked':
      return { kind: 'failed', id, partition, code: settled.code, roots: settled.roots };
    case 'here':
      throw new Error(`${id} is here`);
  }
}

/** What builds left is no source, in a folder neither. */
function sourceAt({ disk, records }: Around, path: string): Standing {
  const content = disk.look(path);
  if (content === undefined || records.isLeft(path, disk)) return { kind: 'nothing', path };
  if (
    disk.isFolder(path) &&
    [...disk.below(path).keys()].every((name) => records.isLeft(`${path}/${name}`, disk))
  )
    return { kind: 'nothing', path };
  return { kind: 'here', path, partition: NOWHERE, content, elided: undefined };
}

function itemOf(
  name: string,
  { path, partition, content, elided }: Extract<Standing, { kind: 'here' }>,
  pointer: string | undefined,
  found: Mutable,
): Item {
  const item = { path, partition, content: content.slice(1), folder: content.startsWith('T') };
  if (pointer === undefined) {
    found.basis.push([name, path, content]);
    return { ...item, value: null };
  }
  if (elided !== undefined) {
    found.unread.push(elided);
    return { ...item, value: null };
  }
  const parsed = content.startsWith('F') ? parse(item.content) : undefined;
  if (parsed === undefined) found.unusable ??= 'input-malformed';
  const value = canonical(parsed === undefined ? null : (at(parsed.value, pointer) ?? null));
  found.basis.push([name, path, pointer, value]);
  return { ...item, value };
}

export function parse(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

export function at(value: Json, pointer: string): Json | undefined {
  let here: Json | undefined = value;
  for (const step of pointer.split('/').slice(1)) {
    if (here === undefined || here === null || typeof here !== 'object') return undefined;
    here = new Map(Object.entries(here)).get(step);
  }
  return here;
}

/** Members sorted: how a map is written is no matter. */
export function canonical(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(canonical);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]): [string, Json] => [key, canonical(member)]));
}
