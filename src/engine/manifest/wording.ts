/** How messages name the parts of a manifest and the values in it. It decides nothing. */
import type { Json } from '../json.ts';
import { isArray } from '../json.ts';
import type { Path, YamlNode } from './node.ts';
import { entryOf } from './node.ts';
import { validKeys } from './schema.ts';

/** Where a key stands: `rule "upper"`, `input "text" of rule "upper"`. */
export function surroundings(path: Path): string {
  const [section, name, part, member, ...rest] = path;
  if (section === undefined) return 'the manifest';
  if (name === undefined) return `"${section}"`;
  if (section === 'pools') return `pool "${name}"`;
  if (section === 'aliases') return `alias "${name}"`;
  if (section === 'dimensions')
    return part === undefined ? `dimension "${name}"` : `"${part}" of dimension "${name}"`;
  if (section !== 'rules') return `"${section}"`;
  const rule = `rule "${name}"`;
  if (part === undefined) return rule;
  if (part === 'in' && member !== undefined) {
    const input = `input "${member}" of ${rule}`;
    return rest.length === 0 ? input : `"${rest.join('.')}" of ${input}`;
  }
  if (part === 'out' && member !== undefined) return `output "${member}" of ${rule}`;
  return `"${part}" of ${rule}`;
}

/** What a value is called that must be something else. */
export function subject(path: Path): string {
  const [section, name, part, member] = path;
  if (section === 'dimensions' && member !== undefined)
    return `"${member}" of ${surroundings([section, name ?? '', part ?? ''])}`;
  if (section === 'rules' && (part === 'refresh' || part === 'disk') && member !== undefined)
    return `"${part}.${member}" of ${surroundings([section, name ?? ''])}`;
  if (section === 'rules' && (part === 'params' || part === 'settings') && member !== undefined) {
    return `"${part}.${member}" of ${surroundings([section, name ?? ''])}`;
  }
  return surroundings(path);
}

/** The keys that a map at this path may have. */
export function keysAt(path: Path, node: YamlNode | undefined): readonly string[] {
  const [section, , part] = path;
  if (section === undefined) return validKeys.manifest;
  if (section === 'dimensions') {
    if (part === 'keys') return validKeys.keys;
    return entryOf(node, 'of') || entryOf(node, 'keys') ? validKeys.dynamic : validKeys.calendar;
  }
  if (part === 'in')
    return entryOf(node, 'path') && !entryOf(node, 'rule') ? validKeys.pathInput : validKeys.ruleInput;
  if (part === 'disk') return validKeys.disk;
  return part === 'refresh' ? validKeys.refresh : validKeys.rule;
}

const SHOWN = 40;

export function describeValue(value: Json): string {
  if (value === null) return 'nothing (null)';
  if (typeof value === 'object') return isArray(value) ? 'a list' : 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : `${value}`;
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}
