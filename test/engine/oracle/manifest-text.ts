/** Spells a world out as the files that a user would have written: manifest, config, task modules. */

import { libText, moduleText } from './module-text.ts';
import type { Input, Rule, World } from './world.ts';
import {
  DAY_FROM,
  inputName,
  MODULES,
  MONTH_FROM,
  outputsOf,
  paramTemplate,
  pathTemplate,
  ruleAt,
} from './world.ts';

const quoted = (text: string): string => JSON.stringify(text);

export function filesOf(world: World): Readonly<Record<string, string>> {
  return {
    'pipeline.yaml': manifestText(world),
    'configs/c.yaml': configText(world),
    'tasks/lib.mjs': libText(world.lib),
    ...Object.fromEntries(
      MODULES.map((name) => [`tasks/${name}.mjs`, moduleText(name, world.modules[name])]),
    ),
  };
}

function configText({ config }: World): string {
  return `p: ${config.p}\nq: ${config.q}\nunused: ${config.unused}\n`;
}

function manifestText(world: World): string {
  const rules = world.rules.map((rule) => ruleText(world, rule));
  return `version: 1
configs: [configs/c.yaml]
as_of: "${world.asOf}"
dimensions:
  sym: ${world.symbols === undefined ? '{ keys: { rule: uni, output: o, pointer: "" } }' : `[${world.symbols.join(', ')}]`}
  lane: [${world.lanes.join(', ')}]
  month: { every: month, from: "${MONTH_FROM}" }
  day: { every: day, from: "${DAY_FROM}" }
  file: { of: sym, keys: { rule: keys, output: o, pointer: /files } }
rules:
${(world.reversed ? rules.reverse() : rules).join('\n')}
`;
}

function ruleText(world: World, rule: Rule): string {
  const inputs = rule.inputs.map((input, at) => `${inputName(rule, at)}: ${inputText(world, rule, input)}`);
  const outputs = outputsOf(rule).map(
    ({ name, template, folder }) => `${name}: ${quoted(folder ? `${template}/` : template)}`,
  );
  const param = paramTemplate(rule);
  const params = [
    ...(param === undefined ? [] : [`p: ${quoted(param)}`]),
    ...(rule.learns ? ['learns: extra/e.txt'] : []),
  ];
  const lines = [
    ...(rule.for.length > 0 ? [`for: [${rule.for.join(', ')}]`] : []),
    `in: { ${inputs.join(', ')} }`,
    `out: { ${outputs.join(', ')} }`,
    rule.make === 'cat' ? `run: ${quoted(recipeOf(rule))}` : `task: ./tasks/${rule.make}.mjs`,
    ...(params.length > 0 ? [`params: { ${params.join(', ')} }`] : []),
    ...(rule.intermediate ? ['intermediate: true'] : []),
    ...(rule.partitions === 'all' ? [] : [`partitions: ${rule.partitions}`]),
    ...(rule.default ? [] : ['default: false']),
    ...(rule.make === 'fetch' ? ['source: true'] : []),
    ...(rule.volatile ? ['refresh: { after: 9000h }'] : []),
  ];
  return [`  ${rule.name}:`, ...lines.map((line) => `    ${line}`)].join('\n');
}

function inputText(world: World, rule: Rule, input: Input): string {
  const { from, pointer, optional, omit, where, offset } = input;
  const main =
    from.kind === 'rule'
      ? `rule: ${ruleAt(world, from.rule).name}, output: ${from.output}`
      : `path: ${quoted(pathTemplate(world, rule, from))}`;
  return `{ ${[
    main,
    ...(pointer === undefined ? [] : [`pointer: ${quoted(pointer)}`]),
    ...(optional ? ['optional: true'] : []),
    ...(omit ? ['failed: omit'] : []),
    ...(where === undefined ? [] : [`where: { ${where.dim}: [${where.keys.map(quoted).join(', ')}] }`]),
    ...(offset === undefined ? [] : [`offset: { ${offset.dim}: ${offset.by} }`]),
  ].join(', ')} }`;
}

/** Says that it runs, fails where it is told to, and puts one input after the other. */
export function recipeOf(rule: Rule): string {
  const id = [rule.name, ...rule.for.map((dim) => `\${${dim}}`)].join('/');
  const inputs = rule.inputs.flatMap(({ pointer }, at) =>
    pointer === undefined ? [`\${in.${inputName(rule, at)}}`] : [],
  );
  return [
    `echo ${id} >> .runs/log`,
    `if grep -qxF ${id} .runs/fail; then exit 4; fi`,
    `cat ${[...inputs, '/dev/null'].join(' ')} > \${out.o}`,
    ...(rule.param === 'none' ? [] : [`echo \${params.p} >> \${out.o}`]),
    `if grep -q '!FAIL' \${out.o}; then exit 3; fi`,
    ...(rule.second ? ['echo x > ${out.few}'] : []),
  ].join('; ');
}
