/** What there is to tell of the dataset and of a build, as far as it concerns the symbols that somebody asks for. Pure. */
import type { SummaryDocument, Verdict } from '../../reports/document.ts';
import { VERDICTS } from '../../reports/document.ts';
import { isExcused } from '../../reports/gaps.ts';
import type { GapRow } from '../../reports/rows.ts';
import type { Run } from '../run.ts';

/** What the last reports left; undefined where there are none. */
export interface Reported {
  readonly document: SummaryDocument;
  readonly gaps: readonly GapRow[];
  /** The folder of the reports, relative to the workspace. */
  readonly folder: string;
}

export interface Failed {
  readonly target: string;
  readonly code: string;
}

export interface Facts {
  /** Undefined where there are no reports. */
  readonly level: Verdict | undefined;
  /** Those that nothing excuses; undefined where there are no reports. */
  readonly gaps: readonly GapRow[] | undefined;
  readonly failed: readonly Failed[];
  readonly reported: Reported | undefined;
}

export function factsFor(
  symbols: readonly string[] | undefined,
  reported: Reported | undefined,
  failures: Run['failures'],
): Facts {
  const wanted = symbols === undefined ? undefined : new Set(symbols);
  const failed = failures
    .filter(({ target }) => wanted === undefined || target.split('/').some((key) => wanted.has(key)))
    .map(({ target, code }) => ({ target, code }));
  if (reported === undefined) return { level: undefined, gaps: undefined, failed, reported };
  const { document, gaps } = reported;
  return {
    level: wanted === undefined ? document.verdict.level : worstOf(document, wanted),
    gaps: gaps.filter((gap) => !isExcused(gap) && (wanted === undefined || wanted.has(gap.symbol))),
    failed,
    reported,
  };
}

/** Of some symbols: what concerns the dataset as a whole is none of theirs. */
function worstOf({ symbols }: SummaryDocument, wanted: ReadonlySet<string>): Verdict {
  const ranks = symbols.flatMap(({ symbol, level }) => (wanted.has(symbol) ? [VERDICTS.indexOf(level)] : []));
  return VERDICTS[Math.max(0, ...ranks)] ?? 'ok';
}
