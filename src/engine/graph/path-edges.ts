/**
 * A path that another rule outputs is the same edge as naming the rule; so is each output that a glob matches.
 * Knows no files: whether a path that nobody makes exists is asked later.
 */
import { posix } from 'node:path';
import picomatch from 'picomatch';
import { byCodeUnit } from '../json.ts';
import type { Rule } from '../manifest/model.ts';
import type { Graph } from './graph.ts';
import type { Member } from './member.ts';
import type { Listing } from './outputs.ts';
import { Output } from './outputs.ts';
import { globStem, mayMatch } from './shape.ts';
import { literalGlob } from './template.ts';

type TargetMember = Extract<Member, { kind: 'target' }>;

export class PathEdges {
  readonly outputs: readonly Output[];

  constructor(graph: Graph) {
    this.outputs = [...graph.manifest.rules.values()].flatMap((rule) =>
      rule.outputs.map((spec) => new Output(graph, rule, spec)),
    );
  }

  membersAt(path: string, glob: boolean, consumer: Rule, awaits: Set<number>): readonly Member[] {
    if (glob) return this.#globMembers(path, consumer, awaits);
    return [this.#find(path, awaits) ?? { kind: 'file', path }];
  }

  /** The output that is, or as a directory holds, this path. Dynamic keys that are still unknown go to `awaits`. */
  makerOf(path: string, awaits: Set<number>): TargetMember | undefined {
    const found = this.#find(path, awaits);
    return found?.kind === 'target' ? found : undefined;
  }

  #find(path: string, awaits: Set<number>): Exclude<Member, { kind: 'file' }> | undefined {
    const clean = oneSpelling(path);
    const unknown: number[] = [];
    let unavailable: Member | undefined;
    for (const output of this.outputs) {
      const maker = output.makerOf(clean);
      if (maker?.kind === 'target')
        return { kind: 'target', target: maker.target, output: output.spec.name, within: maker.within };
      if (maker?.kind === 'awaits') unknown.push(maker.giver);
      if (maker?.kind === 'unavailable')
        unavailable ??= { kind: 'unavailable', target: maker.giver, rule: output.rule.name };
    }
    for (const giver of unknown) awaits.add(giver);
    return unavailable?.kind === 'unavailable' ? unavailable : undefined;
  }

  /** Outputs that match, by path, then whatever else is on disk; never what the consumer's own rule makes. */
  #globMembers(pattern: string, consumer: Rule, awaits: Set<number>): readonly Member[] {
    const matches = picomatch(pattern, { dot: false });
    const stem = globStem(pattern);
    const found: { readonly path: string; readonly member: Member }[] = [];
    const lacking: Member[] = [];
    const except: string[] = [];
    for (const output of this.outputs) {
      const { rule, spec } = output;
      const own = rule === consumer;
      if (!mayMatch(pattern, output.shape, own && spec.directory) || (spec.directory && !own)) continue;
      const listing = output.list();
      // Of a glob within one symbol's folder, the keys of other symbols are no matter.
      const mayBring = (giver: number): boolean =>
        mayMatch(pattern, output.shapeBeside(giver), spec.directory);
      for (const giver of listing.awaits.filter(mayBring)) awaits.add(giver);
      for (const giver of own ? [] : listing.unavailable.filter(mayBring))
        lacking.push({ kind: 'unavailable', target: giver, rule: rule.name });
      const matching = spec.directory
        ? listing.paths
        : pathsFrom(listing, stem).filter(({ path }) => matches(path));
      if (own || output.numbered) except.push(...matching.map(({ target }) => notOnDisk(output, target)));
      if (own) continue;
      for (const { path, target } of matching)
        found.push({ path, member: { kind: 'target', target, output: spec.name, within: undefined } });
    }
    found.sort((a, b) => byCodeUnit(a.path, b.path));
    const patterns = [pattern, ...new Set(except)];
    return [...found.map(({ member }) => member), ...lacking, { kind: 'glob', pattern: patterns }];
  }
}

/** Stands for a run's number: no path may hold it. */
const OPEN = '\u0000';

/** A glob that keeps what a target writes from being taken for files that nobody makes. */
function notOnDisk(output: Output, target: number): string {
  const path = output.numbered ? output.pathOf(target, () => OPEN) : output.pathOf(target);
  const glob = literalGlob(path).replaceAll(OPEN, '*');
  return output.spec.directory ? `!${glob}/**` : `!${glob}`;
}

/** Those that begin with this text. */
export function pathsFrom({ paths }: Listing, stem: string): Listing['paths'] {
  let [low, high] = [0, paths.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((paths[middle]?.path ?? '') < stem) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (paths[end]?.path.startsWith(stem)) end++;
  return paths.slice(low, end);
}

/** Outputs have no `..`, no `./` and no final slash; who reads them may write either. */
export function oneSpelling(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}
