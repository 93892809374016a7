/**
 * A builder written apart from the engine, from what ARCHITECTURE.md promises: one target after the other, no
 * threads, no hashes, files in a map. It says what each target must come to, which tasks must have run and which
 * must not, and what must stand on the disk afterwards.
 */
import type { Ask, Outcome } from './ask.ts';
import { basisOf } from './basis.ts';
import type { Ended, Site } from './carrying-out.ts';
import { pastOf, restore, runTask } from './carrying-out.ts';
import type { Disk } from './disk.ts';
import type { LinkedInput, Settled } from './gathering.ts';
import { gather } from './gathering.ts';
import { keysGiven, pointerToKeys } from './given.ts';
import type { Keyring, Keys, Linked, Target } from './law.ts';
import { enumerate, linkRule, targetOf } from './law.ts';
import { globbed, memberAt, targetAt } from './paths.ts';
import type { Records } from './records.ts';
import type { Key } from './time-keys.ts';
import { calendar } from './time-keys.ts';
import type { Held } from './why.ts';
import { why } from './why.ts';
import type { Dim, World } from './world.ts';
import { fill, KEYS, pathTemplate, ruleAt, UNI } from './world.ts';

export class Reference implements Keyring {
  readonly world: World;
  readonly disk: Disk;
  readonly records: Records;
  readonly outcomes = new Map<string, Outcome>();
  /** Targets whose task or recipe ran. */
  readonly ran = new Set<string>();
  /** Targets that could not put their outputs in place: what stands there is not known to be of a build. */
  readonly obstructed = new Set<string>();
  readonly #ask: Ask;
  readonly #settled = new Map<string, Settled>();
  readonly #linked = new Map<string, readonly LinkedInput[]>();
  readonly #given = new Map<string, Keys>();
  readonly #demanded = new Set<string>();
  /** Of those, targets whose files another one is going to read. */
  readonly #read = new Set<string>();

  /** Changes `disk` and `records` as a build would. */
  constructor(world: World, disk: Disk, records: Records, ask: Ask) {
    this.world = world;
    this.disk = disk;
    this.records = records;
    this.#ask = ask;
    for (const root of this.#roots()) this.settled(root);
    for (const id of ask.demanded) this.#demand(this.#find(id), false);
  }

  #roots(): readonly Target[] {
    const { roots } = this.#ask;
    switch (roots.kind) {
      case 'default':
      case 'all':
        return this.world.rules.flatMap((rule, index) =>
          rule.default || roots.kind === 'all' ? enumerate(this, index).targets : [],
        );
      case 'rule': {
        const dims = ruleAt(this.world, roots.rule).for;
        return enumerate(this, roots.rule, (dim, key) => (roots.keys[dims.indexOf(dim)] ?? key) === key)
          .targets;
      }
      case 'ids':
        return roots.ids.map((id) => this.#find(id));
    }
  }

  #isSelected({ at, rule, keys }: Target): boolean {
    const { roots } = this.#ask;
    switch (roots.kind) {
      case 'default':
        return rule.default;
      case 'rule':
        return at === roots.rule && keys.every((key, position) => (roots.keys[position] ?? key) === key);
      case 'all':
      case 'ids':
        return true;
    }
  }

