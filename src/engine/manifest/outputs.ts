/** Outputs of a rule: where its targets write, each at a path of its own; and what they leave beside them. */
import { error } from '../diagnostic.ts';
import type { OutputSpec, Template } from './model.ts';
import type { Entry, YamlNode } from './node.ts';
import { openTemplate, spelling } from './open.ts';
import { checkPath, normalizePath, splitDirectory } from './path-template.ts';
import type { Scope } from './scope.ts';
import { unescaped, withoutEscapes } from './value-text.ts';

export function readOutput({ key: name, value: node }: Entry, scope: Scope): OutputSpec | undefined {
  const written = openTemplate(node, scope);
  if (written === undefined) return undefined;
  const { template, directory } = splitDirectory(normalizePath(written));
  const subject = `output "${name}" of ${scope.owner}`;
  if (!checkPath(template, subject, node.place, scope)) return undefined;
  const path = spelling(template);
  if (path.split('/').includes('..')) {
    scope.report(
      error(`${subject} leaves its folder by "..": ${path}`, node.place, 'write the path without ".."'),
    );
  }
  for (const dimension of scope.dimensions) {
    if (names(template, dimension)) continue;
    const message = `${subject} lacks \${${dimension}}: the targets of all its keys would write the same file`;
    scope.report(error(message, node.place, `make \${${dimension}} part of the path`));
  }
  return { name, template, directory };
}

/**
 * A glob in a folder of its own: `gc` removes what it matches, so that it may not stand for all there is. What config
 * values bring in is no glob syntax.
 */
export function readLeft(node: YamlNode, scope: Scope): Template | undefined {
  const written = openTemplate(node, scope, 'glob');
  if (written === undefined) return undefined;
  const template = normalizePath(written);
  const subject = `"leaves" of ${scope.owner}`;
  if (!checkPath(template, subject, node.place, scope)) return undefined;
  const glob = spelling(template);
  const path = unescaped(glob);
  const folders = path.split('/');
  const [first = ''] = withoutEscapes(glob)
    .split('/')
    .slice(path.startsWith('/') ? 1 : 0);
  if (!folders.includes('..') && folders.length > 1 && !GLOB_SIGN.test(first)) return template;
  const why = folders.includes('..') ? 'leaves its folder by ".."' : 'names no folder';
  scope.report(error(`${subject} ${why}: ${path}`, node.place, 'begin with a folder: cache/partial/*.zip'));
  return undefined;
}

/** An exclamation mark in front of it all turns a glob round, a group stands for names. */
const GLOB_SIGN = /[*?[({]|^!/;

function names({ parts }: Template, dimension: string): boolean {
  return parts.some(
    (part) => typeof part !== 'string' && part.kind === 'dimension' && part.name === dimension,
  );
}
