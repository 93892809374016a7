/**
 * Moves columns of doubles between typed arrays and DuckDB, a vector per memory copy. The setters of the API cost
 * 13 ms a month and its getters 40, so that this goes through the bindings beneath it. It knows no table of ours.
 */
import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';

/** Columns of one length, by name, in the order that the table shall have. */
export type DoubleColumns = readonly (readonly [name: string, values: Float64Array])[];

export interface Api {
  readonly node: typeof import('@duckdb/node-api');
  readonly raw: typeof import('@duckdb/node-bindings');
}

const TABLE_FUNCTION = 'lent_columns';

/** What a scan of lent columns reads, and how far it is: objects that DuckDB keeps and hands back. */
class Lent {
  readonly columns: DoubleColumns;
  readonly rows: number;
  constructor(columns: DoubleColumns) {
    this.columns = columns;
    this.rows = columns[0]?.[1].length ?? 0;
    // Memory is copied without further checks: a shorter column would be read beyond its end.
    for (const [name, values] of columns) {
      if (values.length !== this.rows) {
        throw new RangeError(
          `column "${name}" has ${values.length} rows, expected ${this.rows} as in the first one`,
        );
      }
    }
  }
}

class Cursor {
  next = 0;
}

/** Lends columns to SQL by a table function that all connections of an instance share. */
export class Lender {
  #last = 0;
  readonly #lent = new Map<number, Lent>();

  /** `from` is what to write after FROM, as long as `use` runs. The arrays are read meanwhile: leave them alone. */
  async lend<T>(columns: DoubleColumns, use: (from: string) => Promise<T>): Promise<T> {
    const id = ++this.#last;
    this.#lent.set(id, new Lent(columns));
    try {
      return await use(`${TABLE_FUNCTION}(${id})`);
    } finally {
      this.#lent.delete(id);
    }
  }

  register({ node, raw }: Api, connection: DuckDBConnection): void {
    const vectorSize = raw.vector_size();
    const scan = node.DuckDBTableFunction.create({
      name: TABLE_FUNCTION,
      parameterTypes: [node.INTEGER],
      bindFunction: (bind) => {
        const lent = this.#lent.get(Number(bind.getParameter(0)));
        // A result without columns is an assertion failure inside DuckDB, error or not.
        for (const [name] of lent?.columns ?? [['nothing']]) bind.addResultColumn(name, node.DOUBLE);
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
        for (const [index, [, values]] of lent.columns.entries()) {
          const vector = raw.data_chunk_get_vector(chunk.chunk, index);
          const part = values.subarray(cursor.next, cursor.next + count);
          raw.copy_data_to_vector(vector, 0, unshared(part), part.byteOffset, part.byteLength);
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

function unshared({ buffer }: Float64Array): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  throw new TypeError('lent columns must not lie in shared memory');
}