  #find(id: string): Target {
    const [name, ...keys] = id.split('/');
    const index = this.world.rules.findIndex((rule) => rule.name === name);
    if (index < 0) throw new Error(`there is no target ${id}`);
    const found = targetAt(this, index, keys);
    if (found === undefined || 'unavailable' in found) throw new Error(`there is no target ${id}`);
    return found;
  }

  keysOf(dim: Dim, sym: string | undefined): Keys {
    const plain = (keys: readonly string[]): Keys =>
      keys.map((key): Key => ({ key, whole: undefined, clipped: undefined }));
    switch (dim) {
      case 'lane':
        return plain(this.world.lanes);
      case 'month':
      case 'day':
        return calendar(this.world, dim);
      case 'sym':
        return this.world.symbols === undefined
          ? this.#keysBy(targetOf(this.world, UNI, []))
          : plain(this.world.symbols);
      case 'file': {
        const symbols = this.keysOf('sym', undefined);
        if ('unavailable' in symbols) return symbols;
        const key = symbols.find((each) => each.key === sym);
        return key === undefined ? [] : this.#keysBy(targetOf(this.world, KEYS, [key]));
      }
    }
  }

  #keysBy(giver: Target): Keys {
    this.settled(giver);
    return this.#given.get(giver.id) ?? { unavailable: giver };
  }

  settled(target: Target): Settled {
    const known = this.#settled.get(target.id);
    if (known !== undefined) return known;
    const linked = target.rule.inputs.map((input): LinkedInput => ({ input, ...this.#link(target, input) }));
    for (const { members } of linked)
      for (const member of members) if (member.kind === 'target') this.settled(member.target);
    this.#linked.set(target.id, linked);
    return this.#settle(target);
  }

  #settle(target: Target): Settled {
    const settled = this.#learnKeys(target, this.#decide(target));
    this.#settled.set(target.id, settled);
    return settled;
  }

  #link(target: Target, input: LinkedInput['input']): Linked {
    const { from } = input;
    if (from.kind === 'rule') return linkRule(this, target, input, from.rule, from.output);
    const path = fill(pathTemplate(this.world, target.rule, from), target.partition.keys);
    if (from.kind === 'source' || from.kind === 'path')
      return { list: false, members: [memberAt(this, path)] };
    return { list: true, members: globbed(this, target, from, path) };
  }

  /** Keys that hang on a target become known, or are known not to be had. */
  #learnKeys(target: Target, settled: Settled): Settled {
    const given = keysGiven(this.world, target, settled);
    if (given === undefined) return settled;
    this.#given.set(target.id, given.keys);
    if (!given.malformed) return settled;
    this.outcomes.set(target.id, 'failed');
    return { state: 'failed', code: 'keys-malformed', roots: [target.id] };
  }

  /** An intermediate whose files are gone is made again. `read`: for a target that is about to run. */
  #demand(target: Target, read: boolean): void {
    const { id } = target;
    const settled = this.#settled.get(id);
    if (settled?.state !== 'here' || !settled.elided) return;
    if (this.#demanded.has(id) && (!read || this.#read.has(id))) return;
    this.#demanded.add(id);
    if (read) this.#read.add(id);
    this.#settle(target);
  }

  #decide(target: Target): Settled {
    const linked = this.#linked.get(target.id) ?? [];
    const { rule } = target;
    const settle = (outcome: Outcome, settled: Settled): Settled => this.#end(target, { outcome, settled });
    for (;;) {
      const gathered = gather(this, target, linked);
      if (gathered.blocked !== undefined) return settle('blocked', { state: 'blocked', ...gathered.blocked });
      if (gathered.absent !== undefined)
        return settle('absent', { state: 'absent', reason: gathered.absent });
      if (gathered.unread.length > 0) {
        for (const each of gathered.unread) this.#demand(each, true);
        continue;
      }
      const unusable =
        rule.make !== 'cat' && this.world.modules[rule.make].broken ? 'task-unusable' : gathered.unusable;
      if (unusable !== undefined)
        return settle('failed', { state: 'failed', code: unusable, roots: [target.id] });
      const basis = basisOf(this.world, target, gathered);
      const record = this.records.successes.get(target.id);
      const reason = why(target, basis, this.#held(target));
      const past =
        reason === 'content' && this.#ask.told[target.id] === 'restored'
          ? pastOf(this.#site, target, basis)
          : undefined;
      if (past !== undefined) {
        const needed = this.#read.has(target.id);
        return this.#end(target, restore(this.#site, target, { basis, outputs: past, needed }));
      }
      if (reason === 'nothing' && record !== undefined) {
        if (record.absent !== undefined) return settle('absent', { state: 'absent', reason: record.absent });
        const elided =
          rule.intermediate && record.outputs.some(({ path }) => this.disk.look(path) === undefined);
        return settle('fresh', { state: 'here', record, elided });
      }
      if (gathered.elided.length > 0) {
        for (const each of gathered.elided) this.#demand(each, true);
        continue;
      }
      this.ran.add(target.id);
      const due = reason === 'due' ? record : undefined;
      return this.#end(target, runTask(this.#site, target, gathered, basis, due));
    }
  }

  #end({ id }: Target, { outcome, settled }: Ended): Settled {
    this.outcomes.set(id, outcome);
    if (settled.state === 'failed' && settled.code === 'cannot-write') this.obstructed.add(id);
    return settled;
  }

  get #site(): Site {
    return { world: this.world, disk: this.disk, records: this.records, ask: this.#ask };
  }

  #held(target: Target): Held {
    const { force, forced, refresh } = this.#ask;
    const { id } = target;
    return {
      disk: this.disk,
      records: this.records,
      forced: (force && this.#isSelected(target)) || forced?.(id) === true,
      refresh,
      needed: this.#demanded.has(id) || pointerToKeys(this.world, target) !== undefined,
    };
  }
}
