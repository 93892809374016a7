/** Inputs of a rule: what another rule makes, or paths. Edges between targets are drawn elsewhere. */
import { error } from '../diagnostic.ts';
import type { InputSpec, Template } from './model.ts';
import { suggest } from './nearest.ts';
import type { Entry, YamlNode } from './node.ts';
import { childOf, entriesOf, itemsOf } from './node.ts';
import { closedJson, isList, openTemplate } from './open.ts';
import type { RuleOutline } from './outline.ts';
import { checkPath, isGlob, normalizePath, splitPointer } from './path-template.ts';
import { checkPointer, chooseOutput, findRule } from './references.ts';
import type { Scope } from './scope.ts';

type RuleInput = Extract<InputSpec, { kind: 'rule' }>;

export function readInput(
  entry: Entry,
  outlines: ReadonlyMap<string, RuleOutline>,
  scope: Scope,
): InputSpec | undefined {
  const { value: node } = entry;
  if (node.kind === 'scalar') return readPath(entry, node, scope);
  const path = childOf(node, 'path');
  if (path) return readPath(entry, path, scope);
  return childOf(node, 'rule') ? readRuleInput(entry, outlines, scope) : undefined;
}

/** What both kinds have; `node` is not a map when the input is a plain path. */
function common({ key: name, keyPlace: place, value: node }: Entry, scope: Scope) {
  const pointerNode = childOf(node, 'pointer');
  const pointer = pointerNode && openTemplate(pointerNode, scope);
  if (pointer && pointerNode) checkPointer(pointer, pointerNode.place, scope);
  return {
    name,
    place,
    optional: flag(childOf(node, 'optional')),
    failed: text(childOf(node, 'failed')) === 'omit' ? ('omit' as const) : ('block' as const),
    pointer,
  };
}

function flag(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}

function text(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' ? `${node.value}` : undefined;
}

function readPath(entry: Entry, node: YamlNode, scope: Scope): InputSpec | undefined {
  const base = common(entry, scope);
  const whole = openTemplate(node, scope);
  if (whole === undefined) return undefined;
  const { path, pointer } = splitPointer(whole);
  const template = normalizePath(path);
  const subject = `input "${entry.key}" of ${scope.owner}`;
  if (!checkPath(template, subject, node.place, scope)) return undefined;
  if (pointer && base.pointer) {
    const message = `${subject} has two JSON pointers`;
    scope.report(error(message, node.place, 'keep the one after "#" or "pointer", not both'));
  }
  if (pointer) checkPointer(pointer, node.place, scope);
  const glob = isGlob(template);
  if (glob && (pointer ?? base.pointer)) {
    const message = `${subject} is a glob, and a JSON pointer needs one file`;
    scope.report(error(message, node.place, 'name the file'));
  }
  return { ...base, pointer: pointer ?? base.pointer, kind: 'path', template, glob };
}

function readRuleInput(
  entry: Entry,
  outlines: ReadonlyMap<string, RuleOutline>,
  scope: Scope,
): InputSpec | undefined {
  const { key: name, value: node } = entry;
  const base = common(entry, scope);
  const subject = `input "${name}" of ${scope.owner}`;
  const ruleNode = childOf(node, 'rule');
  const rule = findRule(ruleNode, subject, outlines, scope);
  const where = entriesOf(childOf(node, 'where')).flatMap((each) => narrowed(each, rule, subject, scope));
  const offset = entriesOf(childOf(node, 'offset')).flatMap((each) => shifted(each, rule, subject, scope));
  if (rule === undefined) return undefined;
  const output = chooseOutput(rule, childOf(node, 'output'), ruleNode?.place, subject, scope);
  return output === undefined ? undefined : { ...base, kind: 'rule', rule: rule.name, output, where, offset };
}

function narrowed(
  entry: Entry,
  rule: RuleOutline | undefined,
  subject: string,
  scope: Scope,
): RuleInput['where'] {
  const { key: dimension, value: node } = entry;
  if (!belongs(entry, rule, '"where"', subject, scope)) return [];
  const keys = itemsOf(node).map((item) => openTemplate(item, scope));
  if (node.kind === 'scalar') keys.push(...whereList(node, scope));
  return keys.includes(undefined) ? [] : [{ dimension, keys: keys.filter((key) => key !== undefined) }];
}

/** A text that is one reference may stand for a list of keys. */
function whereList(node: YamlNode & { kind: 'scalar' }, scope: Scope): (Template | undefined)[] {
  const written = `${node.value}`;
  const named = /^\$\{([^{}\n.]*)[^{}\n]*\}$/.exec(written)?.[1];
  if (named === undefined || scope.dimensions.includes(named)) return [openTemplate(node, scope)];
  const value = closedJson(node, scope);
  if (value === undefined) return [undefined];
  const values = isList(value) ? value : [value];
  const texts = values.flatMap((each) =>
    typeof each === 'string' || typeof each === 'number' ? [`${each}`] : [],
  );
  if (texts.length === values.length)
    return texts.map((each) => ({ parts: [each], source: written, place: node.place }));
  scope.report(error(`${written} must be a key or a list of keys`, node.place));
  return [undefined];
}

function shifted(
  entry: Entry,
  rule: RuleOutline | undefined,
  subject: string,
  scope: Scope,
): RuleInput['offset'] {
  const { key: dimension, keyPlace, value: node } = entry;
  if (!belongs(entry, rule, '"offset"', subject, scope)) return [];
  const kind = scope.dimensionKinds.get(dimension);
  if (kind !== undefined && kind !== 'calendar') {
    const message = `"offset" in ${subject} shifts "${dimension}", which is not a calendar`;
    scope.report(error(message, keyPlace, 'only dimensions with "every" can be shifted'));
    return [];
  }
  return node.kind === 'scalar' && typeof node.value === 'number' ? [{ dimension, by: node.value }] : [];
}

function belongs(
  { key: dimension, keyPlace }: Entry,
  rule: RuleOutline | undefined,
  part: string,
  subject: string,
  scope: Scope,
): boolean {
  if (rule?.for === undefined || rule.for.includes(dimension)) return true;
  const message = `${part} in ${subject} names "${dimension}", which rule "${rule.name}" does not have`;
  scope.report(error(message, keyPlace, suggest(dimension, rule.for, `dimensions of "${rule.name}"`)));
  return false;
}
