/**
 * A workspace in a temporary folder that tests write, build and look at: it counts what ran and keeps every event.
 * Knows no market; the market's tests hand their tasks in.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { build } from '../src/engine/build.ts';
import type { Diagnostic } from '../src/engine/diagnostic.ts';
import type { BuildEvent, Failure, LockDifference, Outcome, TargetStatus } from '../src/engine/events.ts';
import type { Json } from '../src/engine/json.ts';
import { loadManifest } from '../src/engine/manifest/load.ts';
import type { ConfigSchema, Manifest } from '../src/engine/manifest/model.ts';
import { orphansOf } from '../src/engine/orphans.ts';
import type { Builtins } from '../src/engine/run/code.ts';
import { isKnownFresh } from '../src/engine/run/known-fresh.ts';
import type { Found } from '../src/engine/standing.ts';
import { findStanding } from '../src/engine/standing.ts';
import { readLock } from '../src/engine/state/lockfile.ts';
import type { Survey } from '../src/engine/status.ts';
import { survey } from '../src/engine/status.ts';
import type { Span } from '../src/engine/task.ts';
import { formatDiagnostics } from '../src/ui/diagnostic-printer.ts';

export interface RigOptions {
  readonly builtins?: Builtins;
  readonly configSchema?: ConfigSchema;
  /** ISO: the wall clock that decides what is due. Default: the machine's. */
  readonly now?: string;
  readonly set?: readonly string[];
  readonly asOf?: string;
}

export interface BuildAsk extends RigOptions {
  readonly jobs?: number;
  readonly force?: boolean;
  readonly refresh?: boolean;
  readonly sweep?: boolean;
  readonly offline?: boolean;
  readonly failFast?: boolean;
  readonly wait?: boolean;
  /** By the lockfile that is there. */
  readonly locked?: boolean;
  readonly between?: Span;
  /** Of `status`: what an earlier look has found. Default: it looks for itself. */
  readonly earlier?: Found;
  /** Builds with the same one may recall that there was nothing to do. */
  readonly program?: string;
  readonly tellEach?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BuildEvent) => void;
}

export interface Built {
  /** Targets that were executed or checked, sorted. */
  readonly ran: readonly string[];
  /** Targets whose earlier result was put back, sorted. */
  readonly restored: readonly string[];
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** Targets that were not decided, since nothing has reached them, sorted. */
  readonly stood: readonly string[];
  readonly failures: Readonly<Record<string, Failure>>;
  readonly events: readonly BuildEvent[];
  /** As printed; empty when the manifest and the request were right. */
  readonly diagnostics: string;
  readonly result: 'built' | 'invalid' | 'locked';
  readonly interrupted: boolean;
  /** What a locked build came to otherwise than its lockfile says. */
  readonly differing: readonly LockDifference[];
}

const ANYTHING: ConfigSchema = { check: () => [], complete: (config) => config, known: [] };

export class Rig {
  readonly dir: string;
  readonly #defaults: RigOptions;

