/** The journal at scale: opening one of 100,000 records as the market's rules leave them, and reading them. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, loadJournal } from '../src/engine/state/journal.ts';
import { marketRecords } from './market-records.ts';
import { median } from './median.ts';

export interface JournalResult {
  readonly part: 'journal';
  readonly records: number;
  readonly megabytes: number;
  /** Each from the start: opened, with the facts of each record, with its parts too. */
  readonly seconds: { readonly load: number; readonly facts: number; readonly parts: number };
}

const RECORDS = [20_000, 100_000];

export function* benchJournal(repeats: number): Iterable<JournalResult> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pipeline-bench-'));
  try {
    for (const records of RECORDS) yield measureLoad(folder, records, repeats);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureLoad(folder: string, records: number, repeats: number): JournalResult {
  const path = join(folder, `journal-${records}`);
  const journal = new Journal(path, `${path}.new`);
  for (const record of marketRecords(records)) journal.append(record, false);
  journal.close();
  const turns = Array.from({ length: repeats }, () => {
    const started = performance.now();
    const elapsed = (): number => (performance.now() - started) / 1_000;
    const { successes } = loadJournal(path);
    const load = elapsed();
    let seen = 0;
    for (const { outputs } of successes.values()) seen += outputs.length;
    const facts = elapsed();
    for (const { parts } of successes.values()) seen += parts.length;
    if (successes.size !== records || seen < records)
      throw new Error(`of ${records} records some are missing`);
    return { load, facts, parts: elapsed() };
  });
  return {
    part: 'journal',
    records,
    megabytes: Math.round(statSync(path).size / 1e6),
    seconds: {
      load: median(turns.map(({ load }) => load)),
      facts: median(turns.map(({ facts }) => facts)),
      parts: median(turns.map(({ parts }) => parts)),
    },
  };
}
