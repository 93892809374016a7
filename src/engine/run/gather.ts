/**
 * What a target would read if it ran now: every member of every input with its digest, and whatever stands in
 * the way (absent, failed, missing, not yet certain). Needs its producers settled; decides nothing itself.
 */
import { globSync } from 'tinyglobby';
import type { LinkedInput, Member } from '../graph/edges.ts';
import { render } from '../graph/template.ts';
import type { Digest, Part } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import type { SuccessRecord } from '../state/record.ts';
import { isStatePath } from '../state/workspace-state.ts';
import type { AbsentMember, FailedMember, Json, Partition } from '../task.ts';
import type { Session } from './session.ts';
import { factsOf } from './session.ts';
import type { Settled } from './settled.ts';
import { isUncertain } from './settled.ts';

export interface GatheredItem {
  /** Relative to the workspace, or absolute. */
  readonly path: string;
  readonly partition: Partition;
  readonly digest: Digest;
  /** Of a keyed input: what stands at the pointer. */
  readonly value: Json | undefined;
}

export interface GatheredInput {
  readonly name: string;
  readonly list: boolean;
  readonly keyed: boolean;
  readonly items: readonly GatheredItem[];
  readonly absent: readonly AbsentMember[];
  readonly failed: readonly FailedMember[];
}

export interface Gathered {
  readonly inputs: readonly GatheredInput[];
  readonly parts: readonly Part[];
  /** Files that nobody makes and that are not there, and keyed inputs that are no JSON. */
  readonly unusable: readonly Unusable[];
  readonly blocked: { readonly roots: readonly string[]; readonly code: string } | undefined;
  readonly absent: { readonly reason: string; readonly by: string } | undefined;
  /** Targets whose outcome is not known (dry runs). */
  readonly uncertain: readonly string[];
  /** Intermediates whose record stands in for files that are gone. */
  readonly elided: readonly number[];
}

export interface Unusable {
  readonly input: string;
  readonly path: string;
  /** Undefined: there is no such file. Otherwise why it is no JSON. */
  readonly notJson: string | undefined;
}

const NOWHERE: Partition = { keys: {}, spans: {} };

export function gather(session: Session, linked: readonly LinkedInput[], partition: Partition): Gathered {
  const collector = new Collector(session);
  const inputs = linked.map((input) => collector.input(input, partition));
  return { inputs, ...collector.rest() };
}

class Collector {
  readonly #session: Session;
  readonly #parts: Part[] = [];
  readonly #unusable: Unusable[] = [];
  readonly #uncertain = new Set<string>();
  readonly #elided = new Set<number>();
  readonly #roots = new Set<string>();
  #code: string | undefined;
  #absent: { reason: string; by: string } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  rest(): Omit<Gathered, 'inputs'> {
    return {
      parts: this.#parts,
      unusable: this.#unusable,
      blocked:
        this.#code === undefined ? undefined : { roots: [...this.#roots].sort(byCodeUnit), code: this.#code },
      absent: this.#absent,
      uncertain: [...this.#uncertain],
      elided: [...this.#elided],
    };
  }

  input(input: LinkedInput, partition: Partition): GatheredInput {
    const { spec, list } = input;
    const pointer = spec.pointer === undefined ? undefined : render(spec.pointer, partition);
    const items: GatheredItem[] = [];
    const absent: AbsentMember[] = [];
    const failed: FailedMember[] = [];
    for (const member of this.#withGlobs(input.members)) {
      const found = this.#look(member);
      switch (found.kind) {
        case 'here':
          items.push(this.#item(spec.name, found, pointer));
          break;
        case 'nothing':
          if (spec.optional) this.#parts.push(['input', `${spec.name} ${found.path}`, 'none']);
          else this.#unusable.push({ input: spec.name, path: found.path, notJson: undefined });
          break;
        case 'absent':
          absent.push({ target: found.id, reason: found.reason, partition: found.partition });
          this.#parts.push(['input', `${spec.name} ${found.id}`, `absent: ${found.reason}`]);
          if (!list && !spec.optional) this.#absent ??= { reason: found.reason, by: found.id };
          break;
        case 'failed':
          if (list && spec.failed === 'omit') {
            const { id: target, code, roots } = found;
            failed.push({ target, partition: found.partition, code, roots });
            this.#parts.push(['failed', `${spec.name} ${target}`, [code, ...roots].join(' ')]);
            break;
          }
          this.#code ??= found.code;
          for (const root of found.roots) this.#roots.add(root);
          break;
        case 'uncertain':
          this.#uncertain.add(found.id);
          break;
      }
    }
    return { name: spec.name, list, keyed: pointer !== undefined, items, absent, failed };
  }

  #item(name: string, found: Here, pointer: string | undefined): GatheredItem {
    const { path, partition, digest } = found;
    if (pointer === undefined) {
      this.#parts.push(['input', `${name} ${path}`, digest]);
      return { path, partition, digest, value: undefined };
    }
    const keyed = this.#session.keyed;
    const notJson = keyed.trouble(path, digest);
    if (notJson !== undefined) this.#unusable.push({ input: name, path, notJson });
    this.#parts.push(['input', `${name} ${path}#${pointer}`, keyed.digest(path, pointer, digest)]);
    return { path, partition, digest, value: keyed.value(path, pointer, digest) ?? null };
  }

  /** Files on disk that match a glob take their place among the outputs that do, by path. */
  #withGlobs(members: readonly Member[]): readonly Member[] {
    const glob = members.find((member) => member.kind === 'glob');
    if (glob === undefined) return members;
    const made = new Map<string, Member>();
    for (const member of members) {
      const path = member.kind === 'target' ? this.#pathOf(member) : undefined;
      if (path !== undefined) made.set(path, member);
    }
    const { workspace } = this.#session;
    const onDisk = globSync(glob.pattern, { cwd: workspace, dot: false, expandDirectories: false });
    for (const path of onDisk) {
      if (!isStatePath(path) && !made.has(path)) made.set(path, { kind: 'file', path });
    }
    const sorted = [...made].sort(([a], [b]) => byCodeUnit(a, b)).map(([, member]) => member);
    const pathless = members.filter((member) => member.kind === 'target' && !this.#pathOf(member));
    return [...sorted, ...pathless];
  }

  #pathOf(member: Extract<Member, { kind: 'target' }>): string | undefined {
    const settled = this.#session.settled(member.target);
    return settled && factsOf(settled)?.find(({ name }) => name === member.output)?.path;
  }

