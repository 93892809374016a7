/**
 * Selectors as people type them: `bars`, `bars/BTCUSDT/2024-01`, `bars/*\/2024-01..2024-06`, `+bars/…` with all it
 * needs, `bars/…+` with all that needs it, `@stale`, `@failed`, or an output path. Parsed against the manifest;
 * knows no states and no records.
 */
import type { Checked, Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Manifest, Rule } from '../manifest/model.ts';
import { nearest } from '../manifest/nearest.ts';
import type { Span } from '../task.ts';
import { timeKey } from './calendar.ts';
import type { KeyFilter } from './graph.ts';
import { literally } from './template.ts';

export type Selector =
  | {
      readonly kind: 'rule';
      readonly rule: Rule;
      readonly filter: KeyFilter;
      readonly needs: boolean;
      readonly dependents: boolean;
    }
  | { readonly kind: 'state'; readonly state: 'stale' | 'failed' }
  | { readonly kind: 'path'; readonly path: string };

const STATES = ['stale', 'failed'] as const;

/** `between` narrows by time (`--from`, `--to`): partitions that overlap it. */
export function parseSelectors(
  texts: readonly string[],
  manifest: Manifest,
  between: Span | undefined,
): Checked<readonly Selector[]> {
  const diagnostics: Diagnostic[] = [];
  const selectors: Selector[] = [];
  for (const text of texts) {
    const parsed = parse(text, manifest);
    if (Array.isArray(parsed)) selectors.push(...parsed);
    else diagnostics.push(parsed as Diagnostic);
  }
  if (texts.length === 0) {
    for (const rule of manifest.rules.values()) {
      if (rule.default) selectors.push(ruleSelector(rule, () => true));
    }
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const value = between === undefined ? selectors : selectors.map((each) => narrow(each, between));
  return { ok: true, value, warnings: [] };
}

function ruleSelector(rule: Rule, filter: KeyFilter, needs = false, dependents = false): Selector {
  return { kind: 'rule', rule, filter, needs, dependents };
}

function parse(text: string, manifest: Manifest): readonly Selector[] | Diagnostic {
  if (text.startsWith('@')) {
    const state = STATES.find((each) => `@${each}` === text);
    if (state !== undefined) return [{ kind: 'state', state }];
    return error(`unknown selector "${text}"`, undefined, 'states that can be selected: @stale, @failed');
  }
  const needs = text.startsWith('+');
  const dependents = text.endsWith('+');
  const bare = text.slice(needs ? 1 : 0, dependents ? -1 : undefined);
  const [name = '', ...patterns] = bare.split('/');
  const alias = manifest.aliases.get(name);
  if (alias !== undefined) {
    const expanded: Selector[] = [];
    for (const each of alias) {
      const parsed = parse([each, ...patterns].join('/'), manifest);
      if (!Array.isArray(parsed)) return parsed as Diagnostic;
      expanded.push(...parsed.map((selector) => withReach(selector, needs, dependents)));
    }
    return expanded;
  }
  const rule = manifest.rules.get(name);
  if (rule === undefined) return pathOrUnknown(text, bare, name, manifest);
  if (patterns.length > rule.for.length) {
    const takes = rule.for.length === 0 ? 'no keys' : `the keys ${rule.for.join('/')}`;
    return error(`selector "${text}" has ${patterns.length} keys, and rule "${name}" takes ${takes}`);
  }
  return [ruleSelector(rule, keyFilter(rule, patterns), needs, dependents)];
}

function withReach(selector: Selector, needs: boolean, dependents: boolean): Selector {
  if (selector.kind !== 'rule') return selector;
  return {
    ...selector,
    needs: selector.needs || needs,
    dependents: selector.dependents || dependents,
  };
}

function pathOrUnknown(
  text: string,
  bare: string,
  name: string,
  manifest: Manifest,
): readonly Selector[] | Diagnostic {
  if (bare.includes('/') || bare.includes('.'))
    return [{ kind: 'path', path: bare.replace(/^\.\//, '').replace(/\/$/, '') }];
  const names = [...manifest.rules.keys(), ...manifest.aliases.keys()];
  const near = nearest(name, names);
  return error(
    `unknown selector "${text}": no rule, alias or output path of that name`,
    undefined,
    near === undefined ? `rules: ${names.join(', ')}` : `did you mean "${near}"?`,
  );
}

function keyFilter(rule: Rule, patterns: readonly string[]): KeyFilter {
  const byDimension = new Map(rule.for.map((dimension, at) => [dimension, keyTest(patterns[at] ?? '*')]));
  return (dimension, key, whole) => byDimension.get(dimension)?.(key, whole) ?? true;
}

function keyTest(pattern: string): (key: string, whole: Span | undefined) => boolean {
  if (pattern === '*' || pattern === '') return () => true;
  if (pattern.includes('..')) {
    const [from = '', to = ''] = pattern.split('..');
    const [first, last] = [timeKey(from), timeKey(to)];
    return (key, whole) => {
      if (whole !== undefined && (first !== undefined || from === '') && (last !== undefined || to === '')) {
        return (
          (first === undefined || whole.end > first.start) && (last === undefined || whole.start < last.end)
        );
      }
      return (from === '' || key >= from) && (to === '' || key <= to);
    };
  }
  if (pattern.includes('*')) {
    const shape = new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`);
    return (key) => shape.test(key);
  }
  return (key) => key === pattern;
}

function narrow(selector: Selector, between: Span): Selector {
  if (selector.kind !== 'rule') return selector;
  const { filter } = selector;
  return {
    ...selector,
    filter: (dimension, key, whole) =>
      filter(dimension, key, whole) &&
      (whole === undefined || (whole.start < between.end && whole.end > between.start)),
  };
}
