/**
 * Reads what was drawn as a world that makes a valid manifest: each number picks one of what may stand there.
 * Knows what a manifest may say, and nothing of what comes of it.
 */
import type { Drawn, DrawnInput, DrawnRule } from './drawing.ts';
import { AS_OFS, FORS, MAKES, PARAMS, PARTITIONS } from './drawing.ts';
import type { Dim, From, Input, OutputName, Rule, World } from './world.ts';
import { SYMBOLS } from './world.ts';

const WITHIN = ['all', 'f1', 'sub/x'] as const;

export function worldOf(given: Drawn): World {
  const rules: Rule[] = [
    keyGiver('uni', [], 'src/u.json', given),
    keyGiver('keys', ['sym'], 'src/${sym}.json', given),
  ];
  for (const [at, rule] of given.rules.entries()) rules.push(readRule(rule, at, rules, given));
  const { p, q, unused, modules, lib, reversed, lanes } = given;
  return {
    asOf: AS_OFS[given.asOf % AS_OFS.length] ?? AS_OFS[0],
    symbols: given.given ? undefined : given.symbols,
    lanes,
    config: { p, q, unused },
    rules,
    modules,
    lib,
    reversed,
  };
}

function keyGiver(
  name: string,
  dims: readonly Dim[],
  path: string,
  { keysIntermediate, keysBy }: Drawn,
): Rule {
  return {
    name,
    for: dims,
    make: keysBy === 0 ? 'cat' : 'pass',
    second: false,
    inputs: [{ ...PLAIN, from: { kind: 'source', path } }],
    inputName: 'i',
    param: 'none',
    learns: false,
    intermediate: keysIntermediate,
    partitions: 'all',
    default: true,
    volatile: false,
    place: name,
  };
}

const PLAIN: Omit<Input, 'from'> = {
  pointer: undefined,
  optional: false,
  omit: false,
  where: undefined,
  offset: undefined,
};

function readRule(rule: DrawnRule, at: number, before: readonly Rule[], world: Drawn): Rule {
  const dims = FORS[rule.for % FORS.length] ?? [];
  const wanted = MAKES[rule.make % MAKES.length] ?? 'tell';
  const index = before.length;
  const bare: Rule = {
    name: `${rule.renamed ? 'q' : 'r'}${at}`,
    for: dims,
    make: wanted,
    second: rule.second,
    inputs: [],
    inputName: rule.inputsRenamed ? 'j' : 'i',
    param: PARAMS[rule.param % PARAMS.length] ?? 'none',
    learns: rule.learns,
    intermediate: rule.intermediate,
    partitions: PARTITIONS[rule.partitions % PARTITIONS.length] ?? 'all',
    default: !rule.onRequest,
    volatile: rule.volatile,
    place: `p${rule.place}`,
  };
  const inputs = rule.inputs.map((input) => readInput(input, bare, index, before, world));
  // A recipe cannot print a folder, nor what it does not depend on.
  const folders = inputs.some(({ from }) => givesFolder(from, [...before, bare]));
  const make = wanted === 'cat' && folders ? 'tell' : wanted;
  const recipe = make === 'cat';
  return {
    ...bare,
    make,
    inputs,
    learns: bare.learns && !recipe,
    volatile: bare.volatile && make === 'fetch',
    intermediate: bare.intermediate && make !== 'fetch',
  };
}

function givesFolder(from: From, rules: readonly Rule[]): boolean {
  if (from.kind === 'rule') return rules[from.rule]?.make === 'tree' && from.output === 'o';
  return (
    from.kind === 'path' &&
    rules[from.rule]?.make === 'tree' &&
    from.output === 'o' &&
    from.within === undefined
  );
}

