/**
 * What a reference to the config stands for, as a tree with places: values as they are once the config is complete,
 * places where they are written. Knows no names and no meanings.
 */
import type { Place } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import { isArray } from '../json.ts';
import type { YamlNode } from './node.ts';
import { childOf, entryOf, nodeAt, textOf } from './node.ts';
import { sourceText } from './source.ts';
import type { Interpolation } from './template.ts';
import { parseTemplate, wholeReference } from './template.ts';

/** The one reference that a text consists of. */
export function referenceOf(node: YamlNode | undefined): Interpolation | undefined {
  const text = textOf(node);
  return text === undefined ? undefined : wholeReference(parseTemplate(text));
}

/** Where what a node names is written: the node itself unless it is a reference, else as far as references lead. */
export function definitionOf(node: YamlNode | undefined, configRoot: YamlNode): YamlNode | undefined {
  const seen = new Set<YamlNode>();
  let here = node;
  while (here !== undefined && !seen.has(here)) {
    const reference = referenceOf(here);
    if (reference === undefined) return here;
    seen.add(here);
    here = nodeAt(configRoot, reference.name.split('.'));
  }
  return undefined;
}

/** A value as a tree: with the places of the node that holds it, and with `place` for what no file holds. */
export function placed(value: Json, node: YamlNode | undefined, place: Place, root: YamlNode): YamlNode {
  const written = definitionOf(node, root);
  const here = written?.place ?? node?.place ?? place;
  if (value === null || typeof value !== 'object') {
    if (written?.kind === 'scalar' && written.value === value) return written;
    // What stood for a dollar sign in the config has become one: it must not be read as a reference again.
    const text = typeof value === 'string' ? value.replaceAll('$', '$$$$') : value;
    return { kind: 'scalar', value: text, raw: '', place: here, source: sourceText(here.file, ''), start: 0 };
  }
  if (isArray(value)) {
    const items = value.map((item, at) => placed(item, childOf(written, at), place, root));
    return { kind: 'list', items, place: here };
  }
  const entries = Object.entries(value).map(([key, member]) => {
    const entry = entryOf(written, key);
    return { key, keyPlace: entry?.keyPlace ?? place, value: placed(member, entry?.value, place, root) };
  });
  return { kind: 'map', entries, place: here };
}
