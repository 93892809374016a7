/** Aliases of selectors. It knows what a selector may begin with; selecting is the graph's. */
import { error } from '../diagnostic.ts';
import type { OutputSpec, Rule } from './model.ts';
import { nearest, suggest } from './nearest.ts';
import type { YamlNode } from './node.ts';
import { entriesOf, itemsOf } from './node.ts';
import type { RuleOutline } from './outline.ts';
import type { Report } from './report.ts';

const STATES = ['@stale', '@failed'];

export function readAliases(
  node: YamlNode | undefined,
  outlines: ReadonlyMap<string, RuleOutline>,
  rules: ReadonlyMap<string, Rule>,
  report: Report,
): ReadonlyMap<string, readonly string[]> {
  const aliases = new Map<string, readonly string[]>();
  for (const { key: name, keyPlace, value } of entriesOf(node)) {
    const rule = outlines.get(name);
    if (rule) {
      const related = [{ message: `rule "${name}"`, place: rule.place }];
      report({
        ...error(`the alias "${name}" has the name of a rule`, keyPlace, 'rename one of the two'),
        related,
      });
    }
    const items = value.kind === 'list' ? itemsOf(value) : [value];
    if (items.length === 0)
      report(error(`the alias "${name}" names nothing`, value.place, 'list at least one selector'));
    const selectors = items.flatMap((item) =>
      item.kind === 'scalar' ? [{ text: `${item.value}`, place: item.place }] : [],
    );
    for (const { text, place } of selectors) {
      if (isSelector(text, outlines, rules)) continue;
      const word = text.replace(/^\+|\+$/g, '').replace(/\/.*$/s, '');
      const near = nearest(word, [...outlines.keys(), ...STATES]);
      const hint =
        near === undefined
          ? suggest(word, outlines.keys(), 'rules')
          : `did you mean "${text.replace(word, near)}"?`;
      report(error(`"${text}" in alias "${name}" selects neither a rule nor an output`, place, hint));
    }
    aliases.set(
      name,
      selectors.map(({ text }) => text),
    );
  }
  return aliases;
}

function isSelector(
  text: string,
  outlines: ReadonlyMap<string, RuleOutline>,
  rules: ReadonlyMap<string, Rule>,
): boolean {
  const bare = text.replace(/^\+|\+$/g, '');
  if (STATES.includes(bare) || outlines.has(bare.replace(/\/.*$/s, ''))) return true;
  return [...rules.values()].some((rule) => rule.outputs.some((output) => matches(output, bare)));
}

/** Could be a path of this output, whatever its keys are. */
function matches({ template }: OutputSpec, path: string): boolean {
  const pattern = template.parts.map((part) =>
    typeof part === 'string' ? part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&') : '[^/]+',
  );
  return new RegExp(`^${pattern.join('')}/?$`).test(path);
}
