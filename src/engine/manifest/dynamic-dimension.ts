/** A dimension whose keys a rule brings out: checked against that rule's outline. Its keys are not known here. */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Dimension } from './model.ts';
import { suggest } from './nearest.ts';
import type { Entry } from './node.ts';
import { childOf, textOf } from './node.ts';
import { literalText, openTemplate } from './open.ts';
import type { RuleOutline } from './outline.ts';
import { checkPointer, chooseOutput, findRule } from './references.ts';
import type { Scope, Values } from './scope.ts';
import { topScope } from './scope.ts';

/** What each dimension hangs on, as written. */
export type Parents = ReadonlyMap<string, string | undefined>;

export function readDynamic(
  { key: name, keyPlace: place, value: node }: Entry,
  values: Values,
  outlines: ReadonlyMap<string, RuleOutline>,
  parents: Parents,
): Dimension | undefined {
  const owner = `dimension "${name}"`;
  const scope = topScope(values, owner);
  const ofNode = childOf(node, 'of');
  const of = textOf(ofNode);
  const sound = of === undefined || checkOf(name, of, ofNode?.place, parents, scope);
  const keys = childOf(node, 'keys');
  const pointerNode = childOf(keys, 'pointer');
  const template = pointerNode && openTemplate(pointerNode, scope);
  if (template && pointerNode) checkPointer(template, pointerNode.place, scope);
  const rule = findRule(childOf(keys, 'rule'), `"keys" of ${owner}`, outlines, scope);
  if (rule === undefined) return undefined;
  const wanted = of === undefined ? [] : [of];
  if (sound && rule.for !== undefined && rule.for.join('\n') !== wanted.join('\n')) {
    const message = `the keys of ${owner} come from rule "${rule.name}", which must have for: [${wanted.join(', ')}], not [${rule.for.join(', ')}]`;
    const hint =
      of === undefined ? 'name its one dimension in "of", or take "for" out of the rule' : undefined;
    const related = [{ message: `rule "${rule.name}"`, place: rule.place }];
    scope.report({ ...error(message, childOf(keys, 'rule')?.place, hint), related });
  }
  const output = chooseOutput(
    rule,
    childOf(keys, 'output'),
    childOf(keys, 'rule')?.place,
    `"keys" of ${owner}`,
    scope,
  );
  const pointer = template && literalText(template);
  if (!sound || output === undefined || pointer === undefined) return undefined;
  return { name, place, kind: 'dynamic', of, rule: rule.name, output, pointer };
}

function checkOf(
  name: string,
  of: string,
  place: Diagnostic['place'],
  parents: Parents,
  scope: Scope,
): boolean {
  if (!scope.dimensionKinds.has(of)) {
    const names = [...scope.dimensionKinds.keys()].filter((each) => each !== name);
    scope.report(
      error(`unknown dimension "${of}" in ${scope.owner}`, place, suggest(of, names, 'dimensions')),
    );
    return false;
  }
  const above = parents.get(of);
  if (above === undefined) return true;
  const message =
    of === name
      ? `${scope.owner} hangs on itself`
      : `${scope.owner} hangs on "${of}", which hangs on "${above}" itself: one step is all there may be`;
  scope.report(
    error(message, place, '"of" names a list, a calendar, or a dimension whose keys have no "of"'),
  );
  return false;
}
