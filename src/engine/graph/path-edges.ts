/**
 * A path that another rule outputs is the same edge as naming the rule. Finds the target that makes a path by
 * reading the keys back out of it. Knows no files: whether an unmade path exists is asked later.
 */
import picomatch from 'picomatch';
import { byCodeUnit } from '../json.ts';
import type { OutputSpec, Rule } from '../manifest/model.ts';
import type { Member } from './edges.ts';
import type { Graph } from './graph.ts';
import { literalPrefix, namesRunId, reader, render } from './template.ts';

interface Candidate {
  readonly rule: Rule;
  readonly output: OutputSpec;
  readonly prefix: string;
  readonly read: (path: string) => Readonly<Record<string, string>> | undefined;
}

export class PathEdges {
  readonly #graph: Graph;
  readonly #candidates: readonly Candidate[];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#candidates = [...graph.manifest.rules.values()].flatMap((rule) =>
      rule.outputs
        .filter(({ template }) => !namesRunId(template))
        .map((output) => ({
          rule,
          output,
          prefix: literalPrefix(output.template),
          read: reader(output.template),
        })),
    );
  }

  membersAt(path: string, glob: boolean, consumer: Rule, awaits: Set<number>): readonly Member[] {
    if (glob) return this.#globMembers(path, consumer, awaits);
    const made = this.makerOf(path, awaits);
    return [made ?? { kind: 'file', path }];
  }

  /** The output that is, or as a directory holds, this path. Dynamic keys that are still unknown go to `awaits`. */
  makerOf(path: string, awaits: Set<number>): Extract<Member, { kind: 'target' }> | undefined {
    for (const { rule, output, prefix, read } of this.#candidates) {
      if (!path.startsWith(prefix) && !(output.directory && prefix.startsWith(path))) continue;
      for (const [whole, within] of output.directory ? ancestors(path) : [[path, undefined] as const]) {
        const keys = read(whole);
        if (keys === undefined) continue;
        const index = this.#targetAt(rule, keys, awaits);
        if (index !== undefined) return { kind: 'target', target: index, output: output.name, within };
      }
    }
    return undefined;
  }

  #targetAt(rule: Rule, keys: Readonly<Record<string, string>>, awaits: Set<number>): number | undefined {
    const chosen: Record<string, string> = {};
    for (const name of rule.for) {
      const known = this.#graph.keysOf(name, chosen);
      if ('keysFrom' in known) awaits.add(known.keysFrom);
      const key = keys[name];
      if (key === undefined) return undefined;
      chosen[name] = key;
    }
    return this.#graph.at(
      rule,
      rule.for.map((name) => keys[name] ?? ''),
    );
  }

  /** Outputs that match, by path, then whatever else is on disk. */
  #globMembers(pattern: string, consumer: Rule, awaits: Set<number>): readonly Member[] {
    const matches = picomatch(pattern, { dot: false });
    const stem = pattern.slice(0, pattern.search(/[*?[{]/));
    const found: { path: string; member: Member }[] = [];
    for (const { rule, output, prefix } of this.#candidates) {
      if (output.directory || rule === consumer) continue;
      if (!prefix.startsWith(stem) && !stem.startsWith(prefix)) continue;
      const { targets, awaits: unknown } = this.#graph.enumerate(rule);
      for (const index of unknown) awaits.add(index);
      for (const index of targets) {
        const path = render(output.template, this.#graph.partition(this.#graph.target(index)));
        if (matches(path))
          found.push({
            path,
            member: { kind: 'target', target: index, output: output.name, within: undefined },
          });
      }
    }
    found.sort((a, b) => byCodeUnit(a.path, b.path));
    return [...found.map(({ member }) => member), { kind: 'glob', pattern }];
  }
}

/** The path itself and each folder above it, with what remains. */
function ancestors(path: string): readonly (readonly [string, string | undefined])[] {
  const parts = path.split('/');
  return parts.map((_, at) => {
    const length = parts.length - at;
    return [parts.slice(0, length).join('/'), at === 0 ? undefined : parts.slice(length).join('/')] as const;
  });
}
