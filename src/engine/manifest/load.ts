/**
 * Reads a workspace's manifest and configs into a `Manifest`, or into everything that is wrong with them. It
 * expands nothing, loads no task and never throws for a mistake of the user.
 */
import type { Checked, Diagnostic } from '../diagnostic.ts';
import { error } from '../diagnostic.ts';
import { readAliases } from './aliases.ts';
import { asOfChoice } from './as-of.ts';
import { findCollisions } from './collisions.ts';
import { loadConfig } from './config.ts';
import { findCycles } from './cycles.ts';
import { dimensionKinds } from './dimension-shape.ts';
import { readDimensions } from './dimensions.ts';
import { gate } from './gate.ts';
import type { LoadOptions, Manifest } from './model.ts';
import { childOf, entriesOf, itemsOf } from './node.ts';
import { outlineRules } from './outline.ts';
import { readPools } from './pools.ts';
import { readText, unreadable } from './read-text.ts';
import { inOrder } from './report.ts';
import { readRule } from './rule.ts';
import { manifestSchema } from './schema.ts';
import type { Values } from './scope.ts';
import { findUnused } from './unused.ts';
import { readYaml } from './yaml.ts';

export function loadManifest(options: LoadOptions, manifestFile = 'pipeline.yaml'): Checked<Manifest> {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const stop = (): Checked<Manifest> => ({ ok: false, diagnostics: inOrder(diagnostics) });

  const text = readText(options.workspace, manifestFile);
  if (!text.ok) {
    const hint = 'make a workspace with "pipeline init DIR", or name one with "pipeline -C DIR"';
    report(
      text.missing
        ? error(`there is no ${manifestFile} here`, undefined, hint)
        : unreadable(`the manifest "${manifestFile}"`, text, undefined),
    );
    return stop();
  }
  const yaml = readYaml(text.source);
  diagnostics.push(...yaml.diagnostics);
  if (yaml.root === undefined) return stop();
  const { root } = yaml;
  if (root.kind !== 'map') {
    report(error(`${manifestFile} must hold a map with "version" and "rules"`, root.place));
    return stop();
  }

  const checked = gate(root, manifestSchema);
  diagnostics.push(...checked.diagnostics);
  const { tree, cut } = checked;
  const part = (key: string) => childOf(tree, key);
  const outlines = outlineRules(root);

  const choice = asOfChoice(part('as_of'), options);
  const configCut = part('configs') === undefined && childOf(root, 'configs') !== undefined;
  const config = loadConfig(itemsOf(part('configs')), configCut, choice, options, report);
  const { asOf } = config;
  const values: Values = {
    config: config.json,
    names: config.names,
    unread: config.unread,
    uncompleted: config.uncompleted,
    wrong: config.wrong,
    asOf,
    dimensionKinds: dimensionKinds(root, config),
    read: new Set(config.read),
    report,
  };

  const dimensions = readDimensions(part('dimensions'), values, outlines, config);
  const pools = readPools(part('pools'), childOf(root, 'pools'), values);
  const world = { ...options, values, outlines, dimensions, pools, cut };
  const rules = new Map(entriesOf(part('rules')).map((entry) => [entry.key, readRule(entry, world)]));
  const rulesNode = childOf(root, 'rules');
  if (rulesNode?.kind === 'map' && outlines.size === 0) {
    report(
      error('the manifest has no rules: nothing would be built', rulesNode.place, 'declare at least one'),
    );
  }
  const aliases = readAliases(part('aliases'), outlines, rules, report);
  diagnostics.push(...findCollisions(rules), ...findCycles(rules, dimensions));

  if (diagnostics.some(({ severity }) => severity === 'error') || asOf === undefined || pools === undefined)
    return stop();
  const unused = findUnused(config.root, values.read, options.configSchema.known);
  return {
    ok: true,
    value: {
      file: manifestFile,
      asOf,
      dimensions,
      rules,
      pools,
      aliases,
      config: config.json,
      files: [manifestFile, ...config.files],
    },
    warnings: inOrder([...diagnostics, ...unused]),
  };
}
