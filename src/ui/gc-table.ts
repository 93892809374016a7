/** What `gc` lets go and what stays, kind by kind, and with all that goes listed by name. Knows not why. */
import { formatBytes, formatCount } from './amounts.ts';
import { printable } from './printable.ts';
import type { Column, TableOptions } from './table.ts';
import { formatTable } from './table.ts';
import { crop } from './width.ts';

export interface GcSum {
  readonly count: number;
  readonly bytes: number;
}

export interface GcRow {
  readonly kind: 'content' | 'result' | 'orphan' | 'left' | 'code' | 'log';
  readonly goes: GcSum;
  readonly stays: GcSum;
}

export interface GcListed {
  readonly path: string;
  readonly bytes: number;
}

const NAMES: Readonly<Record<GcRow['kind'], string>> = {
  content: 'contents in the store',
  result: 'notes of earlier results',
  orphan: 'outputs that no target makes',
  left: 'files left by tasks',
  code: 'bundles of task code',
  log: 'logs of targets',
};

const COLUMNS: readonly Column[] = [
  { title: '', align: 'left' },
  { title: 'go', align: 'right' },
  { title: 'bytes', align: 'right' },
  { title: 'stay', align: 'right' },
  { title: 'bytes', align: 'right' },
];

/** Lines that each end with a line end. Kinds of which there is nothing are left out. */
export function formatGc(rows: readonly GcRow[], listed: readonly GcListed[], options: TableOptions): string {
  const shown = rows.filter(({ goes, stays }) => goes.count + stays.count > 0);
  if (shown.length === 0) return 'nothing that could go\n';
  const total = { goes: sumOf(shown.map(({ goes }) => goes)), stays: sumOf(shown.map(({ stays }) => stays)) };
  const cells = (name: string, { goes, stays }: Pick<GcRow, 'goes' | 'stays'>): readonly string[] => [
    name,
    ...[goes.count, goes.bytes, stays.count, stays.bytes].map(formatCount),
  ];
  const table = [...shown.map((row) => cells(NAMES[row.kind], row)), cells('total', total)];
  const names = listed.map(({ path, bytes }) =>
    crop(`  ${printable(path)} (${formatBytes(bytes)})`, options.width),
  );
  return formatTable(COLUMNS, table, options) + names.map((line) => `${line}\n`).join('');
}

function sumOf(sums: readonly GcSum[]): GcSum {
  return sums.reduce((all, { count, bytes }) => ({ count: all.count + count, bytes: all.bytes + bytes }), {
    count: 0,
    bytes: 0,
  });
}
