/**
 * Values of a query's result as JSON: numbers where they lose nothing, else text. Times are UTC with a `Z`.
 * It runs no query.
 */
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
} from '@duckdb/node-api';
import type { Json } from '../src/engine/task.ts';

/**
 * BIGINT becomes a number where it is a safe one, else text; HUGEINT and DECIMAL are always text, so that a
 * column does not change its kind with its values; NaN and the infinities, which JSON lacks, are text. Maps
 * become lists of `{ key, value }`. Dates, times, intervals, UUIDs and blobs are spelt as DuckDB spells them.
 */
export function valueJson(value: DuckDBValue, type: DuckDBType): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return integerJson(value, type.typeId);
  if (value instanceof DuckDBTimestampValue) return instant(value.toString(), 6);
  // Spelt in the time zone of the machine by its own class: the count of microseconds is UTC.
  if (value instanceof DuckDBTimestampTZValue) {
    return instant(new DuckDBTimestampValue(value.micros).toString(), 6);
  }
  if (value instanceof DuckDBTimestampSecondsValue) return instant(value.toString(), 6);
  if (value instanceof DuckDBTimestampMillisecondsValue) return instant(value.toString(), 6);
  if (value instanceof DuckDBTimestampNanosecondsValue) return instant(value.toString(), 9);
  return nestedJson(value, type) ?? String(value);
}

/** Undefined where the value holds no others. */
function nestedJson(value: DuckDBValue, type: DuckDBType): Json | undefined {
  if (value instanceof DuckDBListValue && type instanceof DuckDBListType) {
    return value.items.map((item) => valueJson(item, type.valueType));
  }
  if (value instanceof DuckDBArrayValue && type instanceof DuckDBArrayType) {
    return value.items.map((item) => valueJson(item, type.valueType));
  }
  if (value instanceof DuckDBStructValue && type instanceof DuckDBStructType) {
    const members = type.entryNames.map((name, index): [string, Json] => {
      const entryType = type.entryTypes[index];
      return [name, entryType === undefined ? null : valueJson(value.entries[name] ?? null, entryType)];
    });
    return Object.fromEntries(members);
  }
  if (value instanceof DuckDBMapValue && type instanceof DuckDBMapType) {
    return value.entries.map((entry) => ({
      key: valueJson(entry.key, type.keyType),
      value: valueJson(entry.value, type.valueType),
    }));
  }
  if (value instanceof DuckDBUnionValue && type instanceof DuckDBUnionType) {
    return valueJson(value.value, type.memberTypeForTag(value.tag));
  }
  return undefined;
}

function integerJson(value: bigint, typeId: DuckDBTypeId): Json {
  const narrow = typeId === DuckDBTypeId.BIGINT || typeId === DuckDBTypeId.UBIGINT;
  const number = Number(value);
  return narrow && Number.isSafeInteger(number) ? number : value.toString();
}

const TIMESTAMP = /^(\d{4,}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d+))?$/;

/** `2024-01-01 00:00:00.5` as `2024-01-01T00:00:00.500000Z`; what is no such text (infinity, BC) stays as it is. */
function instant(text: string, digits: number): string {
  const match = TIMESTAMP.exec(text);
  if (match === null) return text;
  const [, date, time, decimals] = match;
  return `${date}T${time}${decimals === undefined ? '' : `.${decimals.padEnd(digits, '0')}`}Z`;
}
