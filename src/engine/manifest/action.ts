/** What carries a rule out: a shell recipe, a built-in task, or a module beside the manifest. It loads none. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { error } from '../diagnostic.ts';
import type { Action, OpenJson, Template } from './model.ts';
import { nearest, suggest } from './nearest.ts';
import type { ScalarNode, YamlNode } from './node.ts';
import { childOf, placeWithin } from './node.ts';
import { openTemplate } from './open.ts';
import type { Scope } from './scope.ts';

const MODULE = /\.(?:ts|mts|js|mjs)$/;

export function readAction(
  rule: YamlNode,
  params: ReadonlyMap<string, OpenJson | undefined>,
  world: { readonly workspace: string; readonly builtinTasks: readonly string[] },
  scope: Scope,
): Action | undefined {
  const run = childOf(rule, 'run');
  const task = childOf(rule, 'task');
  if (run && task) {
    const related = [{ message: 'the task', place: task.place }];
    const message = `${scope.owner} has both "run" and "task"`;
    scope.report({ ...error(message, run.place, 'keep one: a rule is carried out once'), related });
  }
  if (task?.kind === 'scalar') return readTask(task, world, scope);
  if (run?.kind !== 'scalar') return undefined;
  if (`${run.value}`.trim() === '') {
    scope.report(error(`"run" of ${scope.owner} is empty`, run.place, 'write a shell command'));
    return undefined;
  }
  const template = openTemplate(run, scope, 'shell');
  if (template === undefined) return undefined;
  checkParams(template, run, params, scope);
  return { kind: 'run', template };
}

/** A map has no words; a list has, if its members do. */
function checkParams(
  template: Template,
  run: ScalarNode,
  params: ReadonlyMap<string, OpenJson | undefined>,
  scope: Scope,
): void {
  for (const part of template.parts) {
    if (typeof part === 'string' || part.kind !== 'params') continue;
    const open = params.get(part.name);
    if (open === undefined || hasWords(open, true)) continue;
    const message = `\${params.${part.name}} is not a text, a number or a list of them and cannot be words of a shell command`;
    const text = `\${params.${part.name}}`;
    const at = `${run.value}`.indexOf(text);
    const place = at === -1 ? run.place : placeWithin(run, text, at);
    scope.report(error(message, place, `name a part of it in "params" of ${scope.owner}`));
  }
}

function hasWords(open: OpenJson, list: boolean): boolean {
  switch (open.kind) {
    case 'template':
      return true;
    case 'list':
      return list && open.items.every((item) => hasWords(item, false));
    case 'map':
      return false;
    case 'value': {
      const { value } = open;
      if (Array.isArray(value))
        return list && value.every((item) => hasWords({ kind: 'value', value: item }, false));
      return value !== null && typeof value !== 'object';
    }
  }
}

function readTask(
  node: ScalarNode,
  { workspace, builtinTasks }: { readonly workspace: string; readonly builtinTasks: readonly string[] },
  scope: Scope,
): Action | undefined {
  const name = `${node.value}`;
  const { place } = node;
  if (!/^(?:\.{0,2}\/)/.test(name)) {
    if (builtinTasks.includes(name)) return { kind: 'builtin', name, place };
    const beside = `a module's path begins with "./": write "./${name}"`;
    const hint = MODULE.test(name) ? beside : suggest(name, builtinTasks, 'tasks');
    scope.report(error(`unknown task "${name}" in ${scope.owner}`, place, hint));
    return undefined;
  }
  if (!MODULE.test(name)) {
    const message = `the task module "${name}" of ${scope.owner} must end in .ts, .mts, .js or .mjs`;
    const hint = similarModule(workspace, name) ?? 'a module is a file such as ./tasks/total.ts';
    scope.report(error(message, place, hint));
    return undefined;
  }
  const absolute = resolve(workspace, name);
  if (!isFile(absolute)) {
    const hint =
      similarModule(workspace, name) ??
      'write the module, or correct the path: it is relative to the manifest';
    scope.report(error(`there is no task module "${name}"`, place, hint));
    return undefined;
  }
  const inside = relative(workspace, absolute).replaceAll('\\', '/');
  return { kind: 'module', path: isAbsolute(name) && inside.startsWith('..') ? name : inside, place };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Another module of the folder with nearly the same name. */
function similarModule(workspace: string, name: string): string | undefined {
  const folder = dirname(name);
  try {
    const names = readdirSync(resolve(workspace, folder)).filter((each) => MODULE.test(each));
    const near = nearest(
      name,
      names.map((each) => `${folder}/${each}`),
    );
    return near === undefined ? undefined : `did you mean "${near}"?`;
  } catch {
    return undefined;
  }
}
