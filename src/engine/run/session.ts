/**
 * Everything that one pass over the graph shares: the graph, what is recorded, the memo, what has settled so
 * far, and how the pass was asked for. Holds state, decides nothing.
 */
import type { Diagnostic } from '../diagnostic.ts';
import type { Failure } from '../events.ts';
import { checkGraph } from '../graph/check.ts';
import type { Target } from '../graph/graph.ts';
import { Graph } from '../graph/graph.ts';
import { PathEdges } from '../graph/path-edges.ts';
import type { Manifest, Rule } from '../manifest/model.ts';
import { inOrder } from '../manifest/report.ts';
import type { Loaded } from '../state/journal.ts';
import type { Lock } from '../state/lockfile.ts';
import type { StatMemo } from '../state/memo.ts';
import type { CodeRecord, OutputFact } from '../state/record.ts';
import type { For } from '../state/witness.ts';
import type { Code, CodeIdentity, Identified } from './code.ts';
import { givenKeys, refusedKeys } from './given-keys.ts';
import { KeyedFiles } from './keyed-files.ts';
import { KnownFresh } from './known-fresh.ts';
import { LeftBehind } from './left-behind.ts';
import type { Past } from './past.ts';
import { Locked } from './pinned.ts';
import { protectedOutputs } from './protected-outputs.ts';
import type { Settled } from './settled.ts';
import { isUncertain } from './settled.ts';

export interface PassOptions {
  /** Nothing is run: stale targets settle as stale. */
  readonly dry: boolean;
  /** Volatile targets are asked whatever their age. */
  readonly refresh: boolean;
  /** And are to look at all there is, not only at what is new. */
  readonly sweep: boolean;
  readonly offline: boolean;
  /** Before the second try; doubled each time. Default: a second. */
  readonly retryWaitMs?: number | undefined;
  /** Targets that are built whether fresh or not. */
  readonly force: (target: Target) => boolean;
  /** Targets whose last failure stands while their fingerprint is the same. Default: all run again. */
  readonly keepFailed?: ((target: string) => boolean) | undefined;
  /** Epoch milliseconds: decides only what is due. */
  readonly now: number;
}

/** What an earlier pass over the same has left. */
export interface Earlier {
  /** All that it went over. */
  readonly targets: readonly string[];
  /** Those that nothing has reached since they were found fresh: they need not be decided. */
  readonly stands: ReadonlySet<string>;
}

const NOTHING: Earlier = { targets: [], stands: new Set() };

export class Session {
  readonly graph: Graph;
  readonly paths: PathEdges;
  readonly workspace: string;
  readonly loaded: Loaded;
  readonly memo: StatMemo;
  readonly code: Code;
  readonly options: PassOptions;
  /** Undefined: this pass neither keeps what it replaces nor restores what was. */
  readonly past: Past | undefined;
  readonly keyed: KeyedFiles;
  readonly leftBehind: LeftBehind;
  /** Set in a locked build. */
  readonly locked: Locked | undefined;
  readonly #settled: (Settled | undefined)[] = [];
  /** What each rule runs, by rule name; filled before the first target is decided. */
  readonly identified = new Map<string, Identified>();
  readonly #codes = new Map<string, CodeRecord>();
  /** Intermediates whose files a consumer needs after all. */
  readonly demanded = new Set<number>();
  readonly #stands: ReadonlySet<string>;
  readonly #earlierTargets: readonly number[];

