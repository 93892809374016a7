/**
 * Line by line: is what the lockfile names still there as it says, and did it come out again? Hashes files in place;
 * runs nothing.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Target } from '../graph/graph.ts';
import type { Digest } from '../hash.ts';
import { byCodeUnit } from '../json.ts';
import { mayExist } from '../lock/stands.ts';
import type { Lock } from '../state/lockfile.ts';
import type { StatMemo } from '../state/memo.ts';
import { Unreadable } from '../state/memo.ts';
import type { Finding, Verified } from './finding.ts';
import type { Rebuilt } from './outcome.ts';

export interface Comparing {
  readonly lock: Lock;
  readonly rebuilt: Rebuilt;
  /** Of the workspace itself, trusting nothing that was noted earlier. */
  readonly inPlace: StatMemo;
  /** Only what the pass has come upon; otherwise every line. */
  readonly narrow: boolean;
  readonly signal: AbortSignal;
}

/** A finding, and under which path the file that was made again lies. */
export interface Found extends Finding<never> {
  readonly madeAs: string;
}

export interface Compared extends Omit<Verified<never>, 'findings'> {
  readonly findings: readonly Found[];
}

export async function compareLines(comparing: Comparing): Promise<Compared> {
  const comparison = new Comparison(comparing);
  await comparison.sources();
  await comparison.outputs();
  await comparison.unnamed();
  return comparison.result();
}

const OTHER = 'what there is without asking anybody makes other bytes of it';

/** How long the loop may be held up by reading before others have their turn, milliseconds. */
const TURN_MS = 50;

class Comparison {
  readonly #with: Comparing;
  readonly #findings: Found[] = [];
  readonly #unproven = new Set<string>();
  /** Paths of this pass that a line names under another number. */
  readonly #renumbered = new Set<string>();
  #read = 0;
  #turn = performance.now();

  constructor(comparing: Comparing) {
    this.#with = comparing;
  }

  result(): Compared {
    const { rebuilt } = this.#with;
    const { graph } = rebuilt.session;
    const failed = new Set(rebuilt.failures.map(({ target }) => target));
    const made = graph.targets.filter(({ index }) => rebuilt.session.settled(index)?.state === 'executed');
    return {
      findings: this.#findings.sort((a, b) => byCodeUnit(a.target, b.target) || byCodeUnit(a.path, b.path)),
      failures: rebuilt.failures,
      unproven: [...this.#unproven].filter((id) => !failed.has(id)).sort(byCodeUnit),
      counts: {
        read: this.#read,
        rebuilt: made.length,
        compared: made
          .filter((target) => rebuilt.isFinal(target))
          .flatMap((each) => rebuilt.outputsOf(each) ?? []).length,
      },
    };
  }

  async sources(): Promise<void> {
    const { lock, rebuilt } = this.#with;
    for (const [path, { target: id, digest: locked }] of lock.sources) {
      const target = this.#targetOf(id);
      if (target === undefined && this.#with.narrow) continue;
      const { digest: inPlace, remark: unread } = await this.#hash(path);
      if (inPlace === locked) continue;
      const made = target && rebuilt.outputsOf(target)?.find((output) => output.path === path)?.digest;
      // Made of what is stored, or not missed by anybody.
      const again = made === locked && target?.rule.intermediate === true;
      const lacking = again ? undefined : rebuilt.lacking.get(id);
      if (inPlace === null && unread === undefined && lacking === undefined && mayBeMissing(target)) continue;
      const remark = unread ?? (lacking?.code === 'source-gone' ? OTHER : undefined);
      this.#find({
        target: id,
        path,
        kind: 'source',
        locked,
        inPlace,
        rebuilt: again ? locked : null,
        remark,
        madeAs: path,
      });
    }
  }

