/**
 * Built tables as views for DuckDB: the statement that makes one, and how names and paths are quoted in it. It
 * runs no SQL.
 */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { namesOf } from './reports/csv.ts';
import type { ColumnKind, Columns } from './reports/rows.ts';
import { COVERAGE_COLUMNS, GAP_COLUMNS, QUALITY_COLUMNS } from './reports/rows.ts';

export interface QueryTable {
  readonly name: string;
  readonly kind: 'parquet' | 'csv';
  readonly files: readonly string[];
  /** Folder above the `key=value` folders: what looks like one above it is no column. */
  readonly hiveRoot?: string;
}

/** Every file of the table as the view spells it. */
export function filesOf({ files }: QueryTable): readonly string[] {
  return files.map((file) => resolve(file));
}

export async function viewSql(table: QueryTable): Promise<string> {
  const files = listSql(filesOf(table));
  const source =
    table.kind === 'parquet'
      ? `read_parquet(${files}, hive_partitioning = true, hive_types_autocast = false)`
      : `read_csv(${files}, ${await csvOptions(table)})`;
  return `CREATE VIEW ${identifier(table.name)} AS SELECT ${starOf(table)} FROM ${source}`;
}

export function listSql(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * DuckDB takes every `key=value` folder of a path for a column, those above the workspace too, and of two with one
 * key the outer one: rather no answer than one with the wrong symbol in it.
 */
function starOf({ kind, files, hiveRoot }: QueryTable): string {
  if (kind === 'csv' || hiveRoot === undefined) return '*';
  const root = resolve(hiveRoot);
  const foreign = hiveKeys(root);
  const own = hiveKeys(resolve(files[0] ?? '').slice(root.length));
  const hidden = own.find((key) => foreign.includes(key));
  if (hidden !== undefined) {
    throw new Error(`the folder ${hidden}=… in ${root} hides the table's own: move the workspace out of it`);
  }
  return foreign.length === 0 ? '*' : `* EXCLUDE (${foreign.map(identifier).join(', ')})`;
}

function hiveKeys(path: string): readonly string[] {
  const folders = path.split(/[/\\]/).flatMap((part) => /^([^=?]+)=[^?]*$/.exec(part)?.[1] ?? []);
  return [...new Set(folders)];
}

/** The columns of our reports have the types that they mean, whatever the rows hold; others are sniffed. */
async function csvOptions({ files }: QueryTable): Promise<string> {
  const form = `header = true, delim = ',', quote = '"', escape = '"', hive_partitioning = false`;
  const header = await firstLine(files[0] ?? '');
  for (const types of [typesOf(COVERAGE_COLUMNS), typesOf(GAP_COLUMNS), typesOf(QUALITY_COLUMNS)]) {
    if (header !== [...types.keys()].join(',')) continue;
    const columns = [...types].map(([name, type]) => `${literal(name)}: ${literal(type)}`).join(', ');
    return `${form}, auto_detect = false, columns = {${columns}}`;
  }
  const month = header.split(',').includes('month') ? `, types = {'month': 'VARCHAR'}` : '';
  return `${form}, sample_size = -1${month}`;
}

const SQL_TYPES: Readonly<Record<ColumnKind, string>> = {
  text: 'VARCHAR',
  count: 'BIGINT',
  minutes: 'DOUBLE',
  fraction: 'DOUBLE',
  figure: 'DOUBLE',
  instant: 'TIMESTAMP',
};

function typesOf<Row>(columns: Columns<Row>): ReadonlyMap<string, string> {
  return new Map(namesOf(columns).map((name) => [name, SQL_TYPES[columns[name]]]));
}

async function firstLine(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(65_536), position: 0 });
    return buffer.toString('utf8', 0, bytesRead).split(/\r?\n/, 1)[0] ?? '';
  } finally {
    await file.close();
  }
}
