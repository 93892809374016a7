/** What a backup holds and what it copied, which backups there are, and what came of a restore, as lines. */
import { formatBytes, formatCount } from './amounts.ts';
import { verb } from './failure.ts';
import { printable } from './printable.ts';
import type { Column, TableOptions } from './table.ts';
import { formatTable } from './table.ts';
import { crop } from './width.ts';

export interface Sum {
  readonly count: number;
  readonly bytes: number;
}

export interface BackupRow {
  readonly kind: 'config' | 'code' | 'lockfile' | 'input' | 'source' | 'output' | 'record';
  readonly files: Sum;
  readonly copied: Sum;
}

export interface BackupLine {
  readonly name: string;
  readonly at: string;
  readonly asOf: string;
  readonly files: Sum;
  readonly lacks: number;
}

const NAMES: Readonly<Record<BackupRow['kind'], string>> = {
  config: 'manifest and configs',
  code: 'task modules',
  lockfile: 'lockfile',
  input: 'other files that were read',
  source: 'sources',
  output: 'outputs',
  record: 'records of builds',
};

const COLUMNS: readonly Column[] = [
  { title: '', align: 'left' },
  { title: 'files', align: 'right' },
  { title: 'bytes', align: 'right' },
  { title: 'new', align: 'right' },
  { title: 'bytes', align: 'right' },
];

/** `name`: undefined in a dry run. */
export function formatBackup(
  rows: readonly BackupRow[],
  made: {
    readonly name: string | undefined;
    readonly directory: string;
    readonly pruned: { readonly backups: readonly string[]; readonly bytes: number } | undefined;
  },
  options: TableOptions,
): string {
  const cells = (name: string, files: Sum, copied: Sum): readonly string[] => [
    name,
    ...[files.count, files.bytes, copied.count, copied.bytes].map(formatCount),
  ];
  const shown = rows.filter(({ files }) => files.count > 0);
  const total = (of: (row: BackupRow) => Sum): Sum => ({
    count: rows.reduce((sum, row) => sum + of(row).count, 0),
    bytes: rows.reduce((sum, row) => sum + of(row).bytes, 0),
  });
  const table = [
    ...shown.map(({ kind, files, copied }) => cells(NAMES[kind], files, copied)),
    cells(
      'total',
      total(({ files }) => files),
      total(({ copied }) => copied),
    ),
  ];
  const lines = formatTable(COLUMNS, table, options);
  const { name, directory, pruned } = made;
  if (name === undefined) return lines;
  const gone = pruned?.backups.length ?? 0;
  const let_go =
    gone === 0 ? '' : `, ${count(gone, 'older one')} pruned (${formatBytes(pruned?.bytes ?? 0)})`;
  return `${lines}backup ${name} in ${printable(directory)}${let_go}\n`;
}

export function formatFilesDone(done: {
  readonly files: number;
  readonly ofFiles: number;
  readonly bytes: number;
  readonly ofBytes: number;
}): string {
  const { files, ofFiles, bytes, ofBytes } = done;
  return `${verb('progress')}${formatCount(files)} of ${count(ofFiles, 'file')}, ${formatBytes(bytes)} of ${formatBytes(ofBytes)}\n`;
}

export function formatChecked(checked: {
  readonly name: string;
  readonly objects: number;
  readonly bytes: number;
  readonly damages: readonly unknown[];
}): string {
  const { name, objects, bytes, damages } = checked;
  const found = damages.length === 0 ? 'all as they were' : `${formatCount(damages.length)} not as they were`;
  return `backup ${name}: ${count(objects, 'content')} read (${formatBytes(bytes)}), ${found}\n`;
}

const LIST_COLUMNS: readonly Column[] = [
  { title: 'backup' },
  { title: 'as of' },
  { title: 'files', align: 'right' },
  { title: 'bytes', align: 'right' },
  { title: 'lacks', align: 'right' },
];

export function formatBackups(backups: readonly BackupLine[], options: TableOptions): string {
  const rows = backups.map(({ name, asOf, files, lacks }) => [
    name,
    asOf,
    formatCount(files.count),
    formatCount(files.bytes),
    formatCount(lacks),
  ]);
  return formatTable(LIST_COLUMNS, rows, options);
}

export function formatList(
  files: readonly { readonly path: string; readonly size: number }[],
  width: number,
): string {
  return files
    .map(({ path, size }) => `${crop(`  ${printable(path)} (${formatBytes(size)})`, width)}\n`)
    .join('');
}

export function formatRestored(name: string, restored: Sum, same: number): string {
  const there = same === 0 ? '' : `, ${formatCount(same)} were there already`;
  return `${count(restored.count, 'file')} put back (${formatBytes(restored.bytes)})${there}, from backup ${name}\n`;
}

function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? '' : 's'}`;
}
