/**
 * Everything that a target depends on, as parts of its fingerprint: task, code, parameters, partition, output
 * templates and inputs. What only says where bytes come from (settings, pools) is left out.
 */

import { render, renderJson } from '../graph/template.ts';
import type { Part } from '../hash.ts';
import { sha256 } from '../hash.ts';
import { byCodeUnit, canonicalJson, inCanonicalOrder } from '../json.ts';
import { formatInstant } from '../manifest/instant.ts';
import type { OutputSpec, Rule } from '../manifest/model.ts';
import type { Json, Partition, Span } from '../task.ts';
import type { CodeIdentity } from './code.ts';
import type { Gathered, GatheredInput } from './gather.ts';
import { openRecipe } from './recipe.ts';

/** In the order in which they are hashed, however they are written, so that a task cannot see what does not count. */
export function paramsOf(rule: Rule, partition: Partition): Readonly<Record<string, Json>> {
  const rendered = rule.params.map(([name, open]): [string, Json] => [
    name,
    inCanonicalOrder(renderJson(open, partition)),
  ]);
  return Object.fromEntries(rendered.sort(([a], [b]) => byCodeUnit(a, b)));
}

export function partsOf(
  rule: Rule,
  partition: Partition,
  code: CodeIdentity | undefined,
  gathered: Gathered,
): readonly Part[] {
  const { action } = rule;
  const parts: Part[] = [];
  const params = paramsOf(rule, partition);
  switch (action.kind) {
    case 'run':
      parts.push(['task', 'run', openRecipe(action.template)]);
      break;
    case 'builtin':
      parts.push(['task', 'task', action.name]);
      break;
    case 'module':
      parts.push(['task', 'task', `./${action.path}`]);
      break;
  }
  if (code !== undefined) {
    parts.push(['code', 'code', rule.source ? `version ${code.version}` : code.digest]);
  }
  for (const name of rule.for) {
    const span = partition.spans[name];
    const key = partition.keys[name] ?? '';
    parts.push(['param', name, span ? `${key} ${boundsOf(span)}` : key]);
  }
  for (const [name, value] of Object.entries(params))
    parts.push(['param', `params.${name}`, canonicalJson(value)]);
  // Of what is not certain yet nothing can be said: the last ones may well come again.
  if (action.kind !== 'run' && gathered.uncertain.length === 0)
    parts.push(...gathered.inputs.filter(({ list }) => list).map(partitionsPart));
  for (const output of rule.outputs) {
    parts.push(['output', output.name, outputPath(output, partition, '${run_id}')]);
  }
  parts.push(...gathered.parts);
  return parts;
}

/** All targets at a key have one span between them. */
const bounds = new WeakMap<Span, string>();

function boundsOf(span: Span): string {
  const known = bounds.get(span);
  if (known !== undefined) return known;
  const text = `${formatInstant(span.start)}..${formatInstant(span.end)}`;
  bounds.set(span, text);
  return text;
}

/** That an input is a list, and of which partitions: a task sees both beside the paths, which need not tell them. */
function partitionsPart({ name, keyed, items, absent, failed }: GatheredInput): Part {
  const members = [items, absent, failed].map((each) => each.map(({ partition }) => spelt(partition)));
  // Whether it is one of files or of values its items tell, where there are any.
  const seen = keyed && items.length === 0 ? [...members, 'values'] : members;
  // Lists all the way down, so that this text has one order; and natively written, since members are many.
  return ['input', `${name} partitions`, sha256(JSON.stringify(seen))];
}

function spelt({ keys, spans }: Partition): readonly unknown[] {
  const stretches = Object.entries(spans).map(([name, { start, end }]) => [name, start, end]);
  return [Object.entries(keys), stretches];
}

/** Relative to the workspace, or absolute; a directory ends in `/`. */
export function outputPath(output: OutputSpec, partition: Partition, runId: string): string {
  const path = render(output.template, partition, () => runId);
  return output.directory ? `${path}/` : path;
}
