/** Files that users have, and what may stand in them: texts that say how a task is to end, and lists of keys. */
import { LANES, SYMBOLS } from './world.ts';

const TEXTS = [
  ...['1\n', '2\n', '3\n', '1 more\n', '2 more\n', '1\n'],
  ...['!FAIL\n', '!ABSENT1\n', '!ABSENT2\n', '!PART\n'],
] as const;
const JSONS = [
  '{"n":{"a":1,"b":2},"m":1}',
  '{"m":2,"n":{"a":1,"b":2}}',
  '{"n":{"b":2,"a":1},"m":1}',
  '{"n":{"a":1,"b":2},"m":1}\n',
  '{"n":"!FAIL"}',
  '{"n":"!ABSENT1"}',
  '{"m":1}',
  '{"n":',
] as const;
const UNIVERSES = [
  ...['["a","b"]', '["b","a"]', '["a"]', '["a","b","c"]', '["c","a"]', '["a", "b"]'],
  ...['[]', '["a","!FAIL"]', '"no list"', 'no JSON'],
] as const;
const LISTINGS = [
  '{"files":{"2024-01":1,"b":2},"note":1}',
  '{"files":{"2024-01":1,"b":2},"note":2}',
  '{"files":{"b":2,"2024-01":1},"note":1}',
  '{"files":{"2024-01":2,"2023-12":1,"2024-02-01":1},"note":1}',
  '{"note":1,"files":["b","2024-01-31","2024-01"]}',
  '{"files":{"2024-01":2},"note":1}',
  '{"files":{}}',
  '{"files":7}',
  '{"files":{"b":1,"a/b":1}}',
  '!FAIL',
  '!ABSENT1',
] as const;

export interface SourceFile {
  readonly path: string;
  readonly texts: readonly string[];
  /** Which text stands there at first; undefined: no file. */
  readonly first: number | undefined;
}

const text = (path: string, first?: number): SourceFile => ({ path, texts: TEXTS, first });

export const SOURCES: readonly SourceFile[] = [
  text('src/s0.txt', 0),
  text('src/s1.txt', 0),
  text('src/s2.txt', 1),
  { path: 'src/data.json', texts: JSONS, first: 0 },
  { path: 'src/u.json', texts: UNIVERSES, first: 0 },
  ...SYMBOLS.map((key): SourceFile => ({ path: `src/${key}.json`, texts: LISTINGS, first: 0 })),
  ...SYMBOLS.map((key) => text(`src/sym-${key}.txt`, 0)),
  ...LANES.map((key) => text(`src/lane-${key}.txt`, 1)),
  ...['2023-12', '2024-01', '2024-02'].map((key) => text(`src/month-${key}.txt`, 0)),
  ...['2024-01-30', '2024-01-31', '2024-02-01', '2024-02-02'].map((key) => text(`src/day-${key}.txt`, 0)),
  ...['2024-01', 'b', '2023-12', '2024-02-01', '2024-01-31'].map((key) => text(`src/file-${key}.txt`, 0)),
  text('src/g/1.txt', 0),
  text('src/g/2.txt'),
  text('extra/e.txt'),
];
