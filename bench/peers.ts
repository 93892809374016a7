/**
 * Ninja and make on the graph of a shape, each in a folder of its own with the same files. One that is not installed is
 * left out. It knows no shape.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from './run.ts';
import { isThere, secondsOf } from './run.ts';
import type { Shape, Step } from './shape.ts';

export const PEERS = ['ninja', 'make'] as const;
export type PeerName = (typeof PEERS)[number];

export interface Peer {
  readonly name: PeerName;
  readonly folder: string;
  readonly build: Command;
}

/** Both are told to look for nothing but what their file says: make would try its built-in rules on every input. */
const ARGS: Readonly<Record<PeerName, readonly string[]>> = { ninja: [], make: ['-rR', '-s'] };
const PARALLEL = ['-j', String(availableParallelism())];

/**
 * Laid out and built in `memory`, then copied to `disk` with all times kept, the second peer from the first's: both
 * tools go by times, and a hundred thousand commands take minutes.
 */
export function preparePeers(
  memory: string,
  disk: string,
  shape: Shape,
  layOutInputs: (folder: string) => void,
): readonly Peer[] {
  const made = join(memory, 'peer');
  const peers = PEERS.filter(isThere).map((name): Peer => {
    const folder = join(disk, name);
    return { name, folder, build: buildIn(folder, name) };
  });
  const [first] = peers;
  if (first === undefined) return [];
  mkdirSync(made, { recursive: true });
  layOutInputs(made);
  writeBuildFiles(made, shape);
  secondsOf(buildIn(made, first.name));
  for (const { folder } of peers) copyTree(made, folder);
  return peers;
}

function buildIn(cwd: string, name: PeerName): Command {
  return { program: name, args: [...ARGS[name], ...PARALLEL], cwd };
}

export function copyTree(from: string, to: string): void {
  const copied = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' });
  if (copied.status !== 0) throw new Error(`cp -a ${from} ${to}: ${copied.stderr}`);
}

function writeBuildFiles(folder: string, shape: Shape): void {
  const made = new Set<string>();
  const ninja = new Text(join(folder, 'build.ninja'));
  const make = new Text(join(folder, 'Makefile'));
  ninja.add('rule cat\n  command = cat $in > $out\nrule other\n  command = $other > $out\n');
  make.add('.SUFFIXES:\nall: report.txt\n');
  for (const step of shape.steps()) {
    const parent = dirname(join(folder, step.out));
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    ninja.add(ninjaLines(step));
    make.add(makeLines(step));
  }
  ninja.close();
  make.close();
}

function ninjaLines({ out, ins, command }: Step): string {
  const rule = command === undefined ? 'cat' : 'other';
  const bound = command === undefined ? '' : `  other = ${command}\n`;
  return `build ${out}: ${rule} ${ins.join(' ')}\n${bound}`;
}

function makeLines({ out, ins, command }: Step): string {
  return `${out}: ${ins.join(' ')}\n\t${command ?? 'cat $^'} > $@\n`;
}

/** A file that is written in large pieces: at a million targets it is longer than a string may be. */
class Text {
  readonly #fd: number;
  #waiting: string[] = [];
  #length = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
  }

  add(text: string): void {
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length > 1 << 20) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    writeSync(this.#fd, this.#waiting.join(''));
    this.#waiting = [];
    this.#length = 0;
  }
}
