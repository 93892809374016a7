/** Records as the market's rules leave them: a month of one symbol is an archive, a staged table, a fill and bars. */
import { sha256 } from '../src/engine/hash.ts';
import type { JournalRecord, SuccessRecord } from '../src/engine/state/record.ts';

const FINISHED = '2025-08-22T23:59:00.000Z';
const MONTHS = 100;

/** Of four of them one is of each rule. No two digests are alike but those of code. */
export function* marketRecords(count: number): Generator<JournalRecord> {
  const rules = [archive, staged, fill, bars];
  for (let at = 0; at < count; at++) {
    const partition = Math.floor(at / rules.length);
    const symbol = `S${String(Math.floor(partition / MONTHS)).padStart(4, '0')}USDT`;
    const month = new Date(Date.UTC(2017, partition % MONTHS, 1)).toISOString().slice(0, 7);
    const rule = rules[at % rules.length];
    if (rule !== undefined) yield rule(symbol, month, at);
  }
}

type Facts = Pick<SuccessRecord, 'parts' | 'outputs'>;

function record(target: string, at: number, { parts, outputs }: Facts): SuccessRecord {
  return {
    kind: 'success',
    target,
    fingerprint: sha256(`fingerprint ${at}`),
    parts,
    outputs,
    discovered: [],
    finishedAt: FINISHED,
    seconds: (at % 400) / 1000,
  };
}

function archive(symbol: string, month: string, at: number): SuccessRecord {
  const path = `data/raw/binance/${symbol}/1m/${symbol}-1m-${month}.zip`;
  return record(`archive/${symbol}/${month}`, at, {
    parts: [
      ['task', 'task', 'binance/archive'],
      ['code', 'code', 'version 1'],
      ['param', 'symbol', symbol],
      ['param', 'file', spanOf(month)],
      ['param', 'params.file', `"${month}"`],
      ...common(symbol),
      ['output', 'zip', path],
      ['input', `entry data/raw/binance/${symbol}/1m/sources.json#/files/${month}`, sha256(`entry ${at}`)],
    ],
    outputs: [{ name: 'zip', path, digest: sha256(`zip ${at}`) }],
  });
}

function staged(symbol: string, month: string, at: number): SuccessRecord {
  const base = `data/cache/staged/spot/1m/${symbol}/${month}`;
  return record(`staged/${symbol}/${month}`, at, {
    parts: [
      ['task', 'task', 'bars/normalize'],
      ['code', 'code', sha256('normalize')],
      ['param', 'symbol', symbol],
      ['param', 'month', spanOf(month)],
      ['param', 'params.market', '"spot"'],
      ...common(symbol),
      ['input', 'zips partitions', sha256(`partitions ${at}`)],
      ['output', 'bars', `${base}.parquet`],
      ['output', 'gaps', `${base}.gaps.json`],
      ['input', `zips data/raw/binance/${symbol}/1m/${symbol}-1m-${month}.zip`, sha256(`zip ${at}`)],
      ['input', `plan data/raw/binance/${symbol}/1m/sources.json#/months/${month}`, sha256(`plan ${at}`)],
    ],
    outputs: [
      { name: 'bars', path: `${base}.parquet`, digest: sha256(`staged ${at}`) },
      { name: 'gaps', path: `${base}.gaps.json`, digest: sha256(`gaps ${at}`) },
    ],
  });
}

function fill(symbol: string, month: string, at: number): SuccessRecord {
  const path = `data/cache/fill/spot/1m/${symbol}/${month}.json`;
  return record(`fill/${symbol}/${month}`, at, {
    parts: [
      ['task', 'task', 'binance/fill'],
      ['code', 'code', 'version 2'],
      ['param', 'symbol', symbol],
      ['param', 'month', spanOf(month)],
      ['param', 'params.fill', '"rest"'],
      ...common(symbol),
      ['output', 'rows', path],
      ['input', `gaps data/cache/staged/spot/1m/${symbol}/${month}.gaps.json`, sha256(`gaps ${at}`)],
    ],
    outputs: [{ name: 'rows', path, digest: sha256(`rows ${at}`) }],
  });
}

function bars(symbol: string, month: string, at: number): SuccessRecord {
  const base = `data/processed/spot/bars_1m/symbol=${symbol}/month=${month}`;
  const stage = `data/cache/staged/spot/1m/${symbol}/${month}`;
  return record(`bars/${symbol}/${month}`, at, {
    parts: [
      ['task', 'task', 'bars/merge'],
      ['code', 'code', sha256('merge')],
      ['param', 'symbol', symbol],
      ['param', 'month', spanOf(month)],
      ['param', 'params.market', '"spot"'],
      ...common(symbol),
      ['output', 'bars', `${base}/bars.parquet`],
      ['output', 'summary', `${base}/summary.json`],
      ['input', `staged ${stage}.parquet`, sha256(`staged ${at}`)],
      ['input', `gaps ${stage}.gaps.json`, sha256(`gaps ${at}`)],
      ['input', `fill data/cache/fill/spot/1m/${symbol}/${month}.json`, sha256(`rows ${at}`)],
    ],
    outputs: [
      { name: 'bars', path: `${base}/bars.parquet`, digest: sha256(`bars ${at}`) },
      { name: 'summary', path: `${base}/summary.json`, digest: sha256(`summary ${at}`) },
    ],
  });
}

function common(symbol: string): SuccessRecord['parts'] {
  return [
    ['param', 'params.interval', '"1m"'],
    ['param', 'params.symbol', `"${symbol}"`],
  ];
}

function spanOf(month: string): string {
  return `${month} ${month}-01T00:00:00Z..${month}-28T00:00:00Z`;
}
