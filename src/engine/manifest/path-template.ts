/** Templates that name paths: one spelling for each path, `#/pointer` split off. It looks at no disk. */
import type { Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import type { Template } from './model.ts';
import { joined, spelling } from './open.ts';
import type { Scope } from './scope.ts';

/** Without `./` and doubled slashes, so that one file has one name. */
export function normalizePath(template: Template): Template {
  const parts = template.parts.map((part, index) => {
    if (typeof part !== 'string') return part;
    const clean = part.replaceAll(/\/(?:\.?\/)+/g, '/');
    return index === 0 ? clean.replace(/^(?:\.\/)+/, '') : clean;
  });
  return { ...template, parts: joined(parts) };
}

/** `file#/json/pointer` in two; the pointer keeps its slash. */
export function splitPointer(template: Template): {
  readonly path: Template;
  readonly pointer: Template | undefined;
} {
  for (const [index, part] of template.parts.entries()) {
    const at = typeof part === 'string' ? part.indexOf('#/') : -1;
    if (typeof part !== 'string' || at === -1) continue;
    const before = [...template.parts.slice(0, index), part.slice(0, at)];
    const after = [part.slice(at + 1), ...template.parts.slice(index + 1)];
    return { path: { ...template, parts: joined(before) }, pointer: { ...template, parts: joined(after) } };
  }
  return { path: template, pointer: undefined };
}

export function isGlob({ parts }: Template): boolean {
  return parts.some((part) => typeof part === 'string' && /[*?[{]/.test(part));
}

/** Reports what no path can be. `subject`: `output "text" of rule "upper"`. */
export function checkPath(
  template: Template,
  subject: string,
  place: Diagnostic['place'],
  scope: Scope,
): boolean {
  const text = spelling(template);
  if (text === '') {
    scope.report(error(`${subject} is an empty path`, place, 'write a path in the workspace'));
    return false;
  }
  if (template.parts.some((part) => typeof part === 'string' && /[\u0000-\u001f\u007f]/.test(part))) {
    scope.report(error(`${subject} holds a control character`, place));
    return false;
  }
  return true;
}

/** Ends in a slash; the template is without it. */
export function splitDirectory(template: Template): {
  readonly template: Template;
  readonly directory: boolean;
} {
  const last = template.parts.at(-1);
  if (typeof last !== 'string' || !last.endsWith('/')) return { template, directory: false };
  const parts = joined([...template.parts.slice(0, -1), last.replace(/\/+$/, '')]);
  return { template: { ...template, parts }, directory: true };
}