function readInput(
  drawnAs: DrawnInput,
  rule: Rule,
  index: number,
  before: readonly Rule[],
  world: Drawn,
): Input {
  const { kind, of } = drawnAs;
  const optional = drawnAs.optional;
  const clock = rule.for.find((dim) => dim === 'month' || dim === 'day');
  const producerAt = of % before.length;
  const producer = before[producerAt];
  if (producer === undefined) throw new Error('there are always the givers of keys');
  const output: OutputName = drawnAs.second && producer.second ? 'few' : 'o';
  if (kind <= 1) return { ...PLAIN, optional, ...sourceOf(of, rule) };
  if (kind === 2) return { ...PLAIN, from: { kind: 'files', glob: 'src/g/*.txt' } };
  if (kind === 3 && clock !== undefined && rule.for.length > 0) {
    const from: From = { kind: 'rule', rule: index, output: drawnAs.second && rule.second ? 'few' : 'o' };
    return { ...PLAIN, from, optional: drawnAs.optional, offset: { dim: clock, by: -1 } };
  }
  if (kind === 4 && producer.make !== 'tree' && producer.for.some((dim) => !rule.for.includes(dim)))
    return { ...PLAIN, from: { kind: 'glob', rule: producerAt } };
  if (kind <= 6) {
    const tree = producer.make === 'tree' && output === 'o';
    const within = tree && drawnAs.pointer < 9 ? WITHIN[drawnAs.pointer % WITHIN.length] : undefined;
    const pointer = tree || drawnAs.pointer < 8 ? undefined : pointerInto(producer, output, rule, drawnAs);
    return { ...PLAIN, from: { kind: 'path', rule: producerAt, output, within }, optional, pointer };
  }
  return {
    from: { kind: 'rule', rule: producerAt, output },
    pointer: drawnAs.pointer < 5 ? undefined : pointerInto(producer, output, rule, drawnAs),
    optional,
    omit: drawnAs.omit,
    ...whereOf(drawnAs, producer, rule, world),
    offset: offsetOf(drawnAs, producer),
  };
}

function sourceOf(of: number, rule: Rule): { readonly from: From; readonly pointer: string | undefined } {
  const source = (path: string, pointer?: string) => ({ from: { kind: 'source', path } as const, pointer });
  const own = rule.for[of % Math.max(1, rule.for.length)];
  switch (of % 5) {
    case 0:
      return source('src/s0.txt');
    case 1:
      return source('src/s1.txt');
    case 2:
      return source('src/data.json', '/n');
    default:
      return source(own === undefined ? 'src/s2.txt' : `src/${own}-\${${own}}.txt`);
  }
}

/** Of what is JSON; undefined of anything else. */
function pointerInto(
  producer: Rule,
  output: OutputName,
  rule: Rule,
  { pointer }: DrawnInput,
): string | undefined {
  if (output === 'few') return undefined;
  if (producer.name === 'uni') return ['', '/0'][pointer % 2];
  if (producer.name === 'keys')
    return rule.for.includes('file') ? '/files/${file}' : ['/note', '/files'][pointer % 2];
  if (producer.make !== 'tell') return undefined;
  return ['/n', '/in/0/2', '/partition', '/code'][pointer % 4];
}

function whereOf({ where }: DrawnInput, producer: Rule, rule: Rule, world: Drawn): Pick<Input, 'where'> {
  const dim = producer.for[where % Math.max(1, producer.for.length)];
  if (where < 8 || dim === undefined) return { where: undefined };
  return { where: { dim, keys: keysFor(dim, where, rule, world) } };
}

function keysFor(dim: Dim, where: number, rule: Rule, { symbols, lanes, given }: Drawn): readonly string[] {
  switch (dim) {
    case 'sym': {
      const keys = given ? SYMBOLS : symbols;
      return where % 2 === 0 ? keys.slice(0, 1) : keys.slice(0, 2);
    }
    case 'lane':
      return where % 2 === 0 ? lanes.slice(-1) : lanes;
    case 'month':
      return [['2024-01'], ['2023-12..2024-01'], ['2024-02', '2023-12']][where % 3] ?? [];
    case 'day':
      return [['2024-01-31'], ['2024-01-31..2024-02-01'], ['2024-02-02', '2024-01-30']][where % 3] ?? [];
    case 'file': {
      const own = rule.for.find((each) => each === 'month' || each === 'day');
      return [own === undefined ? ['b'] : [`\${${own}}`], ['2024-01'], ['2024-01..2024-02']][where % 3] ?? [];
    }
  }
}

function offsetOf({ offset }: DrawnInput, producer: Rule): Input['offset'] {
  const dim = producer.for.find((each) => each === 'month' || each === 'day');
  if (dim === undefined || offset < 9) return undefined;
  return { dim, by: [-1, 1, -2][offset % 3] ?? 0 };
}
