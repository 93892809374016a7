/** The config of a workspace: files, `--set`, references and the schema that the composition root brought, in turn. */
import { error } from '../diagnostic.ts';
import type { Json } from '../json.ts';
import type { AsOfChoice } from './as-of.ts';
import { applySets, dottedNames, readConfigs } from './config-tree.ts';
import { resolveConfig } from './config-values.ts';
import { RESERVED } from './dimensions.ts';
import type { LoadOptions } from './model.ts';
import type { MapNode, Path, YamlNode } from './node.ts';
import { keyPlaceAt, nodeAt, overlap } from './node.ts';
import type { Report } from './report.ts';

export interface Config {
  readonly json: Json;
  /** The merged tree, before references were filled in: for places. */
  readonly root: MapNode;
  readonly files: readonly string[];
  readonly names: readonly string[];
  readonly read: ReadonlySet<string>;
  /** A file could not be read. */
  readonly unread: boolean;
  /** Something is wrong, so what the schema adds is missing. */
  readonly uncompleted: boolean;
  /** Where something is wrong. */
  readonly wrong: readonly Path[];
  readonly asOf: number | undefined;
}

/** `list`: the items of the manifest's `configs`; `listCut`: it was wrong, which was reported. */
export function loadConfig(
  list: readonly YamlNode[],
  listCut: boolean,
  asOf: AsOfChoice,
  { workspace, set, configSchema }: LoadOptions,
  report: Report,
): Config {
  const { known } = configSchema;
  const files = readConfigs(workspace, list, report);
  const tree = applySets({ ...files, incomplete: files.incomplete || listCut }, set, known, report);
  for (const { key, keyPlace } of tree.root.entries) {
    if (!RESERVED.includes(key)) continue;
    report(error(`a config value cannot be called "${key}": \${${key}} has a meaning of its own`, keyPlace));
  }
  const values = resolveConfig(tree, asOf, known, report);
  const issues = configSchema.check(values.json);
  const sound = !tree.incomplete && values.failed.length === 0 && issues.length === 0;
  const wrong = [...values.failed];
  for (const { path, message } of issues) {
    // What could not be filled in is wrong for a reason that was told; what could not be read may well be there.
    if (path.length > 0 && values.failed.some((each) => overlap(each, path))) continue;
    const node = nodeAt(tree.root, path);
    if (node === undefined && tree.incomplete) continue;
    const name = path.length === 0 ? 'the config' : `the config value "${path.join('.')}"`;
    if (path.length > 0) wrong.push(path);
    report(error(`${name}: ${message}`, node?.kind === 'scalar' ? node.place : keyPlaceAt(tree.root, path)));
  }
  return {
    json: sound ? configSchema.complete(values.json) : values.json,
    root: tree.root,
    files: files.files,
    names: [...dottedNames(tree.root), ...known],
    read: values.read,
    unread: tree.incomplete,
    uncompleted: !sound,
    wrong,
    asOf: values.asOf,
  };
}