  async outputs(): Promise<void> {
    const { lock, rebuilt, narrow } = this.#with;
    for (const [path, { target: id, digest: locked }] of lock.outputs) {
      const target = this.#targetOf(id);
      if (target === undefined && narrow) continue;
      const { digest: inPlace, remark: unread } = await this.#hash(path);
      const again = this.#again(id, target, path);
      const differs = again.remark !== undefined || (again.digest !== null && again.digest !== locked);
      // The loop has not come upon it, and yet there may be such a target: whoever gives its keys has failed.
      const doubtful = target === undefined ? !differs : rebuilt.isDoubtful(target);
      if (doubtful && (differs || again.digest === null)) {
        this.#unproven.add(id);
        if (inPlace !== locked)
          this.#find({
            target: id,
            path,
            kind: 'output',
            locked,
            inPlace,
            rebuilt: null,
            remark: unread,
            madeAs: path,
          });
      } else if (differs || inPlace !== locked) {
        const { digest, remark = unread, madeAs } = again;
        this.#find({ target: id, path, kind: 'output', locked, inPlace, rebuilt: digest, remark, madeAs });
      }
    }
  }

  /** What came out and no line names. */
  async unnamed(): Promise<void> {
    const { lock, rebuilt } = this.#with;
    for (const target of rebuilt.session.graph.targets) {
      const { id } = target;
      if (!rebuilt.isFinal(target)) continue;
      for (const { path, digest } of rebuilt.outputsOf(target) ?? []) {
        if (lock.outputs.has(path) || this.#renumbered.has(path)) continue;
        if (rebuilt.isDoubtful(target)) {
          this.#unproven.add(id);
          continue;
        }
        const { digest: inPlace } = await this.#hash(path);
        const remark = lock.doubled.has(id)
          ? 'two lines of the lockfile contradict each other'
          : 'the lockfile has no line for it';
        this.#find({
          target: id,
          path,
          kind: 'output',
          locked: null,
          inPlace,
          rebuilt: digest,
          remark,
          madeAs: path,
        });
      }
    }
  }

  /** What has become of a locked output in this pass. */
  #again(
    id: string,
    target: Target | undefined,
    path: string,
  ): { readonly digest: Digest | null; readonly remark: string | undefined; readonly madeAs: string } {
    const { rebuilt } = this.#with;
    const nothing = (remark: string | undefined) => ({ digest: null, remark, madeAs: path });
    if (target === undefined) {
      return nothing(mayExist(rebuilt.session.graph, id) ? undefined : 'no target makes it now');
    }
    const outputs = rebuilt.outputsOf(target);
    if (outputs === undefined) {
      const settled = rebuilt.session.settled(target.index);
      return nothing(settled?.state === 'absent' ? `absent now: ${settled.reason}` : undefined);
    }
    const same = outputs.find((output) => output.path === path);
    if (same !== undefined) return { digest: same.digest, remark: undefined, madeAs: path };
    const other = rebuilt.renumbered(target, path);
    if (other === undefined) return nothing('its target does not make it now');
    this.#renumbered.add(other.path);
    return { digest: other.digest, remark: `made as ${other.path} now`, madeAs: other.path };
  }

  /** Undefined where this pass has not come upon it. */
  #targetOf(id: string): Target | undefined {
    const { session } = this.#with.rebuilt;
    const target = session.graph.find(id);
    return target === undefined || session.settled(target.index) === undefined ? undefined : target;
  }

  async #hash(path: string): Promise<{ readonly digest: Digest | null; readonly remark?: string }> {
    if (performance.now() - this.#turn > TURN_MS) {
      await breathe();
      this.#with.signal.throwIfAborted();
      this.#turn = performance.now();
    }
    try {
      const digest = this.#with.inPlace.digest(path) ?? null;
      if (digest !== null) this.#read++;
      return { digest };
    } catch (thrown) {
      if (!(thrown instanceof Unreadable)) throw thrown;
      return { digest: null, remark: thrown.message };
    }
  }

  #find({
    remark,
    ...finding
  }: Omit<Found, 'remark' | 'difference'> & { readonly remark: string | undefined }): void {
    this.#findings.push(remark === undefined ? finding : { ...finding, remark });
  }
}

function mayBeMissing(target: Target | undefined): boolean {
  return target === undefined || target.rule.intermediate;
}