  #look(member: Member): Found {
    switch (member.kind) {
      case 'file': {
        const digest = this.#session.memo.digest(member.path);
        if (digest === undefined) return { kind: 'nothing', path: member.path };
        return { kind: 'here', path: member.path, partition: NOWHERE, digest };
      }
      case 'glob':
        throw new Error('globs are resolved before their members are looked at');
      case 'beyond':
        return {
          kind: 'absent',
          id: member.id,
          reason: 'beyond the edge of the dimension',
          partition: member.partition,
        };
      case 'unavailable':
        return this.#unavailable(member);
      case 'target':
        return this.#target(member);
    }
  }

  #target(member: Extract<Member, { kind: 'target' }>): Found {
    const { graph } = this.#session;
    const { id } = graph.target(member.target);
    const partition = graph.partition(graph.target(member.target));
    const settled = this.#session.settled(member.target);
    if (settled === undefined) throw new Error(`${id} was gathered before it settled`);
    if (isUncertain(settled)) this.#uncertain.add(id);
    if ('record' in settled) {
      const record: SuccessRecord | undefined = settled.record;
      const fact = record?.outputs.find(({ name }) => name === member.output);
      if (fact === undefined) {
        // A recorded absence that may end, or a target that was never built.
        return { kind: 'uncertain', id };
      }
      if ('elided' in settled && settled.elided) this.#elided.add(member.target);
      if (member.within === undefined)
        return { kind: 'here', path: fact.path, partition, digest: fact.digest };
      const path = `${fact.path}/${member.within}`;
      const digest = this.#session.memo.digest(path);
      return digest === undefined ? { kind: 'nothing', path } : { kind: 'here', path, partition, digest };
    }
    return unmade(id, partition, settled);
  }

  #unavailable(member: Extract<Member, { kind: 'unavailable' }>): Found {
    const { graph } = this.#session;
    const giver = graph.target(member.target);
    const settled = this.#session.settled(member.target);
    const id = [member.rule, ...giver.keys, '*'].join('/');
    if (settled === undefined || 'record' in settled) return { kind: 'uncertain', id };
    return unmade(settled.state === 'failed' ? giver.id : id, graph.partition(giver), settled);
  }
}

interface Here {
  readonly kind: 'here';
  readonly path: string;
  readonly partition: Partition;
  readonly digest: Digest;
}

type Found =
  | Here
  | { readonly kind: 'nothing'; readonly path: string }
  | {
      readonly kind: 'absent';
      readonly id: string;
      readonly reason: string;
      readonly partition: Partition;
    }
  | {
      readonly kind: 'failed';
      readonly id: string;
      readonly code: string;
      readonly roots: readonly string[];
      readonly partition: Partition;
    }
  | { readonly kind: 'uncertain'; readonly id: string };

function unmade(
  id: string,
  partition: Partition,
  settled: Extract<Settled, { state: 'absent' | 'failed' | 'blocked' }>,
): Found {
  switch (settled.state) {
    case 'absent':
      return { kind: 'absent', id, reason: settled.reason, partition };
    case 'failed':
      return { kind: 'failed', id, code: settled.failure.code, roots: [id], partition };
    case 'blocked':
      return { kind: 'failed', id, code: settled.code, roots: settled.roots, partition };
  }
}
