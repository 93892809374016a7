/** One target explained: every input, parameter and code digest then and now. Knows not where records are kept. */
import type { Absence, Reason, TargetState } from '../engine/events.ts';
import { printable } from './printable.ts';
import { describeAbsence, describeReason, short } from './reasons.ts';
import { styleFor } from './style.ts';
import { formatTable } from './table.ts';

export interface Why {
  readonly target: string;
  readonly state: TargetState;
  readonly reasons: readonly Reason[];
  readonly absent?: Absence;
  /** The log of its last run, relative to the workspace, if it had anything to say. */
  readonly log?: string;
  /** Everything that the target depends on, in the order of its fingerprint. */
  readonly parts: readonly {
    readonly kind: string;
    readonly name: string;
    readonly was?: string;
    readonly is?: string;
  }[];
}

type Part = Why['parts'][number];

/** The state, the reasons, and a table in which `=` marks what is as it was; digests are shortened to 12 digits. */
export function formatWhy(why: Why, options: { readonly color: boolean; readonly width: number }): string {
  const style = styleFor(options.color);
  const lines = [`${style.bold(printable(why.target))}  ${why.state}`];
  if (why.absent !== undefined) lines.push(`  ${describeAbsence(why.absent, why.reasons)}`);
  for (const reason of why.reasons) lines.push(`  ${describeReason(reason)}`);
  if (why.log !== undefined) lines.push(`  log of its last run: ${printable(why.log)}`);
  if (why.parts.length === 0) return `${lines.join('\n')}\n`;
  const rows = why.parts.map((part) => [markOf(part), part.kind, part.name, value(part.was), value(part.is)]);
  const columns = ['', 'kind', 'name', 'then', 'now'].map((title) => ({ title, align: 'left' }) as const);
  const [titles = '', ...table] = formatTable(columns, rows, options).trimEnd().split('\n');
  lines.push('', titles);
  for (const [index, line] of table.entries()) lines.push(rows[index]?.[0] === '=' ? style.dim(line) : line);
  return `${lines.join('\n')}\n`;
}

function markOf({ was, is }: Part): string {
  if (was === is) return '=';
  if (was === undefined) return '+';
  return is === undefined ? '-' : '≠';
}

function value(text: string | undefined): string {
  return text === undefined ? '' : short(text);
}
