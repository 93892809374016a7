/** `pipeline lineage PATH|TARGET`: where it came from and what it went into, by the records. */
import type { Earlier } from '../engine/lineage/earlier.ts';
import { lineageOf } from '../engine/lineage/lineage.ts';
import { formatLineageEvents } from '../ui/lineage-events.ts';
import { formatLineageMermaid } from '../ui/lineage-mermaid.ts';
import { describeInPlace, formatEarlier, formatLineage } from '../ui/lineage-text.ts';
import { printable } from '../ui/printable.ts';
import { UsageError } from './args.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { complain, outTerminal, printJson, remark } from './io.ts';
import { lineageSetting } from './openlineage.ts';
import type { Common } from './workspace.ts';
import { enterWorkspace } from './workspace.ts';

export interface LineageOptions {
  readonly format: string | undefined;
  readonly up: boolean;
  readonly down: boolean;
}

const FORMATS = ['text', 'json', 'mermaid', 'openlineage'] as const;

export function lineage(
  common: Common,
  text: string,
  { format: given, up, down }: LineageOptions,
  version: string,
  io: Io,
): ExitCode {
  const wanted = given ?? (common.json ? 'json' : 'text');
  const format = FORMATS.find((each) => each === wanted);
  if (format === undefined)
    throw new UsageError(`--format ${wanted}: no such format`, `formats: ${FORMATS.join(', ')}`);
  const workspace = enterWorkspace(common, io);
  const both = up === down;
  const found = lineageOf({ workspace, text, up: both || up, down: both || down });
  if (!found.ok) {
    complain(io, printable(found.message), printable(found.hint));
    return EXIT.usage;
  }
  for (const each of found.remarks) remark(io, each);
  const { color } = outTerminal(io);
  if (found.kind === 'earlier') return tellEarlier(found.earlier, format, color, io);
  const { verbose } = common;
  const { inPlace } = found;
  switch (format) {
    case 'text':
      io.stdout.write(formatLineage(found.lineage, { color, verbose }, inPlace));
      break;
    case 'json':
      printJson(io, inPlace === undefined ? found.lineage : { ...found.lineage, inPlace });
      break;
    case 'mermaid':
      io.stdout.write(formatLineageMermaid(found.lineage, { verbose }));
      break;
    case 'openlineage':
      io.stdout.write(formatLineageEvents(found.lineage.targets, lineageSetting(workspace, version, io)));
      break;
  }
  if (inPlace === undefined) return EXIT.done;
  const said = describeInPlace(found.lineage.of, inPlace);
  // A chart and events have no place for it.
  if (said !== undefined && format !== 'text' && format !== 'json')
    remark(io, `${printable(found.lineage.of.name)}: ${said}`);
  return inPlace.state === 'recorded' || inPlace.state === 'missing' ? EXIT.done : EXIT.stale;
}

/** Of an earlier result its inputs are not known, so that there is nothing to draw. */
function tellEarlier(earlier: Earlier, format: (typeof FORMATS)[number], color: boolean, io: Io): ExitCode {
  switch (format) {
    case 'text':
      io.stdout.write(formatEarlier(earlier, color));
      return EXIT.done;
    case 'json':
      printJson(io, { of: { kind: 'earlier', name: earlier.path }, ...earlier });
      return EXIT.done;
    case 'mermaid':
    case 'openlineage':
      complain(
        io,
        `${printable(earlier.path)} is what an earlier run has made: of that only its origin is recorded`,
        'leave out --format, or give json',
      );
      return EXIT.usage;
  }
}
