/**
 * From what is asked for up to the sources and down to all that was made of it, by the paths and digests that records
 * hold. Reads no file: what has changed on disk since is for `status` to say, and of what is asked for for `in-place.ts`.
 */
import type { ReadFact } from '../events.ts';
import { byCodeUnit } from '../json.ts';
import type { Origin } from '../task.ts';
import type { Read } from './made.ts';
import type { Entry, Reader, RecordIndex } from './record-index.ts';
import { inDataFlow } from './rule-order.ts';
import type { Subject } from './subject.ts';

export interface LineageInput extends ReadFact {
  /** Who has made it; left out for files that nobody makes. */
  readonly target?: string;
  /** It was made anew since, with another content. */
  readonly earlier?: true;
}

export interface LineageTarget extends Omit<Read, 'code' | 'inputs'> {
  readonly target: string;
  readonly rule: string;
  /** `from`: what is asked for was made of it; `into`: it was made of what is asked for. */
  readonly relation: 'of' | 'from' | 'into';
  readonly code?: string;
  readonly inputs: readonly LineageInput[];
  /** When it last ran, or was last asked for and found unchanged. ISO, UTC. */
  readonly finishedAt: string;
  readonly seconds: number;
  /** Recorded targets of its rule lie between the one listed before it and this one, which are not part of this. */
  readonly apart?: true;
}

/** A file that nobody makes. */
export interface LineageFile {
  readonly path: string;
  /** As it was read; several if it has changed in between, none where only values in it were read. */
  readonly digests: readonly string[];
  readonly origins?: readonly Origin[];
}

export interface Lineage {
  readonly of: {
    readonly kind: Subject['kind'];
    /** A target, or a path. */
    readonly name: string;
    readonly target?: string;
  };
  /** By rule as data flows, then by partition. */
  readonly targets: readonly LineageTarget[];
  readonly files: readonly LineageFile[];
}

export interface Directions {
  readonly up: boolean;
  readonly down: boolean;
}

export function trace(index: RecordIndex, subject: Subject, { up, down }: Directions): Lineage {
  const relations = new Map<Entry, LineageTarget['relation']>();
  const first = subject.kind === 'file' ? undefined : subject.entry;
  const from = new Set<Entry>(first === undefined ? [] : [first]);
  if (up) follow(from, (entry) => entry.inputs.flatMap((input) => index.makerOfRead(input)?.entry ?? []));
  const into = new Set<Entry>(down ? readersOf(index, subject).map(({ entry }) => entry) : []);
  if (down)
    follow(into, (entry) =>
      entry.outputs.flatMap(({ path }) => index.readersOfMade(entry, path).map((reader) => reader.entry)),
    );
  for (const entry of into) relations.set(entry, 'into');
  for (const entry of from) relations.set(entry, 'from');
  if (first !== undefined) relations.set(first, 'of');
  return {
    of: {
      kind: subject.kind,
      name: subject.kind === 'target' ? subject.entry.record.target : subject.path,
      ...(first === undefined ? {} : { target: first.record.target }),
    },
    targets: listed(index, relations),
    files: filesOf(index, subject, up ? from : []),
  };
}

/** Adds all that can be reached. */
function follow(reached: Set<Entry>, next: (entry: Entry) => readonly Entry[]): void {
  // What is added to a set while it is gone through has its turn, too.
  for (const entry of reached) for (const each of next(entry)) reached.add(each);
}

function readersOf(index: RecordIndex, subject: Subject): readonly Reader[] {
  switch (subject.kind) {
    case 'target':
      return subject.entry.outputs.flatMap(({ path }) => index.readersOfMade(subject.entry, path));
    case 'output':
      if (subject.path === subject.output) return index.readersWithin(subject.output);
      return [...index.readersOf(subject.output), ...index.readersOf(subject.path)];
    case 'file':
      return index.readersOf(subject.path);
  }
}

function listed(
  index: RecordIndex,
  relations: ReadonlyMap<Entry, LineageTarget['relation']>,
): readonly LineageTarget[] {
  const found = new Map(
    [...relations].map(([entry, relation]) => [entry.record.target, { entry, relation }]),
  );
  const byRule = new Map<string, LineageTarget[]>();
  let passedOver = false;
  for (const name of index.names) {
    const each = found.get(name);
    if (each === undefined) passedOver = true;
    else {
      const group = byRule.get(ruleOf(name)) ?? [];
      byRule.set(ruleOf(name), group);
      group.push(targetOf(index, each.entry, each.relation, passedOver && group.length > 0));
      passedOver = false;
    }
  }
  return inDataFlow(byRule).flatMap((rule) => byRule.get(rule) ?? []);
}

function targetOf(
  index: RecordIndex,
  { record, inputs, outputs, leftOut, task, code, params, fingerprint }: Entry,
  relation: LineageTarget['relation'],
  apart: boolean,
): LineageTarget {
  const { target, finishedAt, seconds } = record;
  return {
    target,
    rule: ruleOf(target),
    relation,
    ...(apart ? { apart } : {}),
    finishedAt,
    seconds,
    fingerprint,
    task,
    ...(code === undefined ? {} : { code }),
    params,
    inputs: inputs.map((input) => inputOf(index, input)),
    leftOut,
    outputs,
  };
}

function ruleOf(target: string): string {
  return target.split('/', 1)[0] ?? target;
}

function inputOf(index: RecordIndex, input: ReadFact): LineageInput {
  const maker = index.makerOfRead(input);
  const last = index.makerOf(input.path);
  if (maker === undefined || last === undefined) return input;
  const { entry, output } = last;
  // Of a value, and of a file in a folder, the record of the maker holds no digest to compare with.
  const now = output === input.path && input.pointer === undefined ? digestOf(entry, output) : input.digest;
  return { ...input, target: maker.entry.record.target, ...(now === input.digest ? {} : { earlier: true }) };
}

function digestOf({ outputs }: Entry, path: string): string | undefined {
  return outputs.find((each) => each.path === path)?.digest;
}

function filesOf(index: RecordIndex, subject: Subject, reading: Iterable<Entry>): readonly LineageFile[] {
  const reads = [...reading].flatMap(({ inputs }) => inputs.filter(({ path }) => !index.makerOf(path)));
  if (subject.kind === 'file') {
    const readers = index.readersOf(subject.path);
    reads.push(...readers.flatMap(({ entry }) => entry.inputs.filter(({ path }) => path === subject.path)));
  }
  const byPath = new Map<string, { digests: Set<string>; origins: readonly Origin[] | undefined }>();
  for (const { path, pointer, digest, origins } of reads) {
    const file = byPath.get(path) ?? { digests: new Set(), origins: undefined };
    if (pointer === undefined) file.digests.add(digest);
    byPath.set(path, { ...file, origins: origins ?? file.origins });
  }
  return [...byPath]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([path, { digests, origins }]) => ({
      path,
      digests: [...digests].sort(byCodeUnit),
      ...(origins === undefined ? {} : { origins }),
    }));
}
