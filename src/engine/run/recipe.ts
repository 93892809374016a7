/** Fills in a shell recipe: values quoted one by one, lists separated by spaces. Runs nothing. */
import { render } from '../graph/template.ts';
import { canonicalJson } from '../json.ts';
import type { Template } from '../manifest/model.ts';
import { shellQuote } from '../manifest/shell-quote.ts';
import type { Json, Partition } from '../task.ts';
import type { GatheredInput } from './gather.ts';

/** Paths come out as the workspace-relative ones that the recipe, which runs in the workspace, can use. */
export function renderRecipe(
  template: Template,
  partition: Partition,
  params: Readonly<Record<string, Json>>,
  inputs: readonly GatheredInput[],
  output: (name: string) => string,
  input: (path: string) => string = (path) => path,
): string {
  const quoted: Template = {
    ...template,
    parts: template.parts.map((part) =>
      typeof part === 'string' || part.kind !== 'dimension'
        ? part
        : shellQuote(render({ ...template, parts: [part] }, partition)),
    ),
  };
  return render(quoted, partition, (ref) => {
    switch (ref.kind) {
      case 'in':
        return (inputs.find(({ name }) => name === ref.name)?.items ?? [])
          .map(({ path }) => shellQuote(asOperand(input(path))))
          .join(' ');
      case 'out':
        return output(ref.name);
      case 'params':
        return quoteJson(params[ref.name] ?? null);
      case 'run_id':
        throw new Error('a recipe cannot name its run_id: that is only known once the recipe is hashed');
    }
  });
}

/**
 * The recipe as it counts: with its references open, for what they bring in has parts of the fingerprint of its
 * own. A dollar sign of the shell's stays doubled, so that no two recipes are spelt alike.
 */
export function openRecipe({ parts }: Template): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part.replaceAll('$', '$$$$');
      if (part.kind === 'run_id') return '${run_id}';
      if (part.kind !== 'dimension') return `\${${part.kind}.${part.name}}`;
      return part.field === undefined ? `\${${part.name}}` : `\${${part.name}.${part.field}}`;
    })
    .join('');
}

/** A path that begins with a dash would be read as an option. */
function asOperand(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}

function quoteJson(value: Json): string {
  if (Array.isArray(value)) return value.map(quoteJson).join(' ');
  if (typeof value === 'object' && value !== null) return shellQuote(canonicalJson(value));
  return shellQuote(String(value));
}
