/** Everything that a measurement can come to, and how each is shown to people: one row of a table. */
import type { ColdResult } from './cold.ts';
import type { DailyResult } from './daily.ts';
import type { DownloadResult } from './download.ts';
import type { JournalResult } from './journal.ts';
import type { KernelResult } from './kernel.ts';
import type { NoopResult } from './noop.ts';
import type { ParquetResult } from './parquet.ts';
import type { RestResult } from './rest.ts';
import type { StagedResult } from './staged.ts';
import type { WholeResult } from './whole.ts';

export type Result =
  | NoopResult
  | ColdResult
  | KernelResult
  | StagedResult
  | ParquetResult
  | DownloadResult
  | RestResult
  | JournalResult
  | DailyResult
  | WholeResult;

interface Row {
  readonly part: string;
  readonly what: string;
  readonly ours: string;
  readonly beside: string;
  readonly ratio: string;
  readonly memory: string;
}

const WIDTHS: Readonly<Record<keyof Row, number>> = {
  part: 9,
  what: 50,
  ours: 33,
  beside: 38,
  ratio: 52,
  memory: 12,
};

/** Markdown, so that it can be put into a page as it is. */
export function tableHead(): readonly string[] {
  const names = {
    part: 'part',
    what: 'what',
    ours: 'ours',
    beside: 'beside',
    ratio: 'ratio',
    memory: 'peak memory',
  };
  const rule = Object.fromEntries(Object.entries(WIDTHS).map(([key, width]) => [key, '-'.repeat(width)]));
  return [lineOf(names), lineOf({ ...names, ...rule })];
}

export function tableLine(result: Result): string {
  return lineOf(rowOf(result));
}

function lineOf(row: Row): string {
  const { part, what, ours, beside, ratio, memory } = WIDTHS;
  return `| ${[
    row.part.padEnd(part),
    row.what.padEnd(what),
    row.ours.padEnd(ours),
    row.beside.padEnd(beside),
    row.ratio.padEnd(ratio),
    row.memory.padEnd(memory),
  ].join(' | ')} |`;
}

function rowOf(result: Result): Row {
  const row = { part: result.part, beside: '', ratio: '', memory: '' };
  switch (result.part) {
    case 'noop':
      return { ...row, ...noopRow(result) };
    case 'cold': {
      const { seconds } = result;
      return {
        ...row,
        what: `${count(result.targets)} targets, first build`,
        ours: s(seconds.build),
        beside: all([of('ninja with `true`', seconds.ninja)]),
        ratio: all([times(result.ratio_to_ninja, 'ninja')]),
        memory: mb(result.rss_mb),
      };
    }
    case 'normalize':
      return { ...row, ...normalizeRow(result) };
    case 'parquet': {
      const { of: rowsOf, rows, written, megabytes, seconds } = result;
      return {
        ...row,
        what: `${rowsOf}, ${count(rows)} rows: ${written}`,
        ours: `${megabytes.toFixed(3)} MB`,
        beside: `written in ${ms(seconds.write)}, read in ${ms(seconds.scan)}`,
        ratio: all([
          times(result.ratio_to_smallest, 'smallest'),
          `read in ${times(result.scan_ratio_to_default, "the default's time")}`,
        ]),
      };
    }
    case 'download': {
      const { server, files, megabytes, seconds, ratio_to_curl: ratio } = result;
      return {
        ...row,
        what: `${files} files, ${megabytes} MB, ${server}`,
        ours: s(seconds.ours),
        beside: all([of('curl', seconds.curl)]),
        ratio: ratio === null ? '' : `${ratio.toFixed(2)} of curl's speed`,
      };
    }
    case 'rest': {
      const { calls, seconds, refused, used_share: share } = result;
      const ratio = `${(share * 100).toFixed(1)} % of the allowed weight`;
      return { ...row, what: `${calls} calls, ${refused} refused`, ours: s(seconds), ratio };
    }
    case 'journal': {
      const { records, megabytes, seconds } = result;
      const ours = `loaded ${s(seconds.load)}, facts ${s(seconds.facts)}, parts ${s(seconds.parts)}`;
      return { ...row, what: `${count(records)} records, ${megabytes} MB`, ours };
    }
    case 'daily':
      return { ...row, ...dailyRow(result) };
    case 'whole': {
      const { symbols, months, megabytes, seconds, cpu_seconds: cpu } = result;
      return {
        ...row,
        what: `${symbols} symbols × ${months} months, ${megabytes} MB, first build`,
        ours: all([s(seconds), of('CPU', cpu.build)]),
        beside: all([of('CPU of the exchange', cpu.exchange)]),
        ratio: all([
          times(result.ratio_to_all_cpu, 'all CPU ÷ 2'),
          times(result.ratio_to_build_cpu, 'CPU of the build ÷ 2'),
        ]),
        memory: mb(result.rss_mb),
      };
    }
  }
}

