/**
 * Everything that one pass over the graph shares: the graph, what is recorded, the memo, what has settled so
 * far, and how the pass was asked for. Holds state, decides nothing.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { checkGraph } from '../graph/check.ts';
import type { Target } from '../graph/graph.ts';
import { Graph } from '../graph/graph.ts';
import { PathEdges } from '../graph/path-edges.ts';
import type { Manifest, Rule } from '../manifest/model.ts';
import type { Loaded } from '../state/journal.ts';
import type { StatMemo } from '../state/memo.ts';
import type { CodeRecord, OutputFact } from '../state/record.ts';
import type { Json } from '../task.ts';
import type { Code, CodeIdentity, Identified } from './code.ts';
import { KeyedFiles } from './keyed-files.ts';
import type { Settled } from './settled.ts';

export interface PassOptions {
  /** Nothing is run: stale targets settle as stale. */
  readonly dry: boolean;
  /** Volatile targets are asked whatever their age. */
  readonly refresh: boolean;
  readonly offline: boolean;
  /** Targets that are built whether fresh or not. */
  readonly force: (target: Target) => boolean;
  /** Epoch milliseconds: decides only what is due. */
  readonly now: number;
}

export class Session {
  readonly graph: Graph;
  readonly paths: PathEdges;
  readonly workspace: string;
  readonly loaded: Loaded;
  readonly memo: StatMemo;
  readonly code: Code;
  readonly options: PassOptions;
  readonly keyed: KeyedFiles;
  readonly #settled: (Settled | undefined)[] = [];
  /** What each rule runs, by rule name; filled before the first target is decided. */
  readonly identified = new Map<string, Identified>();
  readonly #codes = new Map<string, CodeRecord>();
  /** Intermediates whose files a consumer needs after all. */
  readonly demanded = new Set<number>();

  constructor(
    manifest: Manifest,
    parts: { workspace: string; loaded: Loaded; memo: StatMemo; code: Code; options: PassOptions },
  ) {
    this.graph = new Graph(manifest);
    this.paths = new PathEdges(this.graph);
    this.workspace = parts.workspace;
    this.loaded = parts.loaded;
    this.memo = parts.memo;
    this.code = parts.code;
    this.options = parts.options;
    this.keyed = new KeyedFiles(parts.memo);
  }

  check(): readonly Diagnostic[] {
    return checkGraph(this.graph, this.paths);
  }

  settled(index: number): Settled | undefined {
    return this.#settled[index];
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

  /** The one place where a target's end is noted; keys that hang on it become known here. */
  set(index: number, settled: Settled | undefined): void {
    this.#settled[index] = settled;
    if (settled !== undefined) this.#learnKeys(index, settled);
  }

  #learnKeys(index: number, settled: Settled): void {
    const target = this.graph.target(index);
    for (const dimension of this.graph.dynamicDimensionsOf(target.rule)) {
      const fact = factsOf(settled)?.find(({ name }) => name === dimension.output) ?? factsOf(settled)?.[0];
      const value =
        fact === undefined ? undefined : this.keyed.value(fact.path, dimension.pointer, fact.digest);
      this.graph.provideKeys(dimension.name, target.keys[0], value === undefined ? undefined : keysIn(value));
    }
  }
}

/** The outputs that dependents may count on, or in a dry run assume. */
export function factsOf(settled: Settled): readonly OutputFact[] | undefined {
  return 'record' in settled ? settled.record?.outputs : undefined;
}

function keysIn(value: Json): readonly string[] | undefined {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' && value !== null ? Object.keys(value) : undefined;
}
