/**
 * The one owner of the DuckDB instance: in memory, one thread, offline, loaded on first use. It hands out a
 * connection for the length of one piece of work, and bounds how many queries run at once. It knows no table of
 * ours.
 */
import type {
  DuckDBConnection,
  DuckDBInstance,
  DuckDBMaterializedResult,
  DuckDBValue,
} from '@duckdb/node-api';
import type { Api, Columns } from './duckdb-columns.ts';
import { doublesOf, Lender } from './duckdb-columns.ts';

/** What SQL parameters may be, `$1` being the first. */
export type SqlValue = string | number | bigint | boolean | null;

export interface Session {
  /** Runs one statement for its effect. */
  run(sql: string, values?: readonly SqlValue[]): Promise<void>;
  /** All rows of one query; BIGINT and COUNT come as bigint. */
  rows(sql: string, values?: readonly SqlValue[]): Promise<readonly (readonly DuckDBValue[])[]>;
  /** All rows of a query whose columns are all DOUBLE and never null, column by column. */
  doubles(sql: string, values?: readonly SqlValue[]): Promise<readonly Float64Array[]>;
  /** Lends columns to SQL as long as `use` runs: `from` is what to write after FROM. Leave the arrays alone meanwhile. */
  lend<T>(columns: Columns, use: (from: string) => Promise<T>): Promise<T>;
}

/**
 * A query holds a libuv thread until it ends (found by trying), and the default pool has 4: half of them
 * remain for files and name look-ups.
 */
const MOST_QUERIES = 2;

const INTERRUPT_EVERY_MS = 20;

interface Engine {
  readonly api: Api;
  readonly instance: DuckDBInstance;
  readonly lender: Lender;
}

let engine: Promise<Engine> | undefined;
let running = 0;
const waiting: (() => void)[] = [];

/**
 * Gives `work` a connection of its own and closes it afterwards. When `signal` fires the running query is
 * interrupted, its end awaited, and the connection closed: closing during a query hangs (found by trying).
 */
export async function withDuckDB<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  engine ??= start();
  const { api, instance, lender } = await engine;
  const connection = await instance.connect();
  const query = <R>(
    sql: string,
    values: readonly SqlValue[],
    read: (result: DuckDBMaterializedResult) => Promise<R> | R,
  ): Promise<R> =>
    inTurn(async () => {
      const settled = interruptOn(signal, connection);
      try {
        // A statement without values is neither prepared nor planned twice.
        return await read(
          await (values.length === 0 ? connection.run(sql) : connection.run(sql, [...values])),
        );
      } catch (cause) {
        signal.throwIfAborted();
        throw systemError(cause) ?? cause;
      } finally {
        settled();
      }
    });
  try {
    return await work({
      run: (sql, values = []) => query(sql, values, () => undefined),
      rows: (sql, values = []) => query(sql, values, (result) => result.getRows()),
      doubles: (sql, values = []) => query(sql, values, (result) => doublesOf(api, result, sql)),
      lend: (columns, use) => lender.lend(columns, use),
    });
  } finally {
    connection.closeSync();
  }
}

/** As the C library words them. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  'No space left on device': 'ENOSPC',
  'Disk quota exceeded': 'EDQUOT',
  'Read-only file system': 'EROFS',
  'Permission denied': 'EACCES',
  'File too large': 'EFBIG',
  'Input/output error': 'EIO',
};

/** DuckDB tells trouble with a file in words alone. */
class FileTrouble extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause: Error) {
    super(message, { cause });
    this.code = code;
  }
}

/** The same trouble with a code, as calls of `fs` have it; undefined where it is of another kind. */
function systemError(thrown: unknown): Error | undefined {
  const told = thrown instanceof Error ? /^IO Error: .* file "(.*)": ([^:]*)$/s.exec(thrown.message) : null;
  const [, path = '', words = ''] = told ?? [];
  const code = SYSTEM_ERRORS[words];
  if (code === undefined || !(thrown instanceof Error)) return undefined;
  return new FileTrouble(code, `${code}: ${words.toLowerCase()}, '${path}'`, thrown);
}

async function start(): Promise<Engine> {
  // By their defaults: what they are to Node, as to a bundler, which joins packages in CommonJS as that alone.
  const { default: node } = await import('@duckdb/node-api');
  const { default: raw } = await import('@duckdb/node-bindings');
  const instance = await node.DuckDBInstance.create(':memory:', {
    // One month gains nothing from a second thread (measured); several months run side by side instead.
    threads: '1',
    // Nothing may be fetched: what is bundled (core functions, ICU, JSON, Parquet) suffices.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const api = { node, raw };
  const lender = new Lender(api);
  const connection = await instance.connect();
  lender.register(connection);
  connection.closeSync();
  return { api, instance, lender };
}

/** Repeats the interrupt until the query has ended: one that meets it between two phases would miss it. */
function interruptOn(signal: AbortSignal, connection: DuckDBConnection): () => void {
  signal.throwIfAborted();
  let again: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    again ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
  };
  signal.addEventListener('abort', interrupt, { once: true });
  return () => {
    signal.removeEventListener('abort', interrupt);
    clearInterval(again);
  };
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running < MOST_QUERIES) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    // The place goes from hand to hand, so that nobody slips in between.
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
