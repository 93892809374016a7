/** What may happen to a workspace between builds, and how it is built: drawn at random, and plain data. */
import fc from 'fast-check';
import type { Drawn, DrawnRule } from './drawing.ts';
import { AS_OFS, drawnRule } from './drawing.ts';
import type { ModuleName } from './world.ts';
import { LANES, MODULES, SYMBOLS } from './world.ts';

export type Selection =
  | { readonly kind: 'default' }
  | { readonly kind: 'rule'; readonly rule: number; readonly keys: number }
  | { readonly kind: 'path'; readonly which: number }
  | { readonly kind: 'dependents'; readonly rule: number }
  | { readonly kind: 'state'; readonly state: '@stale' | '@failed' };

export interface BuildStep {
  readonly kind: 'build';
  readonly selection: Selection;
  readonly jobs: number;
  readonly force: boolean;
  readonly refresh: boolean;
  readonly failFast: boolean;
  /** Ask `status` first, and hold the build to it. */
  readonly foretell: boolean;
  /** Broken off at the n-th event. */
  readonly abortAt: number | undefined;
}

export type Edit =
  /** Of the files that some rule reads. */
  | { readonly kind: 'source'; readonly which: number; readonly text: number }
  | { readonly kind: 'no source'; readonly which: number }
  | { readonly kind: 'as-of' | 'p' | 'q' | 'unused' | 'lib' | 'outside'; readonly to: number }
  | { readonly kind: 'given' | 'reversed' | 'keys intermediate'; readonly to: boolean }
  | { readonly kind: 'symbols' | 'lanes'; readonly to: readonly string[] }
  | { readonly kind: 'code' | 'version'; readonly module: ModuleName; readonly to: number }
  | { readonly kind: 'broken'; readonly module: ModuleName; readonly to: boolean }
  | { readonly kind: 'rule'; readonly which: number; readonly to: DrawnRule }
  | { readonly kind: 'toggle'; readonly which: number; readonly what: Toggle }
  | { readonly kind: 'make' | 'for'; readonly which: number; readonly to: number }
  | { readonly kind: 'drop rule'; readonly which: number }
  | { readonly kind: 'swap places'; readonly one: number; readonly other: number }
  | { readonly kind: 'move'; readonly which: number; readonly to: number }
  /** Of the files that builds have made. */
  | { readonly kind: 'lose' | 'forge' | 'touch' | 'lose folder'; readonly which: number }
  /** A file of the user's among outputs. */
  | { readonly kind: 'drop in'; readonly which: number }
  | { readonly kind: 'forget'; readonly what: 'memo' | 'journal' }
  /** From now on these targets fail whatever they are given: every n-th of them; zero: none. */
  | { readonly kind: 'strike'; readonly every: number };

export const TOGGLES = ['renamed', 'inputsRenamed', 'second', 'intermediate', 'onRequest', 'learns'] as const;
type Toggle = (typeof TOGGLES)[number];

export type Step = Edit | BuildStep;