function noopRow(result: NoopResult): Pick<Row, 'what' | 'ours'> & Partial<Row> {
  const what = `${result.graph}, ${count(result.targets)} targets: ${result.case}`;
  switch (result.case) {
    case 'nothing to do':
    case 'nothing to do, cold cache': {
      const { build, status, ninja, make } = result.seconds;
      return {
        what,
        ours: all([of('build', build), of('status', status)]),
        beside: all([of('ninja', ninja), of('make', make)]),
        ratio: all([
          times(result.ratio_to_ninja, 'ninja'),
          times(result.ratio_to_make, 'make'),
          times(result.status_ratio_to_ninja, 'ninja (status)'),
        ]),
        memory: mb(result.rss_mb['build']),
      };
    }
    case 'one changed': {
      const { build, ninja, make } = result.seconds;
      return {
        what,
        ours: all([of('build', build)]),
        beside: all([of('ninja', ninja), of('make', make)]),
        ratio: all([times(result.ratio_to_noop, 'nothing to do'), times(result.ratio_to_ninja, 'ninja')]),
      };
    }
    case 'size and time kept':
      return { what, ours: `seen: ${result.rebuilt.length} rebuilt`, beside: `seed ${result.seed}` };
  }
}

function dailyRow(result: DailyResult): Pick<Row, 'what' | 'ours'> & Partial<Row> {
  const { graph, symbols, years, targets, seconds, busy } = result;
  return {
    what: `${graph}, ${symbols} symbols × ${years} ${years === 1 ? 'year' : 'years'}, ${count(targets)} targets: one more day`,
    ours: all([of('update', seconds.update), of('reports', busy['reports'])]),
    beside: all([of('nothing to do', seconds.idle), of('status', seconds.status)]),
    ratio: all([
      times(result.ratio_to_shortest, 'the fewest years'),
      times(result.ratio_without_pass, 'the same without status'),
    ]),
    memory: mb(result.rss_mb),
  };
}

function normalizeRow(result: KernelResult | StagedResult): Pick<Row, 'what' | 'ours'> & Partial<Row> {
  switch (result.what) {
    case 'kernel': {
      const { floor, kernel, duckdb_csv: duckdb, duckdb_csv_plain: plain } = result.seconds;
      return {
        what: `one month, ${count(result.rows)} rows, in process`,
        ours: `${ms(kernel)}, CPU ${ms(result.cpu_seconds.kernel)}`,
        beside: `floor ${ms(floor)}, read_csv ${ms(duckdb)}, plain ${ms(plain)}`,
        ratio: all([
          `${times(result.ratio_to_inflate, 'floor')} (CPU ${result.cpu_ratio_to_inflate.toFixed(2)})`,
          `${times(result.ratio_to_polars_or_duckdb_csv, 'read_csv')} (CPU ${result.cpu_ratio_to_polars_or_duckdb_csv.toFixed(2)})`,
          times(result.ratio_to_duckdb_csv_plain, 'plain'),
        ]),
      };
    }
    case 'staged': {
      const { floor, one_worker: one, two_workers: two } = result.seconds;
      return {
        what: `staged, ${result.months} months, whole build`,
        ours: `1 worker ${s(one)}, 2 workers ${s(two)}`,
        beside: `floor ${s(floor)}`,
        ratio: all([
          times(result.ratio_to_inflate, 'floor'),
          `2 workers ${result.speedup_2_workers.toFixed(2)} × as fast`,
        ]),
        memory: mb(result.peak_rss_mb),
      };
    }
  }
}

function all(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(', ');
}

function of(name: string, seconds: number | null | undefined): string | undefined {
  return seconds === null || seconds === undefined ? undefined : `${name} ${s(seconds)}`;
}

function times(ratio: number | null, of: string): string | undefined {
  return ratio === null ? undefined : `${ratio.toFixed(2)} × ${of}`;
}

function mb(megabytes: number | null | undefined): string {
  return megabytes === null || megabytes === undefined ? '' : `${megabytes} MB`;
}

function s(seconds: number): string {
  return `${seconds.toFixed(seconds < 1 ? 3 : 2)} s`;
}

function ms(seconds: number): string {
  return `${(seconds * 1_000).toFixed(1)} ms`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
