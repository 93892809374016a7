/**
 * Builds with nothing to do, or next to nothing, beside ninja and make on the same files: whole processes, turn by turn.
 * Each is built once in memory, where flushing costs nothing, and copied to the disk where it is measured. Then one input
 * is changed with its size and time kept: whoever does not see that is fast for the wrong reason, and ends the run.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dayShape } from './day-shape.ts';
import { marketShape } from './market-shape.ts';
import { median } from './median.ts';
import { cacheCanBeDropped, dropCache, flushCache } from './page-cache.ts';
import type { Peer, PeerName } from './peers.ts';
import { preparePeers } from './peers.ts';
import { probe } from './probe.ts';
import { drawOnce } from './random.ts';
import type { Command } from './run.ts';
import { peakMbOf, pipelineIn, secondsOf } from './run.ts';
import type { Shape } from './shape.ts';
import { layOutInputs, prepareOurs } from './shape-workspace.ts';

type Figures = Readonly<Record<string, number | null>>;

interface Of {
  readonly part: 'noop';
  readonly graph: Shape['graph'];
  readonly size: number;
  readonly targets: number;
}

/** Ratios are our time ÷ theirs; null where the peer is not installed or does other work. */
export type NoopResult =
  | (Of & {
      readonly case: 'nothing to do' | 'nothing to do, cold cache';
      readonly repeats: number;
      readonly seconds: Figures;
      readonly ratio_to_ninja: number | null;
      readonly ratio_to_make: number | null;
      readonly status_ratio_to_ninja: number | null;
      /** At most, each; `node` is a process that does nothing. Empty with a cold cache. */
      readonly rss_mb: Figures;
    })
  | (Of & {
      readonly case: 'one changed';
      readonly repeats: number;
      /** `next`: our build right after, which makes sure of what has run; `noop`: the one after that. */
      readonly seconds: Figures;
      /** To our own build with nothing to do. */
      readonly ratio_to_noop: number | null;
      readonly ratio_to_ninja: number | null;
      readonly ratio_to_make: number | null;
    })
  | (Of & {
      readonly case: 'size and time kept';
      readonly seed: number;
      readonly input: string;
      readonly rebuilt: readonly string[];
    });

export interface NoopOptions {
  readonly project: string;
  readonly repeats: number;
  readonly sizes: readonly number[];
  readonly seed: number;
  /** Hears what is left out, and why. */
  readonly say: (line: string) => void;
}

const MOST_COLD_TURNS = 3;

export function* benchNoop(options: NoopOptions): Iterable<NoopResult> {
  for (const size of options.sizes)
    for (const shape of [dayShape(size), marketShape(size)]) yield* measure(shape, options);
}

function* measure(shape: Shape, { project, repeats, seed, say }: NoopOptions): Iterable<NoopResult> {
  const { graph, size, targets } = shape;
  const of: Of = { part: 'noop', graph, size, targets };
  const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pipeline-bench-'));
  const disk = mkdtempSync(join(tmpdir(), 'pipeline-bench-'));
  try {
    const ours = prepareOurs(project, shape, memory, disk);
    const peers = preparePeers(memory, disk, shape, (folder) => layOutInputs(folder, shape));
    for (const name of ['ninja', 'make'] as const)
      if (!peers.some((peer) => peer.name === name)) say(`${name} is not installed: left out`);
    rmSync(memory, { recursive: true, force: true });
    flushCache();
    const build = pipelineIn(project, ours, '--quiet', 'build');
    const programs: readonly (readonly [string, Command])[] = [
      ['build', build],
      ['status', pipelineIn(project, ours, '--quiet', 'status', '--check')],
      ...peers.map((peer) => [peer.name, peer.build] as const),
    ];

    const warm = turns(programs, repeats);
    const node: Command = { program: process.execPath, args: ['-e', '0'], cwd: disk };
    const rss = [...programs, ['node', node] as const].map(([name, each]) => [name, peakMbOf(each)] as const);
    yield { ...of, case: 'nothing to do', repeats, ...idle(warm), rss_mb: Object.fromEntries(rss) };

    if (cacheCanBeDropped()) {
      const times = Math.min(repeats, MOST_COLD_TURNS);
      const cold = turns(programs, times, dropCache);
      yield { ...of, case: 'nothing to do, cold cache', repeats: times, ...idle(cold), rss_mb: {} };
    } else say('only root may drop the page cache: nothing is measured with a cold one');
    for (const [, each] of programs) secondsOf(each);

    const draw = drawOnce(shape.edits, seed);
    const compared = shape.peersRebuildTheSame ? peers : [];
    const changed = changedTurns(shape, build, ours, compared, draw, repeats);
    yield {
      ...of,
      case: 'one changed',
      repeats,
      seconds: changed,
      ratio_to_noop: ratio(changed, 'build', 'noop'),
      ratio_to_ninja: ratio(changed, 'build', 'ninja'),
      ratio_to_make: ratio(changed, 'build', 'make'),
    };

    yield { ...of, case: 'size and time kept', seed, ...probe(shape, project, ours, draw()) };
  } finally {
    for (const folder of [memory, disk]) rmSync(folder, { recursive: true, force: true });
  }
}

function turns(
  programs: readonly (readonly [string, Command])[],
  repeats: number,
  before: () => void = () => undefined,
): Figures {
  const times = new Map<string, number[]>(programs.map(([name]) => [name, []]));
  for (let turn = 0; turn < repeats; turn++) {
    for (const [name, command] of programs) {
      before();
      times.get(name)?.push(secondsOf(command));
    }
  }
  return Object.fromEntries([...times].map(([name, each]) => [name, median(each)]));
}

function idle(seconds: Figures) {
  return {
    seconds,
    ratio_to_ninja: ratio(seconds, 'build', 'ninja'),
    ratio_to_make: ratio(seconds, 'build', 'make'),
    status_ratio_to_ninja: ratio(seconds, 'status', 'ninja'),
  };
}

function ratio(seconds: Figures, ours: string, peer: PeerName | 'noop'): number | null {
  const [own, theirs] = [seconds[ours], seconds[peer]];
  return typeof own === 'number' && typeof theirs === 'number' ? own / theirs : null;
}

/** Every turn another input, the same one for each of them. */
function changedTurns(
  shape: Shape,
  build: Command,
  ours: string,
  peers: readonly Peer[],
  draw: () => number,
  repeats: number,
): Figures {
  const programs = [{ name: 'build', folder: ours, build }, ...peers];
  const times = new Map<string, number[]>(
    ['next', 'noop', ...programs.map(({ name }) => name)].map((name) => [name, []]),
  );
  for (let turn = 0; turn < repeats; turn++) {
    const { path, text } = shape.edit(draw(), 1);
    for (const { name, folder, build: program } of programs) {
      writeFileSync(join(folder, path), text);
      times.get(name)?.push(secondsOf(program));
    }
    for (const name of ['next', 'noop']) times.get(name)?.push(secondsOf(build));
  }
  return Object.fromEntries([...times].map(([name, each]) => [name, median(each)]));
}
