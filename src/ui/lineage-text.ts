/** A lineage for people: what is asked for, what it was made of up to the sources, and what was made of it. Pure. */
import type { DrawnFile, DrawnLineage, DrawnOrigin, DrawnTarget, TargetGroup } from './lineage-groups.ts';
import { groupTargets, some } from './lineage-groups.ts';
import { describeOrigins, originsIn } from './lineage-origins.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';

export interface LineageTextOptions {
  readonly color: boolean;
  /** Each target and each file by itself. */
  readonly verbose: boolean;
}

/** What lies at the path that is asked for, against what is recorded of it. */
export type DrawnInPlace =
  | { readonly state: 'recorded' | 'missing'; readonly path: string }
  | { readonly state: 'other'; readonly path: string; readonly digest: string }
  | { readonly state: 'unreadable'; readonly path: string; readonly reason: string };

/** A file that holds what was made once and has been replaced since. */
export interface DrawnEarlier {
  readonly path: string;
  readonly digest: string;
  readonly results: readonly {
    readonly target: string;
    readonly path: string;
    readonly origins: readonly DrawnOrigin[];
    readonly replacedIn: number;
    readonly replacedAt: string;
  }[];
}

/** Lines that each end with a line end. They are not cropped: an address or a digest is there to be copied. */
export function formatLineage(
  lineage: DrawnLineage,
  options: LineageTextOptions,
  inPlace?: DrawnInPlace,
): string {
  const style = styleFor(options.color);
  const groups = groupTargets(lineage.targets, options.verbose);
  const of = lineage.targets.find(({ relation }) => relation === 'of');
  const said = inPlace === undefined ? undefined : describeInPlace(lineage.of, inPlace);
  const lines = [
    style.bold(printable(lineage.of.name)),
    ...(said === undefined ? [] : [`  ${said}`]),
    ...subjectLines(lineage, of, style),
  ];
  const section = (title: string, body: readonly string[]): void => {
    if (body.length > 0) lines.push('', style.bold(title), ...body);
  };
  const lineOf = (relation: DrawnTarget['relation']): readonly string[] =>
    groups.filter((group) => group.relation === relation).flatMap((group) => groupLines(group, style));
  section('made from', lineOf('from'));
  if (lineage.of.kind !== 'file')
    section('files that no rule makes', fileLines(lineage.files, options, style));
  section('went into', lineOf('into'));
  return `${lines.join('\n')}\n`;
}

/** Undefined where all is as it is recorded. */
export function describeInPlace(
  { kind, name }: DrawnLineage['of'],
  inPlace: DrawnInPlace,
): string | undefined {
  const where = inPlace.path === name ? 'there' : `in ${printable(inPlace.path)}`;
  switch (inPlace.state) {
    case 'recorded':
      return undefined;
    case 'missing':
      return `nothing lies ${where} now`;
    case 'other':
      return `what lies ${where} now is ${inPlace.digest}, not what was ${kind === 'file' ? 'read' : 'made'}`;
    case 'unreadable':
      return `what lies ${where} now is not known: ${printable(inPlace.reason)}`;
  }
}

/** The same of a file that no record is about. */
export function formatEarlier({ path, digest, results }: DrawnEarlier, color: boolean): string {
  const style = styleFor(color);
  const lines = results.flatMap((result) => [
    printable(
      `  made by ${result.target} as ${result.path}, replaced in build ${result.replacedIn}, ${result.replacedAt}`,
    ),
    ...result.origins.flatMap((origin) => [
      `    ${printable(origin.url)}`,
      style.dim(`      ${printable(describeOrigins([origin]))}`),
      ...(origin.checksum === undefined ? [] : [style.dim(`      sha256 ${printable(origin.checksum)}`)]),
    ]),
  ]);
  return `${[style.bold(printable(path)), style.dim(`  sha256 ${digest}`), ...lines].join('\n')}\n`;
}