  constructor(
    manifest: Manifest,
    parts: {
      workspace: string;
      loaded: Loaded;
      memo: StatMemo;
      code: Code;
      options: PassOptions;
      past?: Past;
      /** The build is to come to what it says. */
      lock?: Lock | undefined;
      /** Default: nothing is known. */
      earlier?: Earlier | undefined;
    },
  ) {
    this.graph = new Graph(manifest);
    this.paths = new PathEdges(this.graph);
    this.workspace = parts.workspace;
    this.loaded = parts.loaded;
    this.memo = parts.memo;
    this.code = parts.code;
    this.options = parts.options;
    this.past = parts.past;
    this.keyed = new KeyedFiles(parts.memo);
    const earlier = parts.earlier ?? NOTHING;
    this.#stands = earlier.stands;
    // All at once, so that they come in the same order.
    this.#earlierTargets = earlier.targets.map((id) => {
      const [name = '', ...keys] = id.split('/');
      return this.graph.intern(this.graph.rule(name), keys);
    });
    // What stands lies where its target writes now.
    this.leftBehind = new LeftBehind(parts.loaded, parts.memo, (id) => earlier.stands.has(id));
    this.locked = parts.lock && new Locked(parts.lock, this.graph, this.paths);
  }

  check(): readonly Diagnostic[] {
    return inOrder([
      ...checkGraph(this.graph, this.paths),
      ...protectedOutputs(this.graph, this.paths.outputs),
    ]);
  }

  settled(index: number): Settled | undefined {
    return this.#settled[index];
  }

  /** Settles a target that need not be decided. Undefined: it must be. */
  stand(index: number): Settled | undefined {
    const { id } = this.graph.target(index);
    if (!this.#stands.has(id)) return undefined;
    const settled = new KnownFresh(this.loaded, id);
    this.#settled[index] = settled;
    return settled;
  }

  /** Targets that an earlier pass has gone over, in its order. To be wanted once all keys are known. */
  get earlier(): readonly number[] {
    return this.#earlierTargets;
  }

  /** What files are looked at for from now on. Of a run that is under way it is of no matter what it looks at. */
  lookFor(by: For): void {
    const { witness } = this.memo;
    if (witness !== undefined) witness.by = by;
  }

  /** The target that makes a path, as far as keys are known. */
  makerOf(path: string): Target | undefined {
    const maker = this.paths.makerOf(path, new Set());
    return maker === undefined ? undefined : this.graph.target(maker.target);
  }

  async identifyCode(): Promise<void> {
    for (const rule of this.graph.manifest.rules.values()) {
      const identified = await this.code.identify(rule);
      this.identified.set(rule.name, identified);
      if (!identified.ok || identified.identity === undefined) continue;
      // Lets `explain` name the files behind a digest that has not been recorded yet.
      const { digest, files } = identified.identity;
      this.#codes.set(digest, { kind: 'code', digest, files });
    }
  }

  /** Of a rule whose code the pass has identified; undefined for recipes, and for code that cannot be used. */
  identity(rule: Rule): CodeIdentity | undefined {
    const found = this.identified.get(rule.name);
    return found?.ok ? found.identity : undefined;
  }

  codeRecord(digest: string): CodeRecord | undefined {
    return this.#codes.get(digest) ?? this.loaded.codes.get(digest);
  }

  /** Whether keys of a dynamic dimension hang on the rule: then its output must be there to be read. */
  givesKeys(rule: Rule): boolean {
    return this.graph.dynamicDimensionsOf(rule).length > 0;
  }

  /** Back to undecided: its files are needed after all. */
  reopen(index: number): void {
    this.#settled[index] = undefined;
  }

  /**
   * The one place where a target's end is noted; keys that hang on it become known here. Returns what stands: a
   * target that was to give keys and gives none that can be read has failed.
   */
  set(index: number, settled: Settled): Settled {
    const failure = this.#learnKeys(index, settled);
    const stands: Settled =
      failure === undefined ? settled : { state: 'failed', failure, reasons: settled.reasons };
    this.#settled[index] = stands;
    return stands;
  }

  #learnKeys(index: number, settled: Settled): Failure | undefined {
    const { id, rule, keys } = this.graph.target(index);
    let failure: Failure | undefined;
    for (const { name, output, pointer } of this.graph.dynamicDimensionsOf(rule)) {
      const facts = factsOf(settled);
      const fact = facts?.find((each) => each.name === output) ?? facts?.[0];
      const given =
        fact &&
        givenKeys(id, name, { path: fact.path, pointer }, this.keyed.value(fact.path, pointer, fact.digest));
      const refused = this.graph.provideKeys(name, keys[0], given?.ok ? given.keys : undefined);
      // What a stale target left may be as bad as it likes: it is made anew.
      if (given === undefined || isUncertain(settled)) continue;
      if (!given.ok) failure ??= given.failure;
      else if (refused.length > 0) failure ??= refusedKeys(id, name, refused);
    }
    return failure;
  }
}

/** The outputs that dependents may count on, or in a dry run assume. */
export function factsOf(settled: Settled): readonly OutputFact[] | undefined {
  return 'record' in settled ? settled.record?.outputs : undefined;
}
