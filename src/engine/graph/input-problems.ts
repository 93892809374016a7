/**
 * Inputs that could only lose or misread targets in silence: weeks against months, keys in `where` that no
 * dimension has, globs into a directory that a rule replaces as a whole. Knows no keys that are still to come.
 */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Every, InputSpec, Rule } from '../manifest/model.ts';
import type { Graph } from './graph.ts';
import { keyProblem } from './key-range.ts';
import type { RuleInput } from './member.ts';
import type { PathEdges } from './path-edges.ts';
import { relationsOf, straddles } from './relation.ts';
import { mayMatch, shapeOf } from './shape.ts';

export function inputProblems(graph: Graph, paths: PathEdges): readonly Diagnostic[] {
  return [...graph.manifest.rules.values()].flatMap((rule) =>
    rule.inputs.flatMap((input) =>
      input.kind === 'path'
        ? globsIntoDirectories(paths, rule, input)
        : [...straddling(graph, rule, input), ...strangeKeys(graph, rule, input)],
    ),
  );
}

function straddling(graph: Graph, rule: Rule, input: RuleInput): readonly Diagnostic[] {
  const { dimensions } = graph.manifest;
  const relations = relationsOf(dimensions, rule, graph.rule(input.rule), input);
  return relations.flatMap(({ kind, dimension: theirs }) => {
    if (kind !== 'free' || theirs.kind !== 'calendar') return [];
    return rule.for.flatMap((name) => {
      const ours = graph.dimension(name);
      if (ours.kind !== 'calendar' || !straddles(ours.every, theirs.every)) return [];
      const long: Every = ours.every === 'week' ? theirs.every : ours.every;
      const message = `input "${input.name}" of rule "${rule.name}" relates ${theirs.every}s ("${theirs.name}") to ${ours.every}s ("${ours.name}"), and weeks straddle ${long}s`;
      return [error(message, input.place, `go by days: each lies in one week and in one ${long}`)];
    });
  });
}

function strangeKeys(graph: Graph, rule: Rule, input: RuleInput): readonly Diagnostic[] {
  return input.where.flatMap(({ dimension, keys }) =>
    keys.flatMap(({ parts, place }) => {
      const [text = '', ...more] = parts;
      if (typeof text !== 'string' || more.length > 0) return [];
      const problem = keyProblem(graph.dimension(dimension), text);
      if (problem === undefined) return [];
      const subject = `"where" in input "${input.name}" of rule "${rule.name}"`;
      return [error(`${subject}: ${problem.message}`, place, problem.hint)];
    }),
  );
}

/** Which files there will be is known only when the directory is written: they would be found one build late. */
function globsIntoDirectories(
  { outputs }: PathEdges,
  rule: Rule,
  { name, glob, template }: Extract<InputSpec, { kind: 'path' }>,
): readonly Diagnostic[] {
  if (!glob) return [];
  const pattern = shapeOf(template).join('/');
  return outputs.flatMap(({ rule: maker, spec, shape }) => {
    if (!spec.directory || maker === rule || !mayMatch(pattern, shape, true)) return [];
    const message = `input "${name}" of rule "${rule.name}" is a glob into the directory that output "${spec.name}" of rule "${maker.name}" writes as a whole`;
    return [
      {
        ...error(
          message,
          template.place,
          `take the directory: { rule: ${maker.name}, output: ${spec.name} }`,
        ),
        related: [{ message: `"${maker.name}" declares it here`, place: spec.template.place }],
      },
    ];
  });
}
