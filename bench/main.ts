/**
 * `npm run bench [-- PART…]`: ours beside its peers, in one run, turn by turn. Prints a table for people, or with --json
 * one object a result. What a part measures stands in its own file and in README.md.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REALDATA } from '../test/realdata.ts';
import { inventedMonth, realTables } from './bar-tables.ts';
import { benchCold } from './cold.ts';
import { benchDaily } from './daily.ts';
import { benchDownload } from './download.ts';
import { benchJournal } from './journal.ts';
import { benchKernel } from './kernel.ts';
import { seriesFor, seriesOf } from './month-files.ts';
import { benchNoop } from './noop.ts';
import type { Options, Part } from './options.ts';
import { readOptions } from './options.ts';
import { benchParquet } from './parquet.ts';
import { benchRest } from './rest.ts';
import type { Result } from './results.ts';
import { tableHead, tableLine } from './results.ts';
import { benchStaged } from './staged.ts';
import { benchWhole } from './whole.ts';

const project = dirname(dirname(fileURLToPath(import.meta.url)));

const read = readOptions(
  process.argv.slice(2),
  Math.floor(Math.random() * 2 ** 31) + 1,
  fileURLToPath(REALDATA),
);
if (read.ok) await run(read.options);
else {
  process.stderr.write(`${read.problem}\n`);
  process.exitCode = 2;
}

async function run(options: Options): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (!options.json) for (const line of tableHead()) print(line);
  for (const part of options.parts) {
    for await (const result of measure(part, options))
      print(options.json ? JSON.stringify(result) : tableLine(result));
  }
}

/** Results are told as they come: a long run that is cut short has measured something. */
async function* measure(part: Part, options: Options): AsyncIterable<Result> {
  const { repeats, sizes, seed, targets, symbols, histories } = options;
  const say = (line: string): void => void process.stderr.write(`${part}: ${line}\n`);
  switch (part) {
    case 'noop':
      say(`seed ${seed}`);
      yield* benchNoop({ project, repeats, sizes, seed, say });
      return;
    case 'cold':
      yield benchCold({ project, repeats, targets, say });
      return;
    case 'normalize': {
      const series = seriesOf(options.months ?? 12);
      yield await benchKernel(series, repeats);
      yield await benchStaged(project, series, repeats);
      return;
    }
    case 'parquet': {
      const real = await realTables(options.data);
      if (real.length === 0) say(`no files of minutes in ${options.data}, so only invented ones`);
      for (const table of [await inventedMonth(), ...real]) yield* await benchParquet(table, repeats);
      return;
    }
    case 'download':
      yield* await benchDownload(project, repeats);
      return;
    case 'rest':
      yield* await benchRest(project);
      return;
    case 'journal':
      yield* benchJournal(repeats);
      return;
    case 'daily':
      yield* benchDaily({ project, repeats, histories, say });
      return;
    case 'whole':
      yield await benchWhole(project, seriesFor(symbols, options.months ?? 24), repeats);
      return;
  }
}
