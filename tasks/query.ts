/**
 * The engine room of `pipeline query`: one SELECT over built tables in a DuckDB of its own, in memory, that can
 * read the tables' files and touch nothing else. It knows neither rules nor how a result is printed.
 */
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResultReader } from '@duckdb/node-api';
import { DuckDBInstance, StatementType } from '@duckdb/node-api';
import type { Json } from '../src/engine/task.ts';
import type { QueryTable } from './query-tables.ts';
import { filesOf, listSql, viewSql } from './query-tables.ts';
import { valueJson } from './query-values.ts';

export interface QueryRequest {
  readonly tables: readonly QueryTable[];
  readonly sql: string;
  readonly signal?: AbortSignal;
}

export type QueryResult =
  | {
      readonly ok: true;
      /** Each once: a second `a` is called `a:1`. */
      readonly columns: readonly string[];
      /** As DuckDB spells them. */
      readonly types: readonly string[];
      readonly rows: readonly (readonly Json[])[];
    }
  | { readonly ok: false; readonly message: string };

/** No temporary files, and no extension from the network: what is bundled suffices. */
const OPTIONS = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  temp_directory: '',
};

const INTERRUPT_AGAIN_MS = 20;

export async function runQuery({ tables, sql, signal }: QueryRequest): Promise<QueryResult> {
  const instance = await DuckDBInstance.create(':memory:', OPTIONS);
  try {
    const connection = await instance.connect();
    const unread = new Map<string, string>();
    const stopListening = interruptOn(signal, connection);
    try {
      signal?.throwIfAborted();
      for (const table of tables) await addView(connection, table, unread);
      await closeTheDoors(connection, tables);
      signal?.throwIfAborted();
      const reader = await select(connection, sql);
      const types = reader.columnTypes();
      return {
        ok: true,
        columns: reader.deduplicatedColumnNames(),
        types: types.map(String),
        rows: reader.convertRows<Json>((value, type) => valueJson(value, type)),
      };
    } catch (error) {
      if (signal?.aborted) return { ok: false, message: 'the query was interrupted' };
      return { ok: false, message: explained(messageOf(error), tables, unread) };
    } finally {
      stopListening();
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** A table that cannot be read harms only the query that names it. */
async function addView(
  connection: DuckDBConnection,
  table: QueryTable,
  unread: Map<string, string>,
): Promise<void> {
  const key = table.name.toLowerCase();
  if (table.files.length === 0) {
    unread.set(
      key,
      `table "${table.name}" exists but has no files yet: run \`pipeline build ${table.name}\``,
    );
    return;
  }
  try {
    await connection.run(await viewSql(table));
  } catch (error) {
    // What follows the first line points into our own statement.
    unread.set(key, `table "${table.name}" cannot be read: ${messageOf(error).split('\n', 1)[0]}`);
  }
}

/** From here on the files of the tables are all that this DuckDB can open, and nothing can change that. */
async function closeTheDoors(connection: DuckDBConnection, tables: readonly QueryTable[]): Promise<void> {
  await connection.run(`SET TimeZone = 'UTC'`);
  await connection.run(`SET allowed_paths = ${listSql(tables.flatMap(filesOf))}`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

/**
 * Files that may be read may be written as well, as far as DuckDB is concerned (`COPY … (use_tmp_file false)`
 * overwrites an allowed path): so nothing but a SELECT, or the EXPLAIN of one, gets to run.
 */
async function select(connection: DuckDBConnection, sql: string): Promise<DuckDBResultReader> {
  const statement = await prepareOne(connection, sql);
  if (statement.statementType === StatementType.EXPLAIN) {
    const explain = /^\s*explain\s+(?:analyze\s+)?(?=\w)/i.exec(sql);
    if (explain === null) throw new Error('write EXPLAIN, or EXPLAIN ANALYZE, and then a SELECT');
    assertSelect(await prepareOne(connection, sql.slice(explain[0].length)));
  } else {
    assertSelect(statement);
  }
  return await statement.runAndReadAll();
}

async function prepareOne(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql);
  if (statements.count === 1) return await statements.prepare(0);
  throw new Error(
    `one SELECT at a time, got ${statements.count} statements (a PIVOT counts as two unless it names its values: ON … IN (…))`,
  );
}

function assertSelect({ statementType }: DuckDBPreparedStatement): void {
  if (statementType !== StatementType.SELECT) {
    throw new Error(
      'only SELECT runs here (WITH, FROM, DESCRIBE, SUMMARIZE and SHOW count as such): the tables are read-only',
    );
  }
}

/**
 * Interrupts what runs when the signal is aborted, again and again until told to stop: DuckDB forgets an
 * interrupt that comes while a query is queued but not begun.
 */
function interruptOn(signal: AbortSignal | undefined, connection: DuckDBConnection): () => void {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    timer = setTimeout(interrupt, INTERRUPT_AGAIN_MS);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  return () => {
    signal?.removeEventListener('abort', interrupt);
    clearTimeout(timer);
  };
}

function explained(
  message: string,
  tables: readonly QueryTable[],
  unread: ReadonlyMap<string, string>,
): string {
  const missing = /^Catalog Error: Table with name (.+) does not exist!/.exec(message)?.[1];
  if (missing === undefined) return message;
  const names = tables.map(({ name }) => name).join(', ');
  return unread.get(missing.toLowerCase()) ?? `${message}\nTables: ${names === '' ? 'none' : names}`;
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // All that the binding says when there is no statement in the text.
  if (text === 'Error in native callback') return 'the query is empty';
  return text.replace(/^Failed to extract statements: /, '');
}