const nat = (max: number): fc.Arbitrary<number> => fc.nat({ max });
const which = nat(40);
const module = fc.constantFrom(...MODULES);
/** Mostly one of few, so that much comes back to what it was. */
const text = fc.oneof({ weight: 3, arbitrary: nat(2) }, { weight: 2, arbitrary: nat(10) });
const of = <K extends string, R extends object>(kind: K, rest: { [P in keyof R]: fc.Arbitrary<R[P]> }) =>
  fc.record({ kind: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<{ kind: K } & R>;

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 10, arbitrary: of('source', { which, text }) },
  { weight: 1, arbitrary: of('no source', { which }) },
  { weight: 2, arbitrary: of('as-of', { to: nat(AS_OFS.length - 1) }) },
  { weight: 2, arbitrary: of('p', { to: nat(1) }) },
  { weight: 1, arbitrary: of('q', { to: nat(2) }) },
  { weight: 1, arbitrary: of('unused', { to: nat(2) }) },
  { weight: 1, arbitrary: of('lib', { to: nat(2) }) },
  { weight: 1, arbitrary: of('outside', { to: nat(2) }) },
  { weight: 1, arbitrary: of('given', { to: fc.boolean() }) },
  { weight: 1, arbitrary: of('reversed', { to: fc.boolean() }) },
  { weight: 1, arbitrary: of('keys intermediate', { to: fc.boolean() }) },
  { weight: 2, arbitrary: of('symbols', { to: fc.shuffledSubarray([...SYMBOLS], { minLength: 1 }) }) },
  { weight: 1, arbitrary: of('lanes', { to: fc.shuffledSubarray([...LANES], { minLength: 1 }) }) },
  { weight: 2, arbitrary: of('code', { module, to: nat(1) }) },
  { weight: 1, arbitrary: of('version', { module, to: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 1, arbitrary: of('broken', { module, to: fc.boolean() }) },
  { weight: 2, arbitrary: of('rule', { which, to: drawnRule }) },
  { weight: 4, arbitrary: of('toggle', { which, what: fc.constantFrom(...TOGGLES) }) },
  { weight: 2, arbitrary: of('make', { which, to: nat(7) }) },
  { weight: 1, arbitrary: of('for', { which, to: nat(9) }) },
  { weight: 1, arbitrary: of('drop rule', { which }) },
  { weight: 3, arbitrary: of('swap places', { one: which, other: which }) },
  { weight: 1, arbitrary: of('move', { which, to: fc.integer({ min: 10, max: 12 }) }) },
  { weight: 3, arbitrary: of('lose', { which }) },
  { weight: 2, arbitrary: of('lose folder', { which }) },
  { weight: 3, arbitrary: of('forge', { which }) },
  { weight: 1, arbitrary: of('touch', { which }) },
  { weight: 1, arbitrary: of('drop in', { which }) },
  { weight: 1, arbitrary: of('forget', { what: fc.constantFrom('memo', 'memo', 'journal') }) },
  { weight: 2, arbitrary: of('strike', { every: fc.constantFrom(0, 0, 2, 3, 5) }) },
) as fc.Arbitrary<Edit>;

const selection: fc.Arbitrary<Selection> = fc.oneof(
  { weight: 8, arbitrary: of('default', {}) },
  { weight: 3, arbitrary: of('rule', { rule: which, keys: nat(6) }) },
  { weight: 1, arbitrary: of('path', { which }) },
  { weight: 1, arbitrary: of('dependents', { rule: which }) },
  { weight: 1, arbitrary: of('state', { state: fc.constantFrom('@stale', '@failed') }) },
) as fc.Arbitrary<Selection>;

const buildStep: fc.Arbitrary<BuildStep> = fc.record({
  kind: fc.constant('build' as const),
  selection,
  jobs: fc.integer({ min: 1, max: 8 }),
  force: nat(7).map((n) => n === 7),
  refresh: nat(4).map((n) => n === 4),
  failFast: nat(9).map((n) => n === 9),
  foretell: nat(3).map((n) => n === 3),
  abortAt: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: nat(80) }),
});

export const FULL: BuildStep = {
  kind: 'build',
  selection: { kind: 'default' },
  jobs: 4,
  force: false,
  refresh: false,
  failFast: false,
  foretell: true,
  abortAt: undefined,
};

/** Always built first, and so that what is edited had been made. */
export const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(fc.oneof({ weight: 5, arbitrary: edit }, { weight: 4, arbitrary: buildStep }), {
    minLength: 6,
    maxLength: 30,
    size: 'max',
  })
  .map((all): readonly Step[] => [FULL, ...all, FULL, FULL]);

/** What an edit makes of the manifest, config and code; those of files alone leave it as it is. */
export function edited(drawn: Drawn, step: Edit): Drawn {
  const ruleAt = (at: number): number => at % Math.max(1, drawn.rules.length);
  const withRule = (at: number, change: (rule: DrawnRule) => DrawnRule): Drawn => ({
    ...drawn,
    rules: drawn.rules.map((rule, index) => (index === ruleAt(at) ? change(rule) : rule)),
  });
  const withModule = (name: ModuleName, change: object): Drawn => ({
    ...drawn,
    modules: { ...drawn.modules, [name]: { ...drawn.modules[name], ...change } },
  });
  switch (step.kind) {
    case 'as-of':
      return { ...drawn, asOf: step.to };
    case 'p':
    case 'q':
    case 'unused':
    case 'lib':
    case 'given':
    case 'reversed':
    case 'symbols':
    case 'lanes':
      return { ...drawn, [step.kind]: step.to };
    case 'keys intermediate':
      return { ...drawn, keysIntermediate: step.to };
    case 'code':
    case 'version':
    case 'broken':
      return withModule(step.module, { [step.kind]: step.to });
    case 'rule':
      return withRule(step.which, ({ place, renamed }) => ({ ...step.to, place, renamed }));
    case 'toggle':
      return withRule(step.which, (rule) => ({ ...rule, [step.what]: !rule[step.what] }));
    case 'make':
    case 'for':
      return withRule(step.which, (rule) => ({ ...rule, [step.kind]: step.to }));
    case 'drop rule':
      if (drawn.rules.length < 2) return drawn;
      return { ...drawn, rules: drawn.rules.filter((_, index) => index !== ruleAt(step.which)) };
    case 'swap places': {
      const [one, other] = [drawn.rules[ruleAt(step.one)], drawn.rules[ruleAt(step.other)]];
      if (one === undefined || other === undefined || one === other) return drawn;
      const moved = new Map([
        [one, other.place],
        [other, one.place],
      ]);
      return {
        ...drawn,
        rules: drawn.rules.map((rule) => ({ ...rule, place: moved.get(rule) ?? rule.place })),
      };
    }
    case 'move': {
      const taken = drawn.rules.some(({ place }) => place === step.to);
      return taken ? drawn : withRule(step.which, (rule) => ({ ...rule, place: step.to }));
    }
    default:
      return drawn;
  }
}
