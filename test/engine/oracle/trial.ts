/**
 * One random workspace on disk, edited and built step by step, each build held against the reference: outcomes, what
 * ran, and every byte that stands there afterwards. Knows both sides; decides nothing for either.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildEvent } from '../../../src/engine/events.ts';
import type { BuildAsk, Built } from '../../rig.ts';
import { Rig } from '../../rig.ts';
import type { Ask } from './ask.ts';
import { LEARNT } from './basis.ts';
import { expectSame, members } from './difference.ts';
import type { Drawn } from './drawing.ts';
import {
  expectClean,
  expectForetold,
  expectPartOfAll,
  expectRecalled,
  expectStatus,
} from './expectations.ts';
import { filesOf } from './manifest-text.ts';
import { short } from './meaning.ts';
import { worldOf } from './reading.ts';
import { Records } from './records.ts';
import { Reference } from './reference.ts';
import { possibleIds, rootsOf, ruleBy, wantedKeys } from './selecting.ts';
import { diskOf } from './snapshot.ts';
import type { SourceFile } from './sources.ts';
import { SOURCES } from './sources.ts';
import type { BuildStep, Edit, Step } from './steps.ts';
import { edited } from './steps.ts';
import type { From, World } from './world.ts';

const PROGRAM = 'the oracle';

export class Trial {
  readonly rig = new Rig();
  builds = 0;
  /** How often a build could have recalled that there was nothing to do. */
  recalled = 0;
  /** Builds in which some targets stood that nothing had reached. */
  narrowed = 0;
  #drawn: Drawn;
  readonly #records = new Records();
  #every = 0;
  #outside = 0;
  /** Whether a clean build would be given the same: nobody has put files of his own among outputs. */
  #forged = false;

  constructor(drawn: Drawn) {
    this.#drawn = drawn;
    for (const { path, texts, first } of SOURCES)
      if (first !== undefined) this.rig.write(path, texts[first] ?? '');
    this.rig.write('.runs/log', '');
    this.rig.write('.runs/fail', '');
    this.#writeWorld();
  }

  get world(): World {
    return worldOf(this.#drawn);
  }

  close(): void {
    rmSync(this.rig.dir, { recursive: true, force: true });
  }

  async carryOut(step: Step): Promise<void> {
    if (step.kind === 'build') await this.#build(step);
    else this.#edit(step);
  }

  #writeWorld(): void {
    for (const [path, text] of Object.entries(filesOf(this.world)))
      if (!this.rig.has(path) || this.rig.read(path) !== text) this.rig.write(path, text);
    this.rig.write('.runs/outside', `${this.#outside} `);
  }

  #edit(step: Edit): void {
    this.#drawn = edited(this.#drawn, step);
    switch (step.kind) {
      case 'source': {
        const source = this.#source(step.which);
        if (source) this.rig.write(source.path, source.texts[step.text % source.texts.length] ?? '');
        break;
      }
      case 'no source':
        rmSync(this.rig.path(this.#source(step.which)?.path ?? 'none'), { force: true });
        break;
      case 'outside':
        this.#outside = step.to;
        break;
      case 'strike':
        this.#every = step.every;
        break;
      case 'forget':
        rmSync(this.rig.path(`.pipeline/${step.what}`), { force: true });
        if (step.what === 'journal') {
          this.#records.forget();
          this.#forged = true;
        }
        break;
      case 'drop in': {
        const folders = [...diskOf(this.rig.dir).files.keys()]
          .filter((path) => path.startsWith('out/'))
          .map(dirname);
        const folder = folders[step.which % Math.max(1, folders.length)];
        if (folder === undefined) break;
        this.#forged = true;
        this.rig.write(`${folder}/dropped`, '1 dropped\n');
        break;
      }
      case 'lose':
      case 'forge':
      case 'touch':
      case 'lose folder':
        this.#harm(step.kind, step.which);
        break;
      default:
        break;
    }
    this.#writeWorld();
  }

  /** The n-th file that some rule may read. */
  #source(which: number): SourceFile | undefined {
    const { rules } = this.world;
    const read = SOURCES.filter(({ path }) =>
      rules.some(({ inputs, learns }) =>
        learns && path === LEARNT ? true : inputs.some(({ from }) => mayRead(from, path)),
      ),
    );
    return read[which % Math.max(1, read.length)];
  }

  #harm(kind: 'lose' | 'forge' | 'touch' | 'lose folder', which: number): void {
    const made = [...diskOf(this.rig.dir).files.keys()].filter((path) => path.startsWith('out/')).sort();
    const path = made[which % Math.max(1, made.length)];
    if (path === undefined) return;
    if (kind === 'touch') this.rig.touch(path);
    else if (kind === 'lose') this.rig.remove(path);
    else if (kind === 'lose folder') this.rig.remove(dirname(path));
    else {
      this.#forged = true;
      this.rig.write(path, '1 forged\n');
    }
  }

  async #build(step: BuildStep): Promise<void> {
    this.builds++;
    const { world, rig } = this;
    const before = diskOf(this.rig.dir);
    const struck = this.#struck(world);
    writeFileSync(rig.path('.runs/fail'), [...struck, ''].join('\n'));
    writeFileSync(rig.path('.runs/log'), '');
    const selectors = this.#selectors(world, step);
    const foretold = step.foretell && step.selection.kind === 'default' && !step.refresh && !step.force;
    const states = foretold ? await rig.states() : {};
    const plain = step.selection.kind === 'default' && !step.force && !step.refresh;
    const found = plain ? await rig.found(PROGRAM) : undefined;
    const recalled = found?.kind === 'all' ? found.standing : undefined;
    if (found !== undefined) await this.#expectSameStatus();
    if (recalled !== undefined) {
      this.recalled++;
      expectStatus(recalled.status(), await rig.status(), await rig.orphans());
    }
    const program = plain && recalled === undefined ? PROGRAM : undefined;
    const { built, interrupted } = await run(rig, selectors, step, program);
    if (built.events.some(({ type }) => type === 'targets-stood')) this.narrowed++;
    const roots = rootsOf(world, step);
    const told = built.outcomes;
    const after = diskOf(rig.dir);
    const stopped = interrupted || (step.failFast && Object.values(told).includes('failed'));
    if (built.result !== 'built' && (step.selection.kind === 'default' || step.selection.kind === 'state'))
      throw new Error(`the build ended as "${built.result}":\n${built.diagnostics}`);
    const exact = roots !== undefined && !stopped && built.result === 'built';
    const asked: Omit<Ask, 'roots' | 'demanded'> = {
      force: step.force,
      refresh: step.refresh,
      struck: (target) => struck.has(target),
      outside: `${this.#outside} `,
      told,
      isGone: (path) => after.look(path) === undefined,
    };
    const ran = new Set(readFileSync(rig.path('.runs/log'), 'utf8').split('\n').filter(Boolean));
    if (!exact) expectPartOfAll({ world, before, records: this.#records, asked }, built, ran);
    const reference = new Reference(world, before.copy(), this.#records, {
      ...asked,
      force: exact && step.force,
      roots: exact ? roots : { kind: 'ids', ids: Object.keys(told) },
      demanded: exact ? [] : Object.keys(told).filter((id) => told[id] !== 'fresh'),
      ...(exact ? {} : { forced: step.force ? (id: string) => this.#forcedIn(built, id) : undefined }),
    });
    // A giver of keys that the reference need not ask may be looked at all the same, if that is all.
    const looked = Object.entries(told).filter(
      ([id, outcome]) => reference.outcomes.has(id) || outcome !== 'fresh' || !/^(uni|keys)(\/|$)/.test(id),
    );
    if (recalled !== undefined && !interrupted) expectRecalled(recalled.verdict, built);
    // Of what stands nobody asks whom it reads, and a build that was broken off has not come to tell of those.
    const untold = [...reference.outcomes].filter(
      ([id, outcome]) => told[id] === undefined && (outcome === 'fresh' || outcome === 'absent'),
    );
    const passedOver = exact || built.stood.length === 0 ? [] : untold.map(([id]) => id);
    const expected = [...reference.outcomes].filter(([id]) => !passedOver.includes(id));
    expectSame('outcomes', new Map(looked), new Map(expected));
    if (!interrupted) expectSame('targets whose tasks ran', members(ran), members(reference.ran));
    expectSame('files', after.files, reference.disk.files);
    if (exact && foretold) expectForetold(world, states, built);
    if (exact && step.selection.kind === 'default' && !this.#forged && struck.size === 0)
      expectClean(world, reference);
    if (exact && plain && step.foretell) await this.#remember(built);
  }

  /** What `status` finds with what builds have left is what it finds without. */
  async #expectSameStatus(): Promise<void> {
    const told = async (ask: BuildAsk): Promise<ReadonlyMap<string, string>> => {
      const targets = await this.rig.status([], ask);
      const orphans = await this.rig.orphans(ask);
      return new Map([...targets, ...orphans].map((each, at) => [`${at}`, JSON.stringify(each)]));
    };
    expectSame('status, by what was left', await told({ program: PROGRAM }), await told({}));
  }

  /** Lets a build find that there is nothing to do, once files are at rest: what is edited next must not be missed. */
  async #remember({ outcomes }: Built): Promise<void> {
    const isWell = Object.values(outcomes).every((each) => each !== 'failed' && each !== 'blocked');
    if (!isWell || this.world.rules.some(({ volatile }) => volatile)) return;
    await sleep(60);
    const { ran } = await this.rig.build([], { program: PROGRAM });
    expectSame('what ran though nothing has changed', members(new Set(ran)), members(new Set()));
  }

  /** Why each target ran is told: `forced` is a reason of its own. */
  #forcedIn({ events }: Built, id: string): boolean {
    return events.some(
      (event) =>
        event.type === 'target-started' && event.target === id && event.reasons[0]?.kind === 'forced',
    );
  }

  #selectors(world: World, { selection }: BuildStep): readonly string[] {
    switch (selection.kind) {
      case 'default':
        return [];
      case 'state':
        return [selection.state];
      case 'dependents':
        return [`${ruleBy(world, selection.rule).name}+`];
      case 'rule': {
        const rule = ruleBy(world, selection.rule);
        const keys = wantedKeys(rule, selection.keys);
        return [[rule.name, ...keys.map((key) => key ?? '*')].join('/')];
      }
      case 'path': {
        const paths = [...this.#records.successes.values()].flatMap(({ outputs }) =>
          outputs.map(({ path }) => path),
        );
        return [paths[selection.which % Math.max(1, paths.length)] ?? 'out/keys/a'];
      }
    }
  }

  /** Ids of all targets there could be, of those whose turn to fail has come. */
  #struck(world: World): ReadonlySet<string> {
    if (this.#every === 0) return new Set();
    const ids = world.rules.filter(({ intermediate }) => !intermediate).flatMap(possibleIds);
    return new Set(ids.filter((id) => short(id).charCodeAt(0) % this.#every === 0));
  }
}

function mayRead(from: From, path: string): boolean {
  if (from.kind === 'files') return path.startsWith('src/g/');
  return from.kind === 'source' && new RegExp(`^${from.path.replace(/\$\{\w+\}/g, '[^/]+')}$`).test(path);
}

async function run(
  rig: Rig,
  selectors: readonly string[],
  { jobs, force, refresh, failFast, abortAt }: BuildStep,
  program: string | undefined,
): Promise<{ readonly built: Built; readonly interrupted: boolean }> {
  const abort = new AbortController();
  let left = abortAt ?? Number.POSITIVE_INFINITY;
  const onEvent = (_event: BuildEvent): void => {
    if (left-- === 0) abort.abort();
  };
  const { signal } = abort;
  const ask = { jobs, force, refresh, failFast, signal, onEvent };
  const built = await rig.build(selectors, program === undefined ? ask : { ...ask, program });
  return { built, interrupted: abort.signal.aborted };
}
