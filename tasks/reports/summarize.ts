/**
 * summary.json of a run, from what was reckoned and how gates have judged it. Pure: the same sources give the same
 * document. It reads and writes no file.
 */
import type { Json } from '../../src/engine/task.ts';
import { canonicalJson, sha256 } from '../../src/engine/task.ts';
import { isoSeconds } from '../bars/grid.ts';
import { factsOf } from '../quality/checks.ts';
import type { GateResult, Judgement } from '../quality/judge.ts';
import { verdictSentence, where } from '../quality/words.ts';
import { monthStatus, symbolStatus } from './coverage-rows.ts';
import type { GateSummary, SummaryDocument, SymbolSummary } from './document.ts';
import type { Figures, MonthFigures, SymbolFigures } from './reckon.ts';
import { CAUSES } from './rows.ts';
import { countOf, minutesOf } from './runs.ts';
import type { Tally } from './tally.ts';
import { coveragesOf } from './tally.ts';

/** Of the columns of the bars (docs/DATASET.md), not of the summaries. */
const SCHEMA_VERSION = 1;

export interface About {
  readonly market: string;
  readonly interval: string;
  /** The last minute that counts, as it is told. */
  readonly asOf: string;
  readonly haltsVersion: number | null;
}

export function summarize(figures: Figures, judgement: Judgement, about: About): SummaryDocument {
  const { symbols, whole, step } = figures;
  const { results } = judgement;
  const summaries = symbols.map((each) => symbolSummary(each, judgement, step));
  return {
    version: 1,
    market: about.market,
    interval: about.interval,
    as_of: about.asOf,
    verdict: { level: judgement.levelOf(), sentence: verdictSentence(judgement) },
    totals: {
      symbols: symbols.length,
      months: symbols.reduce((sum, { months }) => sum + months.length, 0),
      ...extentOf(whole),
      gaps: whole.gaps.length,
      longest_gap_minutes: minutesOf(whole.longest, step),
      duplicates: whole.duplicates,
      off_grid: whole.offGrid,
      zero_trade: whole.zeroTrade,
      rule_breaks: whole.ruleBreaks,
      missing_by_cause: missingByCause(whole, step),
      rows_by_source: whole.sources,
    },
    gates: results.map(gateSummary),
    symbols: summaries,
    provenance: {
      schema_version: SCHEMA_VERSION,
      halts_version: about.haltsVersion,
      gates_digest: digestOf(results.map(({ gate }) => ({ ...gate, except: [...gate.except] }))),
      sources_digest: digestOf(summaries.map(({ symbol, files }) => [symbol, files.digest])),
    },
  };
}

function symbolSummary(figures: SymbolFigures, judgement: Judgement, step: number): SymbolSummary {
  const { symbol, months, all, lag } = figures;
  return {
    symbol,
    status: symbolStatus(figures, judgement),
    level: judgement.levelOf(symbol),
    first_ts: all.first === null ? null : isoSeconds(all.first),
    last_ts: all.last === null ? null : isoSeconds(all.last),
    lag_minutes: lag === null ? null : minutesOf(lag / step, step),
    ...extentOf(all),
    gaps: all.gaps.length,
    longest_gap_minutes: minutesOf(all.longest, step),
    provisional: all.provisional,
    files: filesOf(months),
    months: months.map((each) => {
      const { coverage_raw, coverage_adjusted, missing, excused } = extentOf(each.tally);
      return {
        month: each.month.month,
        status: monthStatus(symbol, each, judgement),
        level: judgement.levelOf(symbol, each.month.month),
        coverage_raw,
        coverage_adjusted,
        missing,
        excused,
      };
    }),
  };
}

function extentOf(tally: Tally) {
  const { expected, missing, excused } = tally;
  return { expected, present: expected - missing, missing, excused, ...coveragesOf(tally) };
}

function missingByCause({ gaps }: Tally, step: number): SummaryDocument['totals']['missing_by_cause'] {
  const bars = new Map(CAUSES.map((cause) => [cause, 0]));
  for (const gap of gaps) bars.set(gap.cause, (bars.get(gap.cause) ?? 0) + countOf(gap, step));
  const of = (cause: (typeof CAUSES)[number]): number => bars.get(cause) ?? 0;
  return {
    'pre-listing': of('pre-listing'),
    delisted: of('delisted'),
    halt: of('halt'),
    quarantined: of('quarantined'),
    'not-published': of('not-published'),
    'archive-defect': of('archive-defect'),
    'confirmed-empty': of('confirmed-empty'),
    unknown: of('unknown'),
  };
}

function filesOf(months: readonly MonthFigures[]): SymbolSummary['files'] {
  const files = months.flatMap(({ month }) => (month.kind === 'present' ? month.summary.files : []));
  return { count: files.length, digest: digestOf(files.map(({ name, sha256 }) => [name, sha256])) };
}

function gateSummary(result: GateResult): GateSummary {
  const { gate, units, worst, broken, excepted } = result;
  const { check, level, scope, threshold } = gate;
  return {
    check,
    level,
    scope,
    threshold,
    unit: factsOf(check).unit,
    units,
    broken: broken.length,
    excepted: excepted.length,
    worst,
    where: [...where(result)],
  };
}

function digestOf(value: Json): string {
  return sha256(canonicalJson(value));
}
