/**
 * The builds of a watch, one after the other: each takes the run lock for itself, can be ended early, and leaves what
 * it has learnt. What fails is kept from running again until its fingerprint changes.
 */
import type { BuildRequest } from '../build.ts';
import { build } from '../build.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Listener, Outcome } from '../events.ts';
import type { Manifest } from '../manifest/model.ts';
import { Knowledge } from './learnt.ts';

type Given = 'workspace' | 'builtins' | 'selectors' | 'between' | 'jobs' | 'offline' | 'holder' | 'signal';

export interface BuildOptions extends Pick<BuildRequest, Given> {
  /** Made anew for each build. */
  readonly reporter: () => Promise<{ readonly listener: Listener; close(): Promise<void> | void }>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export class BuildRound {
  readonly knowledge: Knowledge;
  readonly #options: BuildOptions;
  /** Targets that have failed in this watch and not ended otherwise since. */
  readonly #failed = new Set<string>();
  #abort: AbortController | undefined;
  #running: Promise<unknown> | undefined;
  /** Rules that were part of the last whole build. */
  rules: ReadonlySet<string> | undefined;

  constructor(options: BuildOptions) {
    this.#options = options;
    this.knowledge = new Knowledge(options.workspace);
  }

  /** What is wrong with the request or the graph; empty when it was built, or ended early. */
  async build(manifest: Manifest): Promise<readonly Diagnostic[]> {
    const abort = new AbortController();
    this.#abort = abort;
    const { signal } = this.#options;
    const interrupt = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', interrupt, { once: true });
    if (signal.aborted) interrupt();
    const running = this.#build(manifest, abort.signal);
    this.#running = running;
    try {
      return await running;
    } catch (thrown) {
      // Ended while it waited for another build.
      if (abort.signal.aborted) return [];
      throw thrown;
    } finally {
      signal.removeEventListener('abort', interrupt);
      this.#running = undefined;
    }
  }

  /** Resolves when the running build, if any, has ended. */
  async cancel(): Promise<void> {
    this.#abort?.abort(new Error('the manifest has changed'));
    await this.#running?.catch(() => undefined);
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  tryAgain(target: string): void {
    this.#failed.delete(target);
  }

  async #build(manifest: Manifest, signal: AbortSignal): Promise<readonly Diagnostic[]> {
    const { workspace, builtins, selectors, between, jobs, offline, holder, now } = this.#options;
    const reporter = await this.#options.reporter();
    const ended = new Map<string, Outcome>();
    const planned = new Set<string>();
    this.rules = undefined;
    try {
      const result = await build({
        workspace,
        manifest,
        builtins,
        selectors,
        between,
        jobs,
        offline,
        holder,
        signal,
        force: false,
        refresh: false,
        sweep: false,
        failFast: false,
        wait: true,
        now: now(),
        keepFailed: (target) => this.#failed.has(target),
        inspect: (session) => this.knowledge.learn(session, ended),
        emit: (event) => {
          if (event.type === 'targets-planned') planned.add(event.rule);
          if (event.type === 'target-finished') {
            ended.set(event.target, event.outcome);
            if (event.outcome === 'failed') this.#failed.add(event.target);
            else if (event.outcome !== 'blocked') this.#failed.delete(event.target);
          }
          reporter.listener(event);
        },
      });
      switch (result.kind) {
        case 'invalid':
          return result.diagnostics;
        case 'locked':
          return [error(`another build holds this workspace: ${result.holder}`)];
        case 'built':
          if (!result.interrupted) this.rules = planned;
          return [];
      }
    } finally {
      await reporter.close();
    }
  }
}
