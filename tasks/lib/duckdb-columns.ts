/**
 * Moves columns between typed arrays and DuckDB, a vector per memory copy. The setters of the API cost 13 ms a month and
 * its getters 40, so that this goes through the bindings beneath it. It knows no table of ours.
 */
import type { DuckDBConnection, DuckDBMaterializedResult, DuckDBType } from '@duckdb/node-api';

/** Values as they lie in a vector, and what SQL sees of them. Whoever needs no cast in SQL saves one pass over them. */
export type ColumnValues =
  /** DOUBLE */
  | Float64Array
  /** INTEGER */
  | Int32Array
  /** BIGINT */
  | BigInt64Array
  /** TIMESTAMP: microseconds of the epoch. */
  | { readonly micros: BigInt64Array }
  /** ENUM: indices into the names. */
  | { readonly names: readonly string[]; readonly codes: Uint8Array };

/** Columns of one length, by name, in the order that the table shall have. */
export type Columns = readonly (readonly [name: string, values: ColumnValues])[];

export type DoubleColumns = readonly (readonly [name: string, values: Float64Array])[];

export interface Api {
  readonly node: typeof import('@duckdb/node-api');
  readonly raw: typeof import('@duckdb/node-bindings');
}

const TABLE_FUNCTION = 'lent_columns';

interface LentColumn {
  readonly name: string;
  readonly type: DuckDBType;
  readonly memory: Float64Array | Int32Array | BigInt64Array | Uint8Array;
  /** That of `memory`, known to be shared with no other thread. */
  readonly buffer: ArrayBuffer;
}

/** What a scan of lent columns reads, and how far it is: objects that DuckDB keeps and hands back. */
class Lent {
  readonly columns: readonly LentColumn[];
  readonly rows: number;
  constructor(columns: readonly LentColumn[]) {
    this.columns = columns;
    this.rows = columns[0]?.memory.length ?? 0;
    // Memory is copied without further checks: a shorter column would be read beyond its end.
    for (const { name, memory } of columns) {
      if (memory.length !== this.rows) {
        throw new RangeError(
          `column "${name}" has ${memory.length} rows, expected ${this.rows} as in the first one`,
        );
      }
    }
  }
}

function lentColumn(node: Api['node'], name: string, values: ColumnValues): LentColumn {
  const of = (type: DuckDBType, memory: LentColumn['memory']): LentColumn => ({
    name,
    type,
    memory,
    buffer: unshared(memory),
  });
  if (values instanceof Float64Array) return of(node.DOUBLE, values);
  if (values instanceof Int32Array) return of(node.INTEGER, values);
  if (values instanceof BigInt64Array) return of(node.BIGINT, values);
  if ('micros' in values) return of(node.TIMESTAMP, values.micros);
  const { names, codes } = values;
  const wrong = firstBeyond(codes, names.length);
  if (wrong >= 0) throw new RangeError(`column "${name}" has no name for ${codes[wrong]} in row ${wrong}`);
  return of(node.ENUM([...names]), codes);
}

/** DuckDB takes a code for what it is: a name beyond the last one would be read from foreign memory. */
function firstBeyond(codes: Uint8Array, names: number): number {
  for (let row = 0; row < codes.length; row++) if ((codes[row] ?? names) >= names) return row;
  return -1;
}

class Cursor {
  next = 0;
}

/** Lends columns to SQL by a table function that all connections of an instance share. */
export class Lender {
  readonly #api: Api;
  #last = 0;
  readonly #lent = new Map<number, Lent>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** `from` is what to write after FROM, as long as `use` runs. The arrays are read meanwhile: leave them alone. */
  async lend<T>(columns: Columns, use: (from: string) => Promise<T>): Promise<T> {
    const id = ++this.#last;
    const { node } = this.#api;
    this.#lent.set(id, new Lent(columns.map(([name, values]) => lentColumn(node, name, values))));
    try {
      return await use(`${TABLE_FUNCTION}(${id})`);
    } finally {
      this.#lent.delete(id);
    }
  }

  register(connection: DuckDBConnection): void {
    const { node, raw } = this.#api;
    const vectorSize = raw.vector_size();
    const scan = node.DuckDBTableFunction.create({
      name: TABLE_FUNCTION,
      parameterTypes: [node.INTEGER],
      bindFunction: (bind) => {
        const lent = this.#lent.get(Number(bind.getParameter(0)));
        // A result without columns is an assertion failure inside DuckDB, error or not.
        const nothing = { name: 'nothing', type: node.DOUBLE };
        for (const { name, type } of lent?.columns ?? [nothing]) bind.addResultColumn(name, type);
        if (lent === undefined) return bind.setError('nothing is lent under that number');
        bind.setCardinality(lent.rows, true);
        bind.setBindData(lent);
      },
      initFunction: (init) => {
        init.setMaxThreads(1);
        init.setInitData(new Cursor());
      },
      mainFunction: ({ bindData: lent, initData: cursor }, chunk) => {
        if (!(lent instanceof Lent && cursor instanceof Cursor)) throw new Error('a scan without its state');
        const count = Math.min(vectorSize, lent.rows - cursor.next);
        chunk.rowCount = count;
        if (count === 0) return;
        for (const [index, { name, memory, buffer }] of lent.columns.entries()) {
          if (memory.length !== lent.rows)
            throw new Error(`column "${name}" was given away while it was lent`);
          const vector = raw.data_chunk_get_vector(chunk.chunk, index);
          const { byteOffset, BYTES_PER_ELEMENT: size } = memory;
          raw.copy_data_to_vector(vector, 0, buffer, byteOffset + cursor.next * size, count * size);
        }
        cursor.next += count;
      },
    });
    connection.registerTableFunction(scan);
  }
}

/** The whole of a result whose columns are all DOUBLE and never null. */
export function doublesOf(
  { node, raw }: Api,
  result: DuckDBMaterializedResult,
  sql: string,
): readonly Float64Array[] {
  const columns = result.columnNames().map((name, index) => {
    const type = result.columnType(index);
    if (type.typeId !== node.DuckDBTypeId.DOUBLE) {
      throw new TypeError(`column "${name}" is ${type}, expected DOUBLE: ${sql}`);
    }
    return new Float64Array(result.rowCount);
  });
  let start = 0;
  for (let index = 0; index < result.chunkCount; index++) {
    const { chunk, rowCount } = result.getChunk(index);
    for (const [at, column] of columns.entries()) {
      const vector = raw.data_chunk_get_vector(chunk, at);
      const invalid = firstNull(raw.vector_get_validity(vector, Math.ceil(rowCount / 64) * 8), rowCount);
      if (invalid >= 0) {
        throw new TypeError(`column "${result.columnName(at)}" is null in row ${start + invalid}: ${sql}`);
      }
      const bytes = raw.vector_get_data(vector, rowCount * Float64Array.BYTES_PER_ELEMENT);
      column.set(new Float64Array(bytes.buffer, bytes.byteOffset, rowCount), start);
    }
    start += rowCount;
  }
  return columns;
}

/** A bit a row, lowest first; no mask at all where nothing is null, which the types of the bindings do not say. */
function firstNull(mask: Uint8Array | null, rows: number): number {
  if (mask === null) return -1;
  for (let row = 0; row < rows; row++) if ((((mask[row >> 3] ?? 0) >> (row & 7)) & 1) === 0) return row;
  return -1;
}

function unshared({ buffer }: LentColumn['memory']): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  throw new TypeError('lent columns must not lie in shared memory');
}
