/**
 * The text of the task modules, as a user would write them. What they make tells all that they were given, so that
 * two runs that were given different things differ; contents are told by a short hash. `meaning.ts` says the same
 * in its own words.
 */
import type { ModuleName, ModuleState } from './world.ts';

export function libText(lib: number): string {
  return `
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

export const LIB = ${lib};

export function short(text) {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 16777619) >>> 0;
  return sum.toString(36);
}

export function contentOf(path) {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8');
  const names = readdirSync(path, { recursive: true }).filter((name) => statSync(join(path, name)).isFile()).sort();
  return JSON.stringify(names.map((name) => [name, readFileSync(join(path, name), 'utf8')]));
}

/** What was read, in order: input, path, content. What is keyed is no matter but for its value. */
export function itemsOf(ctx) {
  return Object.entries(ctx.inputs)
    .filter(([name]) => !(name in ctx.values))
    .flatMap(([name, paths]) => [paths ?? []].flat().map((path) => [name, relative(ctx.workspace, path), contentOf(path)]));
}

/** An answer that ends the run here, or undefined. */
export function begin(ctx, items) {
  appendFileSync(join(ctx.workspace, '.runs/log'), ctx.target + '\\n');
  if (readFileSync(join(ctx.workspace, '.runs/fail'), 'utf8').split('\\n').includes(ctx.target))
    return { failed: { code: 'by-chance', message: 'the weather' } };
  const all = items.map(([, , content]) => content).join('') + JSON.stringify(ctx.values);
  if (all.includes('!FAIL')) return { failed: { code: 'told', message: 'told to' } };
  const absent = /!ABSENT\\d/.exec(all)?.[0];
  return absent === undefined ? undefined : { absent: 'told ' + absent };
}

export function end(ctx, items) {
  const all = items.map(([, , content]) => content).join('');
  return {
    ...(all.includes('!PART') ? { incomplete: { code: 'part', message: 'not all' } } : {}),
    ...(ctx.params.learns === undefined ? {} : { discovered: [ctx.params.learns] }),
  };
}

export function learnt(ctx) {
  if (ctx.params.learns === undefined) return 'nothing';
  try {
    return readFileSync(join(ctx.workspace, ctx.params.learns), 'utf8');
  } catch {
    return 'missing';
  }
}
`;
}

export function moduleText(name: ModuleName, { code, version, broken }: ModuleState): string {
  if (broken) return 'export default 3;\n';
  return `
import { writeFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { begin, end, itemsOf, learnt, LIB, short } from './lib.mjs';

const CODE = '${name} ${code} ' + LIB;

export default {
  version: ${version},
  run(ctx) {
    const items = itemsOf(ctx);
    const answer = begin(ctx, items);
    if (answer !== undefined) return answer;
    const contents = items.map(([, , content]) => content);
    ${BODIES[name]}
    if (ctx.outputs.few !== undefined) writeFileSync(ctx.outputs.few, (contents[0] ?? '-').slice(0, 1));
    return end(ctx, items);
  },
};
`;
}

const BODIES: Readonly<Record<ModuleName, string>> = {
  tell: `const partition = ({ keys, spans }) => [keys, spans];
    const lists = (members, tell) => Object.fromEntries(Object.entries(members).map(([name, all]) => [name, all.map(tell)]));
    writeFileSync(ctx.outputs.o, JSON.stringify({
      code: CODE,
      n: items.length % 2,
      target: ctx.target,
      partition: partition(ctx.partition),
      params: ctx.params,
      in: items.map(([input, path, content]) => [input, path, short(content)]),
      values: ctx.values,
      members: lists(ctx.members, (member) => partition(member.partition)),
      absent: lists(ctx.absent, (member) => [member.target, member.reason.startsWith('told') ? member.reason : '-', partition(member.partition)]),
      failed: lists(ctx.failed, (member) => [member.target, member.code, member.roots, partition(member.partition)]),
      learnt: short(learnt(ctx)),
    }));`,
  fold: `writeFileSync(ctx.outputs.o, String(short(contents.join('\\n') + learnt(ctx)).charCodeAt(0) % 3) + '\\n');`,
  tree: `for (const content of contents) writeFileSync(join(ctx.outputs.o, 'f' + short(content).charCodeAt(0) % 3), short(content));
    if ((contents[0] ?? '').startsWith('1')) {
      mkdirSync(join(ctx.outputs.o, 'sub'));
      writeFileSync(join(ctx.outputs.o, 'sub/x'), CODE);
    }
    writeFileSync(join(ctx.outputs.o, 'all'), short(contents.join('\\n') + JSON.stringify(ctx.values) + learnt(ctx)));`,
  pass: `writeFileSync(ctx.outputs.o, contents.join(''));`,
  fetch: `writeFileSync(ctx.outputs.o, 'fetched ' + readFileSync(join(ctx.workspace, '.runs/outside'), 'utf8') + short(contents.join('\\n') + learnt(ctx)));`,
};
