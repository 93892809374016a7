/**
 * Two targets that would write one path, or one inside the other's directory. Templates that are spelt alike are
 * found with the manifest; here they are expanded, but only those that could meet at all.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Graph } from './graph.ts';
import type { Output } from './outputs.ts';
import { isAmbiguous, mayLieIn, mayMeet } from './shape.ts';

export function sharedOutputs(graph: Graph, outputs: readonly Output[]): readonly Diagnostic[] {
  return outputs.flatMap((one, at) => [
    ...withinOne(graph, one),
    ...outputs
      .slice(at + 1)
      .flatMap((other) => [
        ...samePath(one, other),
        ...(one.spec.directory ? insideOf(one, other) : []),
        ...(other.spec.directory ? insideOf(other, one) : []),
      ]),
  ]);
}

function label({ rule, spec }: Output): string {
  return `output "${spec.name}" of rule "${rule.name}"`;
}

function clash(message: string, one: Output, other: Output): Diagnostic {
  return {
    ...error(message, other.spec.template.place, 'give one of them another path: a file has one maker'),
    related: [{ message: label(one), place: one.spec.template.place }],
  };
}

function samePath(one: Output, other: Output): readonly Diagnostic[] {
  if (one.numbered !== other.numbered || !mayMeet(one.shape, other.shape)) return [];
  const theirs = new Set(other.list().paths.map(({ path }) => path));
  const both = one.list().paths.find(({ path }) => theirs.has(path));
  return both === undefined
    ? []
    : [clash(`${label(one)} and ${label(other)} both write ${both.path}`, one, other)];
}

function insideOf(folder: Output, inner: Output): readonly Diagnostic[] {
  if (folder.numbered !== inner.numbered || inner.shape.length <= folder.shape.length) return [];
  if (!mayLieIn(inner.shape, folder.shape)) return [];
  const folders = new Set(folder.list().paths.map(({ path }) => path));
  const found = inner.list().paths.find(({ path }) => foldersOf(path).some((each) => folders.has(each)));
  if (found === undefined) return [];
  const message = `${label(inner)} lies in the directory that ${label(folder)} replaces as a whole: ${found.path}`;
  return [clash(message, folder, inner)];
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** `x-y` and `z`, `x` and `y-z`: keys that nothing tells apart in the path. */
function withinOne(graph: Graph, output: Output): readonly Diagnostic[] {
  if (!isAmbiguous(output.shape)) return [];
  const { paths } = output.list();
  const twice = paths.findIndex(({ path }, at) => path === paths[at + 1]?.path);
  const [one, other] = paths.slice(twice, twice + 2);
  if (twice < 0 || one === undefined || other === undefined) return [];
  const ids = [one, other].map(({ target }) => graph.target(target).id).join(' and ');
  const hint = 'put a "/" between the dimensions, or a text that no key holds';
  return [
    error(
      `${label(output)} is one path for two targets, ${ids}: ${one.path}`,
      output.spec.template.place,
      hint,
    ),
  ];
}