function subjectLines(
  { of: { kind, name }, files }: DrawnLineage,
  of: DrawnTarget | undefined,
  style: Style,
): readonly string[] {
  if (of === undefined) {
    const file = files.find(({ path }) => path === name);
    return ['  no rule makes it', ...(file === undefined ? [] : detailLines(file, style))];
  }
  // Of a folder, one file within it is asked for at times: then there is no digest of its own.
  const outputs = kind === 'target' ? of.outputs : of.outputs.filter(({ path }) => path === name);
  const made =
    kind === 'target' ? `  recorded ${of.finishedAt}` : `  made by ${of.target}, recorded ${of.finishedAt}`;
  return [
    printable(made),
    ...(kind === 'target'
      ? outputs.map(({ path, digest }) => `  ${printable(path)}  ${style.dim(`sha256 ${printable(digest)}`)}`)
      : outputs.map(({ digest }) => style.dim(`  sha256 ${printable(digest)}`))),
    ...originLines([of], style),
    ...remarks([of]),
  ];
}

function groupLines({ label, members }: TargetGroup, style: Style): readonly string[] {
  return [`  ${printable(label)}`, ...originLines(members, style), ...remarks(members)];
}

function originLines(members: readonly DrawnTarget[], style: Style): readonly string[] {
  const found = originsIn(members);
  const most = members.length === 1 ? found.length : 3;
  const shown = found.slice(0, most);
  const rest = found.slice(most).flatMap(({ origins }) => origins).length;
  return [
    ...shown.flatMap(({ url, origins }) => {
      const count = origins.length === 1 ? '' : ` (${origins.length})`;
      const sums = origins.flatMap(({ checksum }) => checksum ?? []);
      return [
        `    ${printable(url)}${count}`,
        style.dim(`      ${printable(describeOrigins(origins))}`),
        ...(origins.length === 1 ? sums.map((sum) => style.dim(`      sha256 ${printable(sum)}`)) : []),
      ];
    }),
    ...(rest === 0 ? [] : [`    and ${rest} more`]),
  ];
}

/** What is not as one would think. */
function remarks(members: readonly DrawnTarget[]): readonly string[] {
  const earlier = members.flatMap(({ inputs }) => inputs.filter((input) => input.earlier === true));
  const leftOut = members.flatMap((member) => member.leftOut);
  return [
    ...(earlier.length === 0
      ? []
      : [`    of an earlier content of ${some([...new Set(earlier.map(({ path }) => printable(path)))])}`]),
    ...leftOutLine('absent', leftOut),
    ...leftOutLine('failed', leftOut),
  ];
}

function leftOutLine(
  state: 'absent' | 'failed',
  leftOut: readonly DrawnTarget['leftOut'][number][],
): readonly string[] {
  const names = leftOut.filter((each) => each.state === state);
  if (names.length === 0) return [];
  const said = new Set(names.map(({ target, reason }) => printable(`${target} (${reason})`)));
  return [`    without, as ${state}: ${some([...said])}`];
}

function fileLines(
  files: readonly DrawnFile[],
  { verbose }: LineageTextOptions,
  style: Style,
): readonly string[] {
  return groupFiles(files, verbose).flatMap(({ label, members }) => {
    const [only] = members;
    const details = members.length === 1 && only !== undefined ? detailLines(only, style) : [];
    return [`  ${printable(label)}`, ...details.map((line) => `  ${line}`)];
  });
}

function detailLines({ digests, origins = [] }: DrawnFile, style: Style): readonly string[] {
  return [
    ...digests.map((digest) => style.dim(`  sha256 ${printable(digest)}`)),
    ...origins.flatMap(({ file: _, ...origin }) => [
      `  ${printable(origin.url)}`,
      style.dim(`    ${printable(describeOrigins([origin]))}`),
    ]),
  ];
}

export interface FileGroup {
  readonly label: string;
  readonly members: readonly DrawnFile[];
}

/** Files of one folder are one group when there are several. */
export function groupFiles(files: readonly DrawnFile[], whole: boolean): readonly FileGroup[] {
  const byFolder = new Map<string, DrawnFile[]>();
  for (const file of files) {
    const folder = whole ? file.path : file.path.slice(0, file.path.lastIndexOf('/') + 1);
    const group = byFolder.get(folder);
    if (group === undefined) byFolder.set(folder, [file]);
    else group.push(file);
  }
  return [...byFolder].map(([folder, members]) => ({
    label: members.length === 1 ? (members[0]?.path ?? '') : `${folder}* (${members.length})`,
    members,
  }));
}
