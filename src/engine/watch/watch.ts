/**
 * A watch: builds, waits until something changes that matters, and builds again, until it is interrupted. Carries
 * out what the machine commands; what matters, what is looked at and what is said of it, others know.
 */
import type { Checked, Diagnostic } from '../diagnostic.ts';
import type { WatchEvent } from '../events.ts';
import type { Manifest } from '../manifest/model.ts';
import type { BuildOptions } from './build-round.ts';
import { BuildRound } from './build-round.ts';
import { Coverage } from './coverage.ts';
import type { WatchFolders } from './folders.ts';
import { WatchRefused, watchFolders } from './folders.ts';
import type { Change, Command, Signal, WatchState } from './machine.ts';
import { start, step } from './machine.ts';
import type { ManifestText } from './manifest-text.ts';
import { manifestText } from './manifest-text.ts';

export interface WatchRequest extends BuildOptions {
  /** Reads manifest and configs as they are now. */
  readonly load: () => Checked<Manifest>;
  readonly signal: AbortSignal;
  readonly tell: (event: WatchEvent) => void;
  /** For tests. */
  readonly watchFolders?: WatchFolders;
}

export type WatchEnd =
  | { readonly kind: 'interrupted' }
  /** The system watches no more folders. */
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string };

/** A change of more files than this is not listed in full. */
const LISTED = 20;

export async function watch(request: WatchRequest): Promise<WatchEnd> {
  return new Watch(request).run();
}

class Watch {
  readonly #request: WatchRequest;
  readonly #coverage: Coverage;
  readonly #round: BuildRound;
  #state: WatchState;
  #first: readonly Command[];
  #timer: NodeJS.Timeout | undefined;
  /** Digest of the manifest that runs or ran last; undefined: what it was for is not built. */
  #built: string | undefined;
  #text: ManifestText | undefined;
  /** What was last said to be wrong, so that it is said once. */
  #broken = '';
  #isWaiting = false;
  #end: (end: WatchEnd) => void = () => undefined;
  #fail: (thrown: unknown) => void = () => undefined;

  constructor(request: WatchRequest) {
    this.#request = request;
    this.#round = new BuildRound(request);
    this.#coverage = new Coverage({
      workspace: request.workspace,
      watchFolders: request.watchFolders ?? watchFolders,
      knowledge: this.#round.knowledge,
      onChanges: (changes) => this.#changed(changes),
      onTrouble: (error) => this.#refuse(error),
    });
    [this.#state, this.#first] = start();
  }

  async run(): Promise<WatchEnd> {
    const { signal } = this.#request;
    const interrupted = (): void => this.#take({ kind: 'interrupted' });
    signal.addEventListener('abort', interrupted, { once: true });
    try {
      return await new Promise<WatchEnd>((resolve, reject) => {
        this.#end = resolve;
        this.#fail = reject;
        this.#carryOut(this.#first);
        if (signal.aborted) interrupted();
      });
    } finally {
      clearTimeout(this.#timer);
      signal.removeEventListener('abort', interrupted);
      await this.#round.cancel();
      await this.#coverage.close();
    }
  }

  #take(signal: Signal): void {
    const [state, commands] = step(this.#state, signal);
    this.#state = state;
    this.#carryOut(commands);
  }

  #carryOut(commands: readonly Command[]): void {
    for (const command of commands) {
      switch (command.kind) {
        case 'settle':
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => this.#take({ kind: 'settled' }), command.ms);
          break;
        case 'begin':
          this.#begin(command.changes).then(
            (broken) => this.#take({ kind: 'ended', broken }),
            (thrown: unknown) => this.#refuse(thrown),
          );
          break;
        case 'look':
          this.#take({ kind: 'looked', found: this.#look() });
          break;
        case 'cancel':
          if (!this.#state.stopping) this.#request.tell({ type: 'watch-restarting' });
          this.#built = undefined;
          void this.#round.cancel();
          break;
        case 'stop':
          this.#end({ kind: 'interrupted' });
          break;
      }
    }
  }

  #changed(changes: readonly Change[]): void {
    this.#take({ kind: 'changed', changes, at: performance.now() });
  }

  /** Answers whether there was nothing that could be built. */
  async #begin(changes: readonly Change[]): Promise<boolean> {
    const { loaded, text } = await this.#prepare();
    const { digest } = text;
    const news = this.#coverage.news(changes, digest === this.#built);
    if (!loaded.ok) {
      this.#built = undefined;
      this.#explain(loaded.diagnostics, news);
      this.#wait();
      return true;
    }
    if (this.#state.stopping) return false;
    if (news.length === 0 && digest === this.#built) {
      this.#wait();
      return false;
    }
    this.#tellChanged(news);
    this.#built = digest;
    this.#isWaiting = false;
    this.#coverage.forget(news, (target) => this.#round.tryAgain(target));
    this.#coverage.narrow(undefined);
    const diagnostics = await this.#round.build(loaded.value);
    if (diagnostics.length > 0) {
      // What is asked for may come about by any change, so each is tried.
      this.#built = undefined;
      this.#explain(diagnostics, []);
      this.#wait();
      return true;
    }
    this.#broken = '';
    this.#coverage.narrow(this.#round.rules);
    await this.#coverage.cover({ text, manifest: loaded.value });
    this.#wait();
    return false;
  }

  /** The manifest as it is once everything that matters to it is watched: what changes from then on is seen. */
  async #prepare(): Promise<{ readonly loaded: Checked<Manifest>; readonly text: ManifestText }> {
    for (;;) {
      const text = this.#read();
      const loaded = this.#request.load();
      const manifest = loaded.ok ? loaded.value : undefined;
      await this.#coverage.cover({ text, manifest });
      if (this.#read().digest === text.digest) return { loaded, text };
    }
  }

  #look(): 'same' | 'another' | 'later' {
    // Before and after its build, what was begun looks at folders only.
    if (!this.#round.isRunning) return 'later';
    if (this.#read().digest === this.#built) {
      this.#broken = '';
      return 'same';
    }
    const loaded = this.#request.load();
    if (loaded.ok) return 'another';
    this.#explain(loaded.diagnostics, this.#coverage.news(this.#state.changes, false));
    return 'later';
  }

  #read(): ManifestText {
    this.#text = manifestText(this.#request.workspace, this.#text);
    return this.#text;
  }

  #explain(diagnostics: readonly Diagnostic[], news: readonly Change[]): void {
    const said = JSON.stringify(diagnostics);
    if (said === this.#broken) return;
    this.#broken = said;
    this.#tellChanged(news);
    this.#isWaiting = false;
    this.#request.tell({ type: 'watch-broken', diagnostics });
  }

  #wait(): void {
    if (this.#isWaiting || this.#state.stopping || this.#state.changes.length > 0) return;
    this.#isWaiting = true;
    this.#request.tell({ type: 'watch-waiting', folders: this.#coverage.count });
  }

  #tellChanged(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const changed = changes.slice(0, LISTED).map(({ path }) => path);
    this.#request.tell({ type: 'watch-changed', changed, more: changes.length - changed.length });
  }

  #refuse(thrown: unknown): void {
    if (!(thrown instanceof WatchRefused)) this.#fail(thrown);
    else this.#end({ kind: 'refused', message: thrown.message, hint: thrown.hint });
    // What still runs is to begin nothing more.
    this.#take({ kind: 'interrupted' });
  }
}
