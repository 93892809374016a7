/**
 * What a scratch build has come to, in the words of the lockfile: which final outputs came out, which sources it lacked,
 * and of which targets therefore nothing can be said. Reads a pass that is over; compares nothing.
 */
import type { Failure } from '../events.ts';
import { dependentsOf } from '../graph/dependents.ts';
import type { Target } from '../graph/graph.ts';
import { render } from '../graph/template.ts';
import { isTakenIn, lockedKind } from '../lock/kinds.ts';
import type { Session } from '../run/session.ts';
import type { Settled } from '../run/settled.ts';
import type { Lock } from '../state/lockfile.ts';
import { LOCKFILE } from '../state/lockfile.ts';
import type { OutputFact } from '../state/record.ts';
import type { FailedTarget } from './finding.ts';

export class Rebuilt {
  readonly session: Session;
  /** Sources that are not in place as they are locked, and cannot be had without the network: why. */
  readonly lacking: ReadonlyMap<string, Failure>;
  readonly failures: readonly FailedTarget[];
  readonly #doubtful: ReadonlySet<number>;
  readonly #pinned: ReadonlySet<string>;

  constructor(session: Session, lock: Lock) {
    this.session = session;
    this.#pinned = session.locked?.pinned ?? new Set();
    const named = new Set([...lock.sources.values()].map(({ target }) => target));
    const failed = session.graph.targets.flatMap((target) => {
      const failure = failureOf(session.settled(target.index));
      return failure === undefined ? [] : [{ target, failure }];
    });
    const lacks = ({ target, failure }: (typeof failed)[number]): boolean =>
      named.has(target.id) && ['offline', 'source-gone'].includes(failure.code) && isTakenIn(target.rule);
    this.lacking = new Map(failed.filter(lacks).map(({ target, failure }) => [target.id, failure]));
    this.failures = failed
      .filter((each) => !lacks(each))
      .map(({ target, failure }) => ({
        target: target.id,
        failure: failure.code === 'offline' && isTakenIn(target.rule) ? notNamed(target) : failure,
      }));
    const targets = failed.map(({ target }) => target.index);
    const isSettled = (index: number): boolean => session.settled(index) !== undefined;
    this.#doubtful =
      targets.length === 0
        ? new Set()
        : dependentsOf(session.graph, session.paths, { targets, toCome: [] }, isSettled);
  }

  /** Something that it needs, however far up, is lacking or has failed: that other bytes come out says nothing. */
  isDoubtful({ index }: Target): boolean {
    return this.#doubtful.has(index);
  }

  /** Whether the lockfile names what the target leaves, as such a product. */
  isFinal({ rule }: Target): boolean {
    return lockedKind(rule, this.#pinned) === 'output';
  }

  /** What a target left in this pass; undefined where it left nothing. */
  outputsOf(target: Target): readonly OutputFact[] | undefined {
    const settled = this.session.settled(target.index);
    return settled !== undefined && 'record' in settled && !isElided(settled)
      ? settled.record?.outputs
      : undefined;
  }

  /** The output that now has another number in its path, as the run has. */
  renumbered(target: Target, path: string): OutputFact | undefined {
    const partition = this.session.graph.partition(target);
    for (const { name, template } of target.rule.outputs) {
      const [before = '', ...behind] = render(template, partition, () => '\n').split('\n');
      if (behind.length === 0 || !fits(path, before, behind)) continue;
      const found = this.outputsOf(target)?.find((output) => output.name === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Whether one and the same text, in the places of the number, makes this path. */
function fits(path: string, before: string, behind: readonly string[]): boolean {
  const number = /^\d{4}-\d\d-\d\d-[0-9a-f]{8}/.exec(path.slice(before.length))?.[0];
  return number !== undefined && path === [before, ...behind].join(number);
}

function isElided(settled: Settled): boolean {
  return 'elided' in settled && settled.elided;
}

function failureOf(settled: Settled | undefined): Failure | undefined {
  if (settled === undefined) return undefined;
  if (settled.state === 'failed') return settled.failure;
  return 'incomplete' in settled ? settled.incomplete : undefined;
}

function notNamed({ id }: Target): Failure {
  return {
    code: 'not-locked',
    message: `${id}: ${LOCKFILE} does not name what it brings in, and a verification asks nobody`,
    hint: 'build first, which writes what is missing',
  };
}
