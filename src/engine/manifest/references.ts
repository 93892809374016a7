/** Names of rules, outputs and places in JSON, as other declarations write them. */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Template } from './model.ts';
import { suggest } from './nearest.ts';
import type { YamlNode } from './node.ts';
import { textOf } from './node.ts';
import { spelling } from './open.ts';
import type { RuleOutline } from './outline.ts';
import type { Scope } from './scope.ts';

export function findRule(
  node: YamlNode | undefined,
  owner: string,
  outlines: ReadonlyMap<string, RuleOutline>,
  scope: Scope,
): RuleOutline | undefined {
  const name = textOf(node);
  const rule = name === undefined ? undefined : outlines.get(name);
  if (name !== undefined && rule === undefined) {
    scope.report(
      error(`unknown rule "${name}" in ${owner}`, node?.place, suggest(name, outlines.keys(), 'rules')),
    );
  }
  return rule;
}

/** The output that is meant: the only one, or the one that is named. */
export function chooseOutput(
  rule: RuleOutline,
  node: YamlNode | undefined,
  rulePlace: Diagnostic['place'],
  owner: string,
  scope: Scope,
): string | undefined {
  const { outputs } = rule;
  const name = textOf(node);
  if (outputs === undefined) return undefined;
  if (name !== undefined) {
    if (outputs.includes(name)) return name;
    const message = `rule "${rule.name}" has no output "${name}"`;
    scope.report(error(message, node?.place, suggest(name, outputs, `outputs of "${rule.name}"`)));
    return undefined;
  }
  if (outputs.length === 1) return outputs[0];
  if (outputs.length > 1) {
    const message = `rule "${rule.name}" has ${outputs.length} outputs, and ${owner} does not say which`;
    scope.report(error(message, rulePlace, `add "output", one of: ${outputs.join(', ')}`));
  }
  return undefined;
}

/** RFC 6901, as far as it is written out. */
export function checkPointer(template: Template, place: Diagnostic['place'], scope: Scope): boolean {
  const text = spelling(template);
  if (text !== '' && !text.startsWith('/')) {
    scope.report(
      error(
        `the JSON pointer "${text}" must begin with "/"`,
        place,
        `write "/${text.replace(/^#?\/?/, '')}"`,
      ),
    );
    return false;
  }
  if (/~(?![01])/.test(text)) {
    scope.report(
      error(`"~" in the JSON pointer "${text}" must be written ~0`, place, '~0 is "~", ~1 is "/"'),
    );
    return false;
  }
  return true;
}
