/** When a watch builds, by the signals alone: no files, no clock. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change, Command, Signal, WatchState } from '../../../src/engine/watch/machine.ts';
import { PATIENCE_MS, QUIET_MS, start, step } from '../../../src/engine/watch/machine.ts';

const source = (path: string): Change => ({ path, kind: 'source' });
const manifest: Change = { path: 'pipeline.yaml', kind: 'manifest' };
const changed = (at: number, ...changes: readonly Change[]): Signal => ({ kind: 'changed', changes, at });
const settled: Signal = { kind: 'settled' };
const ended: Signal = { kind: 'ended', broken: false };
const broken: Signal = { kind: 'ended', broken: true };
const interrupted: Signal = { kind: 'interrupted' };
const looked = (found: 'same' | 'another' | 'later'): Signal => ({ kind: 'looked', found });

/** The commands that each signal in turn brings, from the first build on. */
function session(...signals: readonly Signal[]): readonly (readonly Command[])[] {
  let [state, commands] = start();
  const all = [commands];
  for (const signal of signals) {
    [state, commands] = step(state, signal);
    all.push(commands);
  }
  return all;
}

const last = (...signals: readonly Signal[]): readonly Command[] | undefined => session(...signals).at(-1);
const begun = (...changes: readonly Change[]): Command => ({ kind: 'begin', changes });

describe('a watch', () => {
  it('begins with a build of everything', () => {
    expect(session()).toEqual([[begun()]]);
  });

  it('waits until changes have come to rest, then builds for all of them', () => {
    const [a, b] = [source('in/a'), source('in/b')];
    expect(session(ended, changed(0, a), changed(60, b, a), settled).slice(2)).toEqual([
      [{ kind: 'settle', ms: QUIET_MS }],
      [{ kind: 'settle', ms: QUIET_MS }],
      [begun(a, b)],
    ]);
  });

  it('does not wait for ever for a file that is written to without end', () => {
    const a = source('in/a');
    expect(last(ended, changed(0, a), changed(PATIENCE_MS - 30, a))).toEqual([{ kind: 'settle', ms: 30 }]);
    expect(last(ended, changed(0, a), changed(PATIENCE_MS + 500, a))).toEqual([{ kind: 'settle', ms: 0 }]);
  });

  it('builds what changed while a build ran when that has ended, and not before it has come to rest', () => {
    const a = source('in/a');
    expect(session(changed(0, a), settled, ended).slice(2)).toEqual([[], [begun(a)]]);
    expect(session(changed(0, a), ended, settled).slice(2)).toEqual([[], [begun(a)]]);
  });

  it('looks at a manifest that changed while a build runs, and ends the build for another one only', () => {
    const a = source('in/a');
    expect(last(changed(0, a, manifest), settled)).toEqual([{ kind: 'look' }]);
    expect(session(changed(0, a, manifest), settled, looked('same'), ended).slice(3)).toEqual([
      [],
      [begun(a)],
    ]);
    expect(session(changed(0, manifest), settled, looked('same'), ended).slice(3)).toEqual([[], []]);
    expect(session(changed(0, manifest), settled, looked('later'), ended).slice(3)).toEqual([
      [],
      [begun(manifest)],
    ]);
    expect(session(changed(0, a, manifest), settled, looked('another'), ended).slice(3)).toEqual([
      [{ kind: 'cancel' }],
      [begun(a, manifest)],
    ]);
  });

  it('keeps folders of the manifest that came or went, whatever the manifest says', () => {
    const folder: Change = { path: 'configs/', kind: 'manifest', folder: 'gone' };
    expect(last(changed(0, manifest, folder), settled, looked('same'), ended)).toEqual([begun(folder)]);
  });

  it('keeps what it could not build for, and tries when something else changes', () => {
    const a = source('in/a');
    expect(session(ended, changed(0, manifest), settled, broken, changed(9, a), settled).slice(4)).toEqual([
      [],
      [{ kind: 'settle', ms: QUIET_MS }],
      [begun(manifest, a)],
    ]);
    expect(last(ended, changed(0, manifest), settled, changed(9, a), settled, broken)).toEqual([
      begun(manifest, a),
    ]);
  });

  it('stops at once when nothing runs, and else when the build has ended', () => {
    expect(last(ended, interrupted)).toEqual([{ kind: 'stop' }]);
    expect(session(interrupted, changed(0, source('in/a')), settled, interrupted, ended).slice(1)).toEqual([
      [{ kind: 'cancel' }],
      [],
      [],
      [],
      [{ kind: 'stop' }],
    ]);
    expect(session(changed(0, manifest), settled, looked('another'), interrupted, ended).slice(4)).toEqual([
      [],
      [{ kind: 'stop' }],
    ]);
  });
});

