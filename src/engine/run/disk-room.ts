/**
 * Whether what the waiting targets are going to write fits on their volume. Only rules that say how much that is
 * (`disk`) are counted. Once it does not fit, none of them is started any more: a build that stops early, and says
 * what it needs, is better than one that fills the disk. It writes nothing.
 */
import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Failure } from '../events.ts';
import { atPointer } from '../json.ts';
import { errorCode } from '../state/files.ts';
import type { StatMemo } from '../state/memo.ts';
import type { RunPlan } from './decide.ts';
import { outputPath } from './parts.ts';

/** Left over for records, temporary files and what is made of the rest. */
const RESERVE = 16 << 20;

interface Volume {
  /** A folder on it. */
  readonly folder: string;
  /** Bytes that waiting and running targets are still going to write, by target. */
  readonly claims: Map<number, number>;
  total: number;
  failure: Failure | undefined;
}

export class DiskRoom {
  readonly #memo: StatMemo;
  readonly #volumes = new Map<number, Volume>();
  /** By target: where it has claimed room. */
  readonly #claimed = new Map<number, Volume>();
  readonly #freeOn: (folder: string) => number;

  constructor(memo: StatMemo, freeOn = freeBytes) {
    this.#memo = memo;
    this.#freeOn = freeOn;
  }

  /** Counts what a waiting target is going to write. */
  claim(plan: RunPlan): void {
    this.release(plan);
    const bytes = bytesOf(plan);
    const volume = bytes === undefined ? undefined : this.#volumeFor(plan, bytes);
    if (bytes === undefined || volume === undefined) return;
    volume.total += bytes;
    volume.claims.set(plan.target.index, bytes);
    this.#claimed.set(plan.target.index, volume);
  }

  /** It has been written, or will not be. */
  release({ target: { index } }: RunPlan): void {
    const volume = this.#claimed.get(index);
    if (volume === undefined) return;
    volume.total -= volume.claims.get(index) ?? 0;
    volume.claims.delete(index);
    this.#claimed.delete(index);
  }

  /** Why a target must not be started; undefined when all that is claimed fits. */
  shortage({ target: { index, id, rule } }: RunPlan): Failure | undefined {
    const volume = this.#claimed.get(index);
    if (volume === undefined) return undefined;
    const free = this.#freeOn(volume.folder);
    if (volume.failure === undefined && volume.total + RESERVE > free) {
      const files = volume.claims.size === 1 ? '1 target' : `${volume.claims.size} targets`;
      volume.failure = {
        code: 'disk-space',
        message: `${files} of rule "${rule.name}" and the like still write ${megabytes(volume.total)}, and only ${megabytes(free)} are free where ${id} goes: none of them was started`,
        hint: `free at least ${megabytes(volume.total + RESERVE - free)} there, or ask for less: fewer keys, or --from and --to`,
      };
    }
    return volume.failure;
  }

  /** Undefined where nothing is going to be written, and where that cannot be told: then the run itself will say. */
  #volumeFor({ target, partition }: RunPlan, bytes: number): Volume | undefined {
    const [output] = target.rule.outputs;
    if (output === undefined) return undefined;
    const path = this.#memo.absolute(outputPath(output, partition, ''));
    try {
      // A file of that very size is there already: it may well be taken as it is, and no records are left to say so.
      if (statSync(path, { throwIfNoEntry: false })?.size === bytes) return undefined;
      return this.#volumeAt(existing(path));
    } catch (thrown) {
      if (errorCode(thrown) === undefined) throw thrown;
      return undefined;
    }
  }

  #volumeAt(folder: string): Volume {
    const { dev } = statSync(folder);
    const known = this.#volumes.get(dev);
    if (known !== undefined) return known;
    const volume: Volume = { folder, claims: new Map(), total: 0, failure: undefined };
    this.#volumes.set(dev, volume);
    return volume;
  }
}

/** Undefined where the rule does not say, or its input's value holds no number of bytes. */
function bytesOf({ target, gathered }: RunPlan): number | undefined {
  const { disk } = target.rule;
  if (disk === undefined) return undefined;
  const value = gathered.inputs.find(({ name }) => name === disk.input)?.items[0]?.value;
  const bytes = value === undefined ? undefined : atPointer(value, disk.pointer);
  return typeof bytes === 'number' && Number.isFinite(bytes) && bytes > 0 ? bytes : undefined;
}

function existing(path: string): string {
  let folder = path;
  while (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true && folder !== dirname(folder))
    folder = dirname(folder);
  return folder;
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function megabytes(bytes: number): string {
  return `${(Math.ceil(bytes / 100_000) / 10).toFixed(1)} MB`;
}
