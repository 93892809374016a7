/**
 * Which paths matter to a watch, and which folders may hold such: the manifest and its configs, what rules read
 * that no rule makes, the code of tasks, and what builds have learnt. Outputs do not matter. Reads no files.
 */
import { basename } from 'node:path';
import { literalGlob } from '../graph/template.ts';
import type { Manifest, Template } from '../manifest/model.ts';
import { mayBeImported } from '../run/code.ts';
import { isStatePath } from '../state/workspace-state.ts';
import type { Change } from './machine.ts';
import type { Pattern } from './patterns.ts';
import { globOf, patternOf } from './patterns.ts';
import { folderOf, foldersAbove, liesIn, spell } from './spelling.ts';

/** What builds have shown: the code behind modules, and what tasks have read beyond their declared inputs. */
export interface Learnt {
  has(path: string): boolean;
  /** The folders that such files lie in, and all above them. */
  readonly folders: ReadonlySet<string>;
  /** The folders that imports were looked for in: a new name there may be what one means from then on. */
  readonly codeFolders: ReadonlySet<string>;
  /** Modules that could not be traced: what they import is not known. */
  readonly untraced: readonly string[];
}

export interface InterestOptions {
  readonly workspace: string;
  /** Of the manifest and its configs, as far as they are known. */
  readonly manifestFiles: readonly string[];
  /** Task modules that it names, there or not. */
  readonly modules: readonly string[];
  /** Undefined: there is none that could be read yet. */
  readonly manifest: Manifest | undefined;
  readonly learnt: Learnt;
}

/** All paths are spelt by `spell`. */
export interface Interest {
  /** `rules`: those that were part of the last build; undefined: any may be. */
  kindOf(path: string, rules?: ReadonlySet<string>): Change['kind'] | undefined;
  /** Whether anything that matters may lie in the folder or below it, and what the most. */
  mayHold(folder: string): Change['kind'] | undefined;
  /** Where to begin to watch; they need not exist. */
  readonly roots: readonly string[];
  /** Two interests with the same key have the same folders. */
  readonly key: string;
}

interface Input extends Pattern {
  readonly rule: string;
  /** A plain path may be one of a folder, all of which counts. */
  readonly plain: boolean;
}

interface Output extends Pattern {
  readonly directory: boolean;
}

export function interestOf(options: InterestOptions): Interest {
  const { workspace, manifestFiles, manifest, learnt } = options;
  const files = new Set(manifestFiles.map((path) => spell(workspace, path)));
  const fileFolders = new Set([...files].flatMap(foldersAbove));
  const { inputs, outputs } = manifest === undefined ? NOTHING : readRules(workspace, manifest);
  const modules = options.modules.map((path) => spell(workspace, path));
  const code = new Set([...modules.map(folderOf), ...learnt.codeFolders]);
  const codeFolders = new Set([...modules.flatMap(foldersAbove), ...learnt.folders]);
  // What a module at the top imports may lie anywhere: the whole workspace is too much to look at for that.
  const untraced = learnt.untraced
    .map((path) => folderOf(spell(workspace, path)))
    .filter((each) => each !== '');

  const isOwned = (path: string): boolean =>
    outputs.some(({ directory, matches, within }) => (directory ? within(path) : matches(path)));
  const isCode = (path: string): boolean =>
    mayBeImported(basename(path)) &&
    (code.has(folderOf(path)) || untraced.some((folder) => holdsCode(folder, path)));

  return {
    kindOf: (path, rules) => {
      if (files.has(path)) return 'manifest';
      if (learnt.has(path)) return 'source';
      if (isStatePath(path) || isOwned(path)) return undefined;
      const isInput = inputs.some(
        ({ rule, plain, matches, within }) =>
          (rules === undefined || rules.has(rule)) && (plain ? within(path) : matches(path)),
      );
      return isInput || isCode(path) ? 'source' : undefined;
    },
    mayHold: (folder) => {
      if (fileFolders.has(folder) || (folder.startsWith('/') && liesIn(workspace, folder))) return 'manifest';
      if (isStatePath(folder)) return undefined;
      if (codeFolders.has(folder)) return 'source';
      if (outputs.some(({ directory, within }) => directory && within(folder))) return undefined;
      const holdsInput = inputs.some(
        ({ plain, within, mayHold }) => mayHold(folder) || (plain && within(folder)),
      );
      return holdsInput || untraced.some((each) => holdsCode(each, folder)) ? 'source' : undefined;
    },
    roots: rootsOf([
      '',
      ...[...files, ...codeFolders].filter((path) => path.startsWith('/')).map(folderOf),
      ...inputs.map(({ root }) => root).filter((root) => root.startsWith('/')),
    ]),
    key: JSON.stringify([
      [...files],
      inputs.map(({ glob, plain }) => [glob, plain]),
      outputs.map(({ glob, directory }) => [glob, directory]),
      [...codeFolders],
      untraced,
    ]),
  };
}

interface Read {
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
}

const NOTHING: Read = { inputs: [], outputs: [] };

function readRules(workspace: string, { rules, dimensions }: Manifest): Read {
  const spelt = (template: Template, glob: boolean): string => {
    const text = globOf(template, dimensions, glob);
    const here = literalGlob(workspace);
    if (text.startsWith(`${here}/`)) return text.slice(here.length + 1);
    return text.startsWith('../') ? outside(here, text) : text;
  };
  const all = [...rules.values()];
  return {
    inputs: all.flatMap(({ name: rule, inputs }) =>
      inputs.flatMap((input): Input[] =>
        input.kind === 'rule'
          ? []
          : [
              {
                ...patternOf(spelt(input.template, input.glob), !input.glob),
                rule,
                plain: !input.glob,
              },
            ],
      ),
    ),
    outputs: all.flatMap(({ outputs }) =>
      outputs.map(({ template, directory }) => ({ ...patternOf(spelt(template, false), true), directory })),
    ),
  };
}

/** A glob that leads out of the workspace, from the root on. */
function outside(workspace: string, glob: string): string {
  const here = workspace.split('/');
  const names = glob.split('/');
  const up = names.findIndex((name) => name !== '..');
  return [...here.slice(0, Math.max(1, here.length - up)), ...names.slice(up)].join('/');
}

/** Of folders that lie in one another the outer one. */
function rootsOf(folders: readonly string[]): readonly string[] {
  const all = [...new Set(folders)];
  return all.filter((folder) => !all.some((other) => other !== folder && liesIn(folder, other)));
}

/** Installed packages count by their version, and tools keep their own things in hidden folders. */
function holdsCode(folder: string, path: string): boolean {
  if (!liesIn(path, folder)) return liesIn(folder, path);
  return !/(?:^|\/)(?:node_modules|\.[^/]*)(?:\/|$)/.test(path.slice(folder.length));
}