/** A world that does what it is commanded, in whatever order chance has it. */
class World {
  state: WatchState;
  running: readonly Change[] | undefined;
  timer = false;
  looking = false;
  cancelled = 0;
  stopped = 0;
  begun = 0;
  at = 0;
  /** What has changed and no build that was begun since has stood for. */
  readonly owed = new Set<string>();

  constructor() {
    const [state, commands] = start();
    this.state = state;
    this.#obey(commands);
  }

  send(signal: Signal): void {
    const [state, commands] = step(this.state, signal);
    this.state = state;
    this.#obey(commands);
  }

  #obey(commands: readonly Command[]): void {
    for (const command of commands) {
      expect(this.stopped).toBe(0);
      switch (command.kind) {
        case 'settle':
          expect(command.ms).toBeGreaterThanOrEqual(0);
          expect(command.ms).toBeLessThanOrEqual(QUIET_MS);
          this.timer = true;
          break;
        case 'begin':
          expect(this.running).toBeUndefined();
          this.begun++;
          this.cancelled = 0;
          this.running = command.changes;
          for (const { path } of command.changes) this.owed.delete(path);
          break;
        case 'look':
          expect(this.running).toBeDefined();
          this.looking = true;
          break;
        case 'cancel':
          expect(this.running).toBeDefined();
          this.cancelled++;
          expect(this.cancelled).toBe(1);
          break;
        case 'stop':
          expect(this.running).toBeUndefined();
          this.stopped++;
      }
    }
  }

  /** One thing that may happen now. */
  happen(what: number, which: number): void {
    this.at += which;
    const path = `f${which % 3}`;
    if (this.looking) {
      this.looking = false;
      const found = (['same', 'another', 'later'] as const)[what % 3] ?? 'same';
      // What is the same was built for all along.
      if (found === 'same') this.owed.delete('pipeline.yaml');
      this.send(looked(found));
    } else if (what < 3) {
      const change = what === 0 ? manifest : source(path);
      if (!this.state.stopping) this.owed.add(change.path);
      this.send(changed(this.at, change));
    } else if (what < 6) {
      if (!this.timer) return;
      this.timer = false;
      this.send(settled);
    } else if (what < 9) this.end(what === 8);
    else if (which % 16 === 0) this.interrupt();
  }

  end(isBroken: boolean): void {
    if (this.running === undefined) return;
    if (isBroken && !this.state.stopping) for (const { path } of this.running) this.owed.add(path);
    this.running = undefined;
    this.send(isBroken ? broken : ended);
  }

  interrupt(): void {
    this.owed.clear();
    this.send(interrupted);
  }
}

describe('whatever happens', () => {
  const happenings = fc.array(fc.tuple(fc.nat(9), fc.nat(200)), { maxLength: 60 });

  it('one build runs at a time, none after the end, and each change is built for in the end', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const world = new World();
        for (const [what, which] of all) world.happen(what, which);
        // Let everything come to rest, with a manifest that can be built.
        for (let round = 0; round < 5; round++) {
          if (world.looking) world.happen(1, 0);
          world.end(false);
          if (!world.state.stopping && round === 0) world.send(changed(world.at, source('last')));
          if (world.timer) world.happen(3, 0);
        }
        world.end(false);
        expect([...world.owed]).toEqual([]);
        world.interrupt();
        world.end(false);
        expect(world.stopped).toBe(1);
      }),
    );
  });

  it('nothing is built for nothing: a build follows a change', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const world = new World();
        let changes = 1;
        for (const [what, which] of all) {
          if (what < 3) changes++;
          world.happen(what, which);
          expect(world.begun).toBeLessThanOrEqual(changes);
        }
      }),
    );
  });
});
