/** Outputs that no target makes any more, as `status` lists them: the first few, or all. Finds none itself. */
import { formatCount } from './amounts.ts';
import { printable } from './printable.ts';
import { styleFor } from './style.ts';
import { crop } from './width.ts';

export interface ListedOrphan {
  readonly target: string;
  readonly path: string;
}

export interface OrphanOptions {
  readonly color: boolean;
  readonly width: number;
  /** All of them. */
  readonly verbose: boolean;
}

const SHOWN = 3;

/** Lines that each end with a line end; empty where there are none. */
export function formatOrphans(orphans: readonly ListedOrphan[], options: OrphanOptions): string {
  if (orphans.length === 0) return '';
  const { yellow } = styleFor(options.color);
  const shown = options.verbose ? orphans : orphans.slice(0, SHOWN);
  const outputs = orphans.length === 1 ? '1 output' : `${formatCount(orphans.length)} outputs`;
  const lines = [
    yellow(crop(`orphans: ${outputs} that no target makes any more (see \`pipeline gc\`)`, options.width)),
    ...shown.map(({ path, target }) => crop(`  ${printable(path)}, of ${printable(target)}`, options.width)),
  ];
  const left = orphans.length - shown.length;
  if (left > 0) lines.push(crop(`  … and ${formatCount(left)} more: -v lists all`, options.width));
  return `${lines.join('\n')}\n`;
}
