/**
 * Everything that a target depends on beside its inputs, as parts of its fingerprint: task, code, parameters,
 * partition and output templates. What only says where bytes come from (settings, pools) is left out.
 */
import { isoInstant } from '../graph/calendar.ts';
import { render, renderJson } from '../graph/template.ts';
import type { Part } from '../hash.ts';
import { canonicalJson } from '../json.ts';
import type { OutputSpec, Rule } from '../manifest/model.ts';
import type { Json, Partition } from '../task.ts';
import type { CodeIdentity } from './code.ts';
import type { GatheredInput } from './gather.ts';
import { renderRecipe } from './recipe.ts';

export function paramsOf(rule: Rule, partition: Partition): Readonly<Record<string, Json>> {
  return Object.fromEntries(rule.params.map(([name, open]) => [name, renderJson(open, partition)]));
}

export function partsOf(
  rule: Rule,
  partition: Partition,
  code: CodeIdentity | undefined,
  inputs: readonly GatheredInput[],
): readonly Part[] {
  const { action } = rule;
  const parts: Part[] = [];
  const params = paramsOf(rule, partition);
  switch (action.kind) {
    case 'run': {
      const recipe = renderRecipe(action.template, partition, params, inputs, (name) => `\${out.${name}}`);
      parts.push(['task', 'run', recipe]);
      break;
    }
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
    const bounds = span ? ` ${isoInstant(span.start)}..${isoInstant(span.end)}` : '';
    parts.push(['param', name, `${key}${bounds}`]);
  }
  for (const [name, value] of Object.entries(params))
    parts.push(['param', `params.${name}`, canonicalJson(value)]);
  for (const output of rule.outputs) {
    parts.push(['output', output.name, outputPath(output, partition, '${run_id}')]);
  }
  return parts;
}

/** Relative to the workspace, or absolute; a directory ends in `/`. */
export function outputPath(output: OutputSpec, partition: Partition, runId: string): string {
  const path = render(output.template, partition, () => runId);
  return output.directory ? `${path}/` : path;
}
