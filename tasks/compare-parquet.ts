/**
 * Whether two Parquet files whose bytes differ hold the same values, and else the first rows that differ. Rows are told
 * apart by where they stand. Whatever cannot be read is said, not thrown.
 */
import type { DifferingRow, FileDifference, Sides } from './compare-rows.ts';
import { MOST_ROWS, messageOf } from './compare-rows.ts';
import type { Session } from './lib/duckdb.ts';
import { withDuckDB } from './lib/duckdb.ts';

const READ = 'read_parquet($1, hive_partitioning = false)';
/** With the place of each row, under a name that no column of ours has. */
const NUMBERED = (parameter: string): string =>
  `read_parquet(${parameter}, hive_partitioning = false, file_row_number = true)`;
const PLACE = 'file_row_number';

/** The caller knows that their bytes differ. */
export async function compareParquet(
  inPlace: string,
  rebuilt: string,
  sides: Sides,
  signal: AbortSignal,
): Promise<FileDifference> {
  return withDuckDB(signal, async (session) => {
    const old = await columnsOf(session, inPlace, sides.old);
    if (typeof old === 'string') return { summary: old, rows: [] };
    const made = await columnsOf(session, rebuilt, sides.made);
    if (typeof made === 'string') return { summary: made, rows: [] };
    const shape = differingShape(old, made, sides);
    if (shape !== undefined) return { summary: shape, sameValues: false, rows: [] };
    try {
      return await compareRows(session, [...old.keys()], [inPlace, rebuilt]);
    } catch (thrown) {
      signal.throwIfAborted();
      return { summary: `the rows cannot be compared: ${messageOf(thrown)}`, rows: [] };
    }
  });
}

type Columns = ReadonlyMap<string, string>;

/** Types by name, or why the file cannot be read. */
async function columnsOf(session: Session, path: string, side: string): Promise<Columns | string> {
  try {
    const rows = await session.rows(`DESCRIBE SELECT * FROM ${READ}`, [path]);
    return new Map(rows.map(([name, type]) => [String(name), String(type)]));
  } catch (thrown) {
    return `the file ${side} is no Parquet file: ${messageOf(thrown)}`;
  }
}

function differingShape(old: Columns, made: Columns, sides: Sides): string | undefined {
  const spelt = (columns: Columns): string =>
    [...columns].map(([name, type]) => `${name} ${type}`).join(', ');
  if (spelt(old) === spelt(made)) return undefined;
  const retyped = [...old].find(([name, type]) => made.has(name) && made.get(name) !== type);
  const gone = [...old.keys()].filter((name) => !made.has(name));
  const come = [...made.keys()].filter((name) => !old.has(name));
  const changes = [
    ...(gone.length > 0 ? [`only ${sides.old}: ${gone.join(', ')}`] : []),
    ...(come.length > 0 ? [`only ${sides.made}: ${come.join(', ')}`] : []),
    ...(retyped
      ? [`${retyped[0]} is ${retyped[1]} ${sides.old} and ${made.get(retyped[0])} ${sides.made}`]
      : []),
  ];
  return `the columns differ (${changes.length > 0 ? changes.join('; ') : 'in their order'})`;
}

async function compareRows(
  session: Session,
  columns: readonly string[],
  files: readonly [string, string],
): Promise<FileDifference> {
  const differs = columns.map((name) => `a.${quoted(name)} IS DISTINCT FROM b.${quoted(name)}`);
  const joined = `(SELECT * FROM ${NUMBERED('$1')}) a FULL JOIN (SELECT * FROM ${NUMBERED('$2')}) b
    ON a.${PLACE} = b.${PLACE}
    WHERE a.${PLACE} IS NULL OR b.${PLACE} IS NULL OR ${differs.join(' OR ')}`;
  const [[count = 0n] = []] = await session.rows(`SELECT count(*) FROM ${joined}`, files);
  const total = Number(count);
  if (total === 0)
    return {
      summary: 'the values are the same: only how they are written differs',
      sameValues: true,
      rows: [],
    };
  const texts = columns.flatMap((name) => ['a', 'b'].map((side) => `${side}.${quoted(name)}::VARCHAR`));
  const distinct = differs.join(', ');
  const found = await session.rows(
    `SELECT coalesce(a.${PLACE}, b.${PLACE}) AS place, ${distinct}, ${texts.join(', ')} FROM ${joined}
     ORDER BY place LIMIT ${MOST_ROWS}`,
    files,
  );
  const rows = found.map(([place, ...rest]): DifferingRow => {
    const cells = columns.flatMap((column, at) => {
      if (rest[at] !== true) return [];
      const [inPlace, rebuilt] = rest.slice(columns.length + 2 * at, columns.length + 2 * at + 2).map(text);
      return [{ column, inPlace: inPlace ?? null, rebuilt: rebuilt ?? null }];
    });
    return { row: Number(place) + 1, cells };
  });
  return { summary: total === 1 ? '1 row differs' : `${total} rows differ`, sameValues: false, rows };
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
