/** A profile for people: tables that fit the width, one for each question. Knows not how it was reckoned. */
import { formatBytes, formatCount, formatRate } from './amounts.ts';
import type { Profile } from './profile.ts';
import type { Column, TableOptions } from './table.ts';
import { formatTable } from './table.ts';

const SHOWN = 20;

/** Lines that each end with a line end. */
export function formatProfile(profile: Profile, options: TableOptions): string {
  const tables = [phasesTable(profile, options)];
  if (profile.slowest.length > 0) {
    tables.push(
      criticalTable(profile, options),
      poolsTable(profile, options),
      slowestTable(profile, options),
      rulesTable(profile, options),
    );
  }
  return tables.join('\n');
}

function phasesTable({ phases, seconds }: Profile, options: TableOptions): string {
  const rows = [...phases, { phase: 'the build', seconds }];
  const columns = columnsOf('where the time went', 'seconds', 'share');
  const amounts = inOneUnit(rows.map((row) => row.seconds));
  return formatTable(
    columns,
    rows.map((row, at) => [row.phase, amounts[at] ?? '', share(row.seconds, seconds)]),
    options,
  );
}

/** Of a long one the steps that took longest, in order. */
function criticalTable({ critical, seconds }: Profile, options: TableOptions): string {
  const { targets } = critical;
  const longest = new Set(
    [...targets].sort((a, b) => b.waited + b.seconds - a.waited - a.seconds).slice(0, SHOWN),
  );
  const shown = targets.filter((target) => longest.has(target));
  const total = { target: 'all of it', outcome: '', waited: critical.waited, seconds: critical.seconds };
  const rows = [...shown, total];
  const waited = inOneUnit(rows.map((row) => row.waited));
  const ran = inOneUnit(rows.map((row) => row.seconds));
  const table = formatTable(
    [...columnsOf('critical path', 'waited', 'ran', 'share'), { title: 'outcome', align: 'left' }],
    rows.map((row, at) => [
      row.target,
      waited[at] ?? '',
      ran[at] ?? '',
      share(row.waited + row.seconds, seconds),
      row.outcome,
    ]),
    options,
  );
  const left = targets.length - shown.length;
  return left === 0 ? table : `${table}… with ${formatCount(left)} more between them, none of them longer\n`;
}

function poolsTable({ pools }: Profile, options: TableOptions): string {
  const busy = inOneUnit(pools.map((pool) => pool.busy));
  return formatTable(
    columnsOf('pool', 'limit', 'peak', 'busy', 'used'),
    pools.map(({ pool, limit, peak, utilisation }, at) => [
      pool,
      formatCount(limit),
      formatCount(peak),
      busy[at] ?? '',
      share(utilisation, 1),
    ]),
    options,
  );
}

function slowestTable({ slowest }: Profile, options: TableOptions): string {
  const queued = inOneUnit(slowest.map((target) => target.queued));
  const ran = inOneUnit(slowest.map((target) => target.seconds));
  return formatTable(
    [...columnsOf('slowest targets', 'queued', 'ran'), { title: 'outcome', align: 'left' }],
    slowest.map(({ target, outcome }, at) => [target, queued[at] ?? '', ran[at] ?? '', outcome]),
    options,
  );
}

function rulesTable({ rules }: Profile, options: TableOptions): string {
  const seconds = inOneUnit(rules.map((rule) => rule.seconds));
  const medians = inOneUnit(rules.map((rule) => rule.median));
  const downloads = rules.some(({ bytes }) => bytes !== undefined);
  const loads = (bytes: number | undefined, rate: number | undefined): readonly string[] =>
    downloads
      ? [bytes === undefined ? '' : formatBytes(bytes), rate === undefined ? '' : formatRate(rate)]
      : [];
  return formatTable(
    columnsOf('rule', 'runs', 'seconds', 'median', ...(downloads ? ['downloaded', 'speed'] : [])),
    rules.map(({ rule, runs, bytes, bytesPerSecond }, at) => [
      rule,
      formatCount(runs),
      seconds[at] ?? '',
      medians[at] ?? '',
      ...loads(bytes, bytesPerSecond),
    ]),
    options,
  );
}

function columnsOf(name: string, ...amounts: readonly string[]): readonly Column[] {
  return [{ title: name, align: 'left' }, ...amounts.map((title): Column => ({ title, align: 'right' }))];
}

/** Amounts of a column with as many decimals as its largest has room for, so that they can be compared at a glance. */
function inOneUnit(seconds: readonly number[]): readonly string[] {
  const most = Math.max(0, ...seconds);
  const decimals = most >= 1000 ? 0 : most >= 100 ? 1 : most >= 10 ? 2 : 3;
  return seconds.map((each) => each.toFixed(decimals));
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : `${Math.round((part / whole) * 100)}%`;
}
