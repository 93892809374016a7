/**
 * What a target would read if it ran now: every member of every input with its digest, and whatever stands in
 * the way (absent, failed, missing, not yet certain). Needs its producers settled; decides nothing itself.
 */
import { globSync } from 'tinyglobby';
import type { LinkedInput, Member } from '../graph/edges.ts';
import { render } from '../graph/template.ts';
import type { Digest, Part } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import { isStatePath } from '../state/workspace-state.ts';
import type { AbsentMember, FailedMember, Json, Partition } from '../task.ts';
import type { Here } from './look.ts';
import { look, pathOf } from './look.ts';
import type { Session } from './session.ts';

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
  /** Names of parts that say what such a target left last time: other bytes may come, and so may those of before. */
  readonly assumed: ReadonlySet<string>;
  /** Intermediates whose record stands in for files that are gone. */
  readonly elided: readonly number[];
  /** Those of them that must be read, by key or in a directory: without the file nothing can be said. */
  readonly unread: readonly number[];
}

export interface Unusable {
  readonly input: string;
  readonly path: string;
  /** Undefined: there is no such file. Otherwise why it is no JSON. */
  readonly notJson: string | undefined;
  /** The pointer of which the lockfile says nothing, in a locked build that does not make the file. */
  readonly notLocked: string | undefined;
  /** What stands there is no source: this target left it behind. */
  readonly leftBy: string | undefined;
}

type Settling = Exclude<Member, { kind: 'glob' }>;

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
  readonly #assumed = new Set<string>();
  readonly #elided = new Set<number>();
  readonly #unread = new Set<number>();
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
      assumed: this.#assumed,
      elided: [...this.#elided],
      unread: [...this.#unread],
    };
  }

  input(input: LinkedInput, partition: Partition): GatheredInput {
    const { spec, list } = input;
    const pointer = spec.pointer === undefined ? undefined : render(spec.pointer, partition);
    const items: GatheredItem[] = [];
    const absent: AbsentMember[] = [];
    const failed: FailedMember[] = [];
    for (const member of this.#withGlobs(input.members)) {
      const found = look(this.#session, member);
      switch (found.kind) {
        case 'here':
          if (found.assumed !== undefined) this.#uncertain.add(found.assumed);
          if (found.elided !== undefined) this.#elided.add(found.elided);
          items.push(this.#item(spec.name, found, pointer));
          break;
        case 'nothing':
          if (spec.optional) this.#parts.push(['input', `${spec.name} ${found.path}`, 'none']);
          else
            this.#unusable.push({
              input: spec.name,
              notJson: undefined,
              notLocked: undefined,
              path: found.path,
              leftBy: found.leftBy,
            });
          break;
        case 'unread':
          this.#unread.add(found.target);
          break;
        case 'absent':
          absent.push({ target: found.id, reason: found.reason, partition: found.partition });
          this.#parts.push(['input', `${spec.name} ${found.id}`, `absent: ${found.reason}`]);
          if (!list && !spec.optional) this.#absent ??= { reason: found.reason, by: found.id };
          break;
        case 'failed':
          if (list && spec.failed === 'omit') {
            const { id: target, code, roots } = found;
            for (const each of found.uncertain) this.#uncertain.add(each);
            if (found.uncertain.length > 0) this.#assumed.add(`${spec.name} ${target}`);
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
    const part = `${name} ${path}${pointer === undefined ? '' : `#${pointer}`}`;
    if (found.assumed !== undefined) this.#assumed.add(part);
    if (pointer === undefined) {
      this.#parts.push(['input', part, digest]);
      return { path, partition, digest, value: undefined };
    }
    if (found.elided !== undefined) {
      this.#unread.add(found.elided);
      return { path, partition, digest, value: undefined };
    }
    const keyed = this.#session.keyed;
    // What a stale target left may be as bad as it likes: it is made anew.
    const notJson = found.assumed === undefined ? keyed.trouble(path, digest) : undefined;
    const notLocked = keyed.knows(path, pointer) ? undefined : pointer;
    if (notJson !== undefined || notLocked !== undefined)
      this.#unusable.push({ input: name, path, notJson, notLocked, leftBy: undefined });
    this.#parts.push(['input', part, keyed.digest(path, pointer, digest)]);
    return { path, partition, digest, value: keyed.value(path, pointer, digest) ?? null };
  }

  /** Files on disk that match a glob take their place among the outputs that do, by path. */
  #withGlobs(members: readonly Member[]): readonly Settling[] {
    const glob = members.find((member) => member.kind === 'glob');
    const settling = members.filter((member): member is Settling => member.kind !== 'glob');
    if (glob === undefined) return settling;
    const made = new Map<string, Settling>();
    const pathless: Settling[] = [];
    for (const member of settling) {
      const path = member.kind === 'target' ? pathOf(this.#session, member) : undefined;
      if (path === undefined) pathless.push(member);
      else made.set(path, member);
    }
    const { workspace, leftBehind } = this.#session;
    // What a target made that has nothing now, and what targets left that are gone, is nobody's source.
    const isSource = (path: string): boolean =>
      this.#session.makerOf(path) === undefined && leftBehind.writerOf(path) === undefined;
    // Which files there are is not told by those that were there.
    this.#session.memo.witness?.lookAway();
    const onDisk = globSync(glob.pattern, { cwd: workspace, dot: false, expandDirectories: false });
    for (const path of onDisk) {
      if (!isStatePath(path) && !made.has(path) && isSource(path)) made.set(path, { kind: 'file', path });
    }
    const sorted = [...made].sort(([a], [b]) => byCodeUnit(a, b)).map(([, member]) => member);
    return [...sorted, ...pathless];
  }
}
