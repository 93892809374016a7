/** A lineage as a Mermaid flow chart: groups of targets, of files and of addresses, and what flows between them. Pure. */
import type { DrawnLineage } from './lineage-groups.ts';
import { groupTargets } from './lineage-groups.ts';
import { originsIn } from './lineage-origins.ts';
import { groupFiles } from './lineage-text.ts';
import { quoted } from './mermaid.ts';

/** `verbose`: each target by itself. */
export function formatLineageMermaid(
  lineage: DrawnLineage,
  { verbose }: { readonly verbose: boolean },
): string {
  const groups = groupTargets(lineage.targets, verbose);
  const files = groupFiles(lineage.files, verbose);
  const ofTarget = new Map(
    groups.flatMap(({ members }, at) => members.map((each) => [each.target, `t${at}`])),
  );
  const ofFile = new Map(files.flatMap(({ members }, at) => members.map((each) => [each.path, `f${at}`])));
  const addresses = groups.flatMap(({ members }, at) =>
    originsIn(members).map(({ url }) => ({ url, to: `t${at}` })),
  );
  const edges = new Map<string, Set<string>>();
  for (const { target, inputs } of lineage.targets) {
    const to = ofTarget.get(target);
    for (const { target: maker, path, input = 'learnt' } of inputs) {
      const from = maker === undefined ? ofFile.get(path) : ofTarget.get(maker);
      // What flows within a group is no arrow of the chart.
      if (from === undefined || to === undefined || from === to) continue;
      const key = `${from} ${to}`;
      edges.set(key, (edges.get(key) ?? new Set()).add(input));
    }
  }
  return [
    'flowchart LR',
    ...addresses.map(({ url }, at) => `  u${at}([${quoted(url)}])`),
    ...files.map(({ label }, at) => `  f${at}[/${quoted(label)}/]`),
    ...groups.map(
      ({ label, relation }, at) => `  t${at}[${quoted(label)}]${relation === 'of' ? ':::asked' : ''}`,
    ),
    ...addresses.map(({ to }, at) => `  u${at} --> ${to}`),
    ...[...edges].map(([key, names]) => {
      const [from, to] = key.split(' ');
      return `  ${from} -- ${quoted([...names].join(', '))} --> ${to}`;
    }),
    ...(groups.some(({ relation }) => relation === 'of') ? ['  classDef asked stroke-width:3px'] : []),
    '',
  ].join('\n');
}
