/**
 * Why a month has no bar although it has files: the text by which it is absent, and what the reports read from it. An
 * absent month leaves nothing else. It knows neither rows nor plans.
 */
import type { SourceFile } from './documents.ts';

/** `no bar of 2024-02 in BTCUSDT-1m-2024-02.zip, which is empty`, `no bar of 2024-02 in 3 files, 2 of them empty`. */
export function noBarText(month: string, files: readonly Pick<SourceFile, 'name' | 'rows'>[]): string {
  const [file, ...more] = files;
  const empty = files.filter(({ rows }) => rows === 0).length;
  if (file !== undefined && more.length === 0)
    return `no bar of ${month} in ${file.name}${empty === 0 ? '' : ', which is empty'}`;
  return `no bar of ${month} in ${files.length} files${empty === 0 ? '' : `, ${empty} of them empty`}`;
}

/** Files without a row that such a text tells of; undefined where the reason is another one. */
export function emptyFilesIn(reason: string): number | undefined {
  const told = /\bno bar of \S+ in .+?(?:, (?:(which is)|(\d+) of them) empty)?$/.exec(reason);
  if (told === null) return undefined;
  return told[1] === undefined ? Number(told[2] ?? 0) : 1;
}
