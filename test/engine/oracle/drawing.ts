/** Random worlds, drawn by fast-check as plain numbers, which shrink well. `reading.ts` says what they mean. */
import fc from 'fast-check';
import type { Dim, Make, ModuleName, ModuleState, Rule } from './world.ts';

export interface DrawnInput {
  readonly kind: number;
  readonly of: number;
  readonly second: boolean;
  readonly optional: boolean;
  readonly omit: boolean;
  readonly where: number;
  readonly offset: number;
  readonly pointer: number;
}

export interface DrawnRule {
  readonly for: number;
  readonly make: number;
  readonly second: boolean;
  readonly inputs: readonly DrawnInput[];
  readonly param: number;
  readonly learns: boolean;
  readonly intermediate: boolean;
  readonly partitions: number;
  readonly onRequest: boolean;
  readonly volatile: boolean;
  readonly renamed: boolean;
  readonly inputsRenamed: boolean;
  readonly place: number;
}

export interface Drawn {
  readonly asOf: number;
  readonly given: boolean;
  readonly symbols: readonly string[];
  readonly lanes: readonly string[];
  readonly p: number;
  readonly q: number;
  readonly unused: number;
  readonly keysIntermediate: boolean;
  readonly keysBy: number;
  readonly rules: readonly DrawnRule[];
  readonly modules: Readonly<Record<ModuleName, ModuleState>>;
  readonly lib: number;
  readonly reversed: boolean;
}

export const AS_OFS = [
  '2024-02-01T23:59:00Z',
  '2024-01-31T23:59:00Z',
  '2024-02-01T11:59:00Z',
  '2024-02-02T23:59:00Z',
] as const;

export const FORS: readonly (readonly Dim[])[] = [
  [],
  ['sym'],
  ['month'],
  ['sym', 'month'],
  ['sym', 'file'],
  ['sym', 'day'],
  ['lane'],
  ['day'],
  ['sym', 'lane'],
  ['lane', 'month'],
];
export const MAKES: readonly Make[] = ['tell', 'cat', 'fold', 'tree', 'tell', 'cat', 'pass', 'fetch'];
export const PARAMS: readonly Rule['param'][] = ['none', 'none', 'p', 'literal', 'as_of', 'key', 'q'];
export const PARTITIONS: readonly Rule['partitions'][] = ['all', 'all', 'all', 'all', 'closed', 'open'];

const rarely = fc.integer({ min: 0, max: 5 }).map((n) => n === 5);
const sometimes = fc.integer({ min: 0, max: 2 }).map((n) => n === 2);

const drawnInput: fc.Arbitrary<DrawnInput> = fc.record({
  kind: fc.nat({ max: 13 }),
  of: fc.nat({ max: 30 }),
  second: sometimes,
  optional: sometimes,
  omit: sometimes,
  where: fc.nat({ max: 15 }),
  offset: fc.nat({ max: 11 }),
  pointer: fc.nat({ max: 11 }),
});

export const drawnRule: fc.Arbitrary<DrawnRule> = fc.record({
  for: fc.nat({ max: FORS.length - 1 }),
  make: fc.nat({ max: MAKES.length - 1 }),
  second: sometimes,
  inputs: fc.array(drawnInput, { minLength: 1, maxLength: 3 }),
  param: fc.nat({ max: PARAMS.length - 1 }),
  learns: rarely,
  intermediate: sometimes,
  partitions: fc.nat({ max: PARTITIONS.length - 1 }),
  onRequest: rarely,
  volatile: fc.boolean(),
  renamed: fc.constant(false),
  inputsRenamed: fc.constant(false),
  place: fc.constant(0),
});

const SOUND: ModuleState = { code: 1, version: 1, broken: false };

export const drawn: fc.Arbitrary<Drawn> = fc.record({
  asOf: fc.constant(0),
  given: fc.boolean(),
  symbols: fc.constant(['a', 'b']),
  lanes: fc.constant(['x', 'y']),
  p: fc.constant(1),
  q: fc.constant(1),
  unused: fc.constant(1),
  keysIntermediate: rarely,
  keysBy: fc.nat({ max: 1 }),
  rules: fc
    .array(drawnRule, { minLength: 2, maxLength: 9, size: 'max' })
    .map((rules) => rules.map((rule, place) => ({ ...rule, place }))),
  modules: fc.constant({ tell: SOUND, fold: SOUND, tree: SOUND, pass: SOUND, fetch: SOUND }),
  lib: fc.constant(1),
  reversed: fc.boolean(),
});