  /** Removed when the test has ended. */
  constructor(files: Readonly<Record<string, string>> = {}, defaults: RigOptions = {}) {
    this.dir = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-test-')));
    this.#defaults = defaults;
    onTestFinished(() => rmSync(this.dir, { recursive: true, force: true }));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  path(relative: string): string {
    return join(this.dir, relative);
  }

  write(relative: string, text: string | Uint8Array): void {
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    writeFileSync(this.path(relative), text);
  }

  edit(relative: string, change: (text: string) => string): void {
    const before = this.read(relative);
    const after = change(before);
    if (after === before) throw new Error(`the edit of ${relative} changes nothing`);
    this.write(relative, after);
  }

  read(relative: string): string {
    return readFileSync(this.path(relative), 'utf8');
  }

  json(relative: string): Json {
    return JSON.parse(this.read(relative)) as Json;
  }

  has(relative: string): boolean {
    return existsSync(this.path(relative));
  }

  /** Every file below a folder, relative to the workspace, in code-unit order. */
  files(folder: string): readonly string[] {
    if (!existsSync(this.path(folder))) return [];
    return readdirSync(this.path(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.dir.length + 1))
      .sort();
  }

  remove(relative: string): void {
    rmSync(this.path(relative), { recursive: true });
  }

  /** Moves the time stamps and nothing else. */
  touch(relative: string, at = new Date()): void {
    utimesSync(this.path(relative), at, at);
  }

  /** Other bytes of the same length, with mtime put back: what only a look at the content, or at ctime, sees. */
  editUnseen(relative: string, text: string): void {
    const { size, atime, mtime } = statSync(this.path(relative));
    if (Buffer.byteLength(text) !== size) throw new Error(`an unseen edit must keep the ${size} bytes`);
    writeFileSync(this.path(relative), text);
    utimesSync(this.path(relative), atime, mtime);
  }

  /** The manifest, or the diagnostics as printed. */
  load(ask: RigOptions = {}): Manifest | string {
    const { now, set = [], asOf, configSchema = ANYTHING, builtins = new Map() } = this.#ask(ask);
    const clock = now === undefined ? Date.now() : Date.parse(now);
    const loaded = loadManifest({
      workspace: this.dir,
      set,
      asOf: asOf === undefined ? undefined : Date.parse(asOf),
      defaultAsOf: Math.floor(clock / 86_400_000) * 86_400_000 - 60_000,
      now: clock,
      builtinTasks: [...builtins.keys()],
      configSchema,
    });
    return loaded.ok ? loaded.value : printed(loaded.diagnostics);
  }

  async build(selectors: string | readonly string[] = [], ask: BuildAsk = {}): Promise<Built> {
    const lock = ask.locked ? readLock(this.dir) : undefined;
    const manifest = this.load(lock ? { ...ask, asOf: new Date(lock.asOf).toISOString() } : ask);
    const events: BuildEvent[] = [];
    const stood: [string, Outcome][] = [];
    const of = (
      result: Built['result'],
      diagnostics = '',
      { interrupted = false, differing = [] }: Partial<Pick<Built, 'interrupted' | 'differing'>> = {},
    ): Built => {
      const finished = events.filter((event) => event.type === 'target-finished');
      const ran = finished.filter(({ outcome }) => outcome === 'executed' || outcome === 'checked');
      return {
        ran: ran.map(({ target }) => target).sort(),
        restored: finished.flatMap(({ target, outcome }) => (outcome === 'restored' ? [target] : [])).sort(),
        outcomes: Object.fromEntries([
          ...stood,
          ...finished.map(({ target, outcome }): [string, Outcome] => [target, outcome]),
        ]),
        stood: stood.map(([id]) => id).sort(),
        failures: Object.fromEntries(
          finished.flatMap(({ target, failure }) => (failure ? [[target, failure]] : [])),
        ),
        events,
        diagnostics,
        result,
        interrupted,
        differing,
      };
    };
    if (typeof manifest === 'string') return of('invalid', manifest);
    const { now, builtins = new Map() } = this.#ask(ask);
    const result = await build({
      workspace: this.dir,
      manifest,
      builtins,
      selectors: typeof selectors === 'string' ? [selectors] : selectors,
      between: ask.between,
      jobs: ask.jobs ?? 4,
      force: ask.force ?? false,
      refresh: ask.refresh ?? ask.sweep ?? false,
      sweep: ask.sweep ?? false,
      // A test has no time to wait for a server to calm down.
      retryWaitMs: 10,
      offline: ask.offline ?? false,
      failFast: ask.failFast ?? false,
      wait: ask.wait ?? true,
      lock,
      holder: 'a test',
      signal: ask.signal ?? new AbortController().signal,
      emit: (event) => {
        events.push(event);
        ask.onEvent?.(event);
      },
      program: ask.program,
      tellEach: ask.tellEach ?? false,
      remember: async () => null,
      // They are told of by number.
      inspect: (session) => {
        for (const { index, id } of session.graph.targets)
          if (isKnownFresh(session.settled(index))) stood.push([id, 'fresh']);
      },
      now: now === undefined ? Date.now() : Date.parse(now),
    });
    if (result.kind === 'invalid') return of('invalid', printed(result.diagnostics));
    return of(result.kind, '', result.kind === 'built' ? result : {});
  }

  /** What the builds of a program have left for the next one. */
  async found(program: string, ask: BuildAsk = {}): Promise<Found | undefined> {
    const manifest = this.load(ask);
    if (typeof manifest === 'string') return undefined;
    const { now, builtins = new Map() } = this.#ask(ask);
    const at = now === undefined ? Date.now() : Date.parse(now);
    return findStanding({ workspace: this.dir, manifest, builtins, program, now: at });
  }

  async status(
    selectors: string | readonly string[] = [],
    ask: BuildAsk = {},
  ): Promise<readonly TargetStatus[]> {
    return (await this.#survey(selectors, ask)).targets;
  }

  /** Paths that `status` lists as nobody's. */
  async orphans(ask: BuildAsk = {}): Promise<readonly string[]> {
    return orphansOf((await this.#survey([], ask)).session).map(({ path }) => path);
  }

  async #survey(
    selectors: string | readonly string[] = [],
    ask: BuildAsk = {},
  ): Promise<Extract<Survey, { kind: 'surveyed' }>> {
    const manifest = this.load(ask);
    if (typeof manifest === 'string') throw new Error(manifest);
    const { now, builtins = new Map() } = this.#ask(ask);
    const found = await survey({
      workspace: this.dir,
      manifest,
      builtins,
      selectors: typeof selectors === 'string' ? [selectors] : selectors,
      between: ask.between,
      force: ask.force ?? false,
      refresh: ask.refresh ?? false,
      earlier: ask.earlier ?? (ask.program === undefined ? undefined : await this.found(ask.program, ask)),
      now: now === undefined ? Date.now() : Date.parse(now),
    });
    if (found.kind === 'invalid') throw new Error(printed(found.diagnostics));
    return found;
  }

  /** `target: state` for each target. */
  async states(
    selectors: string | readonly string[] = [],
    ask: BuildAsk = {},
  ): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(
      (await this.status(selectors, ask)).map(({ target, state }) => [target, state]),
    );
  }

  #ask(ask: RigOptions): RigOptions {
    return { ...this.#defaults, ...ask };
  }
}

function printed(diagnostics: readonly Diagnostic[]): string {
  return formatDiagnostics(diagnostics, { color: false, width: 100 });
}
