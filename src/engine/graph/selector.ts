/**
 * Selectors as people type them: `bars`, `bars/BTCUSDT/2024-01`, `bars/*\/2024-01..2024-06`, `+bars/…` with all it
 * needs, `bars/…+` with all that needs it, `@stale`, `@failed`, or an output path. Parsed against the manifest;
 * knows no states and no records.
 */
import { posix } from 'node:path';
import type { Checked, Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Manifest, Rule } from '../manifest/model.ts';
import { nearest } from '../manifest/nearest.ts';
import type { Span } from '../task.ts';
import type { KeyFilter } from './graph.ts';
import { keyFilter, patternProblem } from './key-pattern.ts';
import { overlaps } from './key-range.ts';
import { mayLieIn, mayMeet, shapeOf } from './shape.ts';

interface Reach {
  /** As typed, an alias unexpanded: to say which one selects nothing. */
  readonly text: string;
  readonly needs: boolean;
  readonly dependents: boolean;
}

export type Selector =
  | (Reach & {
      readonly kind: 'rule';
      readonly rule: Rule;
      readonly filter: KeyFilter;
      /** `filter` without the keys: what narrows the dependents too. */
      readonly during: KeyFilter;
      /** Only targets of which a key covers time, which of given keys is known when they are. */
      readonly timed: boolean;
    })
  | { readonly kind: 'state'; readonly state: 'stale' | 'failed'; readonly during: KeyFilter }
  | (Reach & { readonly kind: 'path'; readonly path: string });

const STATES = ['stale', 'failed'] as const;
const everything: KeyFilter = () => true;

/**
 * `between` narrows by time (`--from`, `--to`): partitions that overlap it. Paths name their partition. When nothing
 * is selected it stands for the rules that have partitions in time: others would pull in all that they fan in.
 */
export function parseSelectors(
  texts: readonly string[],
  manifest: Manifest,
  between: Span | undefined,
): Checked<readonly Selector[]> {
  const parsed = texts.flatMap((text) => parse(text, manifest));
  const diagnostics = parsed.flatMap((each) => ('severity' in each ? [each] : []));
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const selectors = parsed.flatMap((each) => ('kind' in each ? [each] : []));
  if (texts.length === 0) {
    for (const rule of manifest.rules.values()) {
      if (rule.default && (between === undefined || hasTime(rule, manifest)))
        selectors.push({
          ...ofRule(rule, everything, { text: rule.name, needs: false, dependents: false }),
          timed: between !== undefined,
        });
    }
  }
  if (selectors.length === 0 && between !== undefined) {
    const message = 'no rule that is built by default has partitions in time for --from and --to to narrow';
    return { ok: false, diagnostics: [error(message, undefined, 'leave them out')] };
  }
  const value = between === undefined ? selectors : selectors.map((each) => narrow(each, between));
  return { ok: true, value, warnings: [] };
}

/** Keys of a dynamic dimension may be stretches of time. */
function hasTime(rule: Rule, { dimensions }: Manifest): boolean {
  return rule.for.some((name) => dimensions.get(name)?.kind !== 'list');
}

function ofRule(rule: Rule, filter: KeyFilter, reach: Reach): Extract<Selector, { kind: 'rule' }> {
  return { kind: 'rule', rule, filter, during: everything, timed: false, ...reach };
}

type Parsed = Selector | Diagnostic;

function parse(text: string, manifest: Manifest): readonly Parsed[] {
  const { bare, needs, dependents } = unwrapped(text);
  const [name = '', ...patterns] = bare.split('/');
  const alias = manifest.aliases.get(name);
  if (alias === undefined) return [parseOne(text, text, manifest)];
  return alias.map((each) => {
    const inner = unwrapped(each);
    const reach = [inner.needs || needs ? '+' : '', inner.dependents || dependents ? '+' : ''];
    const keys = patterns.map((pattern) => `/${pattern}`).join('');
    return parseOne(`${reach[0]}${inner.bare}${keys}${reach[1]}`, text, manifest);
  });
}

function unwrapped(text: string): {
  readonly bare: string;
  readonly needs: boolean;
  readonly dependents: boolean;
} {
  const needs = text.startsWith('+');
  const dependents = text.length > 1 && text.endsWith('+');
  return { bare: text.slice(needs ? 1 : 0, dependents ? -1 : undefined), needs, dependents };
}

/** `typed`: what `text` stands for, which is what messages name. */
function parseOne(text: string, typed: string, manifest: Manifest): Parsed {
  const { bare, needs, dependents } = unwrapped(text);
  const reach: Reach = { text: typed, needs, dependents };
  if (bare.startsWith('@')) {
    const state = STATES.find((each) => `@${each}` === text);
    if (state !== undefined) return { kind: 'state', state, during: everything };
    return error(
      `unknown selector "${typed}"`,
      undefined,
      'states that can be selected: @stale, @failed, without keys and without "+"',
    );
  }
  const [name = '', ...patterns] = bare.split('/');
  const path = posix.normalize(bare).replace(/(?<=.)\/$/, '');
  const rule = manifest.rules.get(name);
  if (rule === undefined) {
    const isPath = mayBeOutput(path, manifest) || (path.includes('/') && near(name, manifest) === undefined);
    return isPath ? { kind: 'path', path, ...reach } : unknown(typed, bare, name, manifest);
  }
  const problem = patternProblem(rule, patterns, manifest.dimensions);
  if (problem === undefined) return ofRule(rule, keyFilter(rule, patterns, manifest.dimensions), reach);
  // A rule may be called like the folder that it writes to.
  if (mayBeOutput(path, manifest)) return { kind: 'path', path, ...reach };
  return error(`selector "${typed}"${problem.message}`, undefined, problem.hint);
}

function mayBeOutput(path: string, manifest: Manifest): boolean {
  const shape = path.split('/');
  return [...manifest.rules.values()].some(({ outputs }) =>
    outputs.some(({ template, directory }) => (directory ? mayLieIn : mayMeet)(shape, shapeOf(template))),
  );
}

function unknown(typed: string, bare: string, name: string, manifest: Manifest): Diagnostic {
  const meant = near(name, manifest);
  return error(
    `unknown selector "${typed}": no rule, alias or output path of that name`,
    undefined,
    meant === undefined
      ? `rules: ${[...manifest.rules.keys(), ...manifest.aliases.keys()].join(', ')}`
      : `did you mean "${typed.replace(bare, meant + bare.slice(name.length))}"?`,
  );
}

function near(name: string, manifest: Manifest): string | undefined {
  return nearest(name, [...manifest.rules.keys(), ...manifest.aliases.keys()]);
}

function narrow(selector: Selector, between: Span): Selector {
  const during: KeyFilter = (_dimension, _key, whole) => whole === undefined || overlaps(whole, between);
  switch (selector.kind) {
    case 'path':
      return selector;
    case 'state':
      return { ...selector, during };
    case 'rule': {
      const { filter } = selector;
      return { ...selector, during, filter: (...key) => during(...key) && filter(...key) };
    }
  }
}
