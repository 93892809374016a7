/**
 * From the gaps of a month to all that REST says of them: what is stored counts, what is missing is asked for,
 * what was empty long ago is asked for again. It opens no socket and no file itself.
 */
import type { TaskFailure } from '../../../src/engine/task.ts';
import { isoSeconds } from '../../bars/grid.ts';
import type { FillDocument, Unanswered } from '../../bars/rest-rows.ts';
import type { Range } from '../../lib/ranges.ts';
import { countInAll, joined, without } from '../../lib/ranges.ts';
import type { Series } from '../layout.ts';
import type { Answers } from './answers.ts';
import { askFor } from './ask.ts';
import { closedPart, isDue, questions, settledIn } from './asking.ts';
import type { RestClient } from './client.ts';
import type { Knowledge } from './knowledge.ts';
import { empties, knowledgeOf, rowsIn, unasked } from './knowledge.ts';

const DAY = 86_400_000;
/** The code of bars that are open, or closed so lately that no row of them proves nothing yet. */
const TOO_RECENT = 'too-recent';

export interface Filling {
  /** Those of the gaps have been consulted. */
  readonly answers: Answers;
  /** Undefined: nothing may be asked. */
  readonly client: Pick<RestClient, 'serverNow' | 'klines'> | undefined;
  readonly series: Series;
  readonly step: number;
  readonly gaps: readonly Range[];
  /** After so long bars that were empty are asked for again. */
  readonly recheck: number;
  log(line: string): void;
  progress(done: number, total: number): void;
}

export interface Filled {
  readonly document: FillDocument;
  /** What kept bars from being asked for. */
  readonly failure: TaskFailure | undefined;
  /** Until something may be different; undefined where every bar has its row. */
  readonly recheckAfter: number | undefined;
}

export async function fillGaps(filling: Filling): Promise<Filled> {
  const { answers, gaps, step } = filling;
  const asked = await ask(filling, knowledgeOf(answers.answers, step));
  const known = knowledgeOf(answers.answers, step);
  const bare = empties(gaps, known, step);
  const unanswered = codesOf(unasked(gaps, known, step), asked, step);
  const document = {
    rows: rowsIn(gaps, known, step),
    empty: joined(
      bare.filter(({ unknownSymbol }) => !unknownSymbol),
      step,
    ),
    unknownSymbol: joined(
      bare.filter(({ unknownSymbol }) => unknownSymbol),
      step,
    ),
    unanswered,
  };
  return { document, failure: asked.failure, recheckAfter: recheckAfter(filling, bare, unanswered, asked) };
}

interface Asked {
  readonly failure: TaskFailure | undefined;
  /** The exchange's time, where it was needed. */
  readonly serverNow: number | undefined;
}

async function ask(filling: Filling, known: Knowledge): Promise<Asked> {
  const { client, gaps, step, recheck, log } = filling;
  const missing = unasked(gaps, known, step);
  const due = empties(gaps, known, step).filter((bars) => isDue(bars, recheck, Date.now()));
  const done: Asked = { failure: undefined, serverNow: undefined };
  if (missing.length === 0 && due.length === 0) return done;
  if (client === undefined) {
    if (missing.length > 0) return { ...done, failure: offline(filling, missing) };
    log(`${countInAll(due, step)} bars that REST did not have are due to be asked for again: not offline`);
    return done;
  }

  let time = await client.serverNow();
  // Before bars are taken for open the exchange is asked what time it is now.
  if (time.ok && countInAll(closedPart(missing, time.value, step), step) < countInAll(missing, step)) {
    time = await client.serverNow(true);
  }
  const first = questions(time.ok ? closedPart(missing, time.value, step) : [], step);
  const again = questions(due, step);
  const total = countInAll(first, step) + countInAll(again, step);
  let bars = 0;
  const onBars = (count: number): void => {
    bars += count;
    filling.progress(bars, total);
  };
  const asking = { ...filling, client, onBars };
  const failure = time.ok ? await askFor(asking, first) : time.failure;
  if (failure === undefined) {
    const trouble = await askFor(asking, again);
    if (trouble !== undefined) log(`what REST did not have could not be asked for again: ${trouble.message}`);
  } else if (missing.length === 0) {
    log(`what REST did not have could not be asked for again: ${failure.message}`);
  }
  return {
    failure: missing.length === 0 ? undefined : failure,
    serverNow: time.ok ? time.value : undefined,
  };
}

function offline({ series, step }: Filling, missing: readonly Range[]): TaskFailure {
  const { symbol, interval } = series;
  const [first, last] = [missing[0]?.first ?? 0, missing.at(-1)?.last ?? 0];
  return {
    code: 'offline',
    message: `${countInAll(missing, step)} bars of ${symbol} at ${interval} from ${isoSeconds(first)} to ${isoSeconds(last)} are in no file and no stored answer, and --offline forbids to ask for them`,
    hint: 'build once without --offline, or leave gaps as they are with binance.fill: none',
  };
}

/** Without a failure, bars without an answer are too young for one; with one, those that are still open are. */
function codesOf(
  ranges: readonly Range[],
  { failure, serverNow }: Asked,
  step: number,
): readonly Unanswered[] {
  const coded = (some: readonly Range[], code: string) => some.map((range) => ({ ...range, code }));
  if (failure === undefined) return coded(ranges, TOO_RECENT);
  if (serverNow === undefined) return coded(ranges, failure.code);
  const closed = closedPart(ranges, serverNow, step);
  return [...coded(closed, failure.code), ...coded(without(ranges, closed, step), TOO_RECENT)];
}

function recheckAfter(
  { recheck, step }: Filling,
  bare: readonly { readonly askedAt: number }[],
  unanswered: readonly Unanswered[],
  { serverNow }: Asked,
): number | undefined {
  const now = Date.now();
  const waits = bare.map((bars) =>
    // Due already: it could not be asked for.
    isDue(bars, recheck, now) ? DAY : bars.askedAt + recheck - now,
  );
  for (const range of unanswered) {
    if (range.code === TOO_RECENT && serverNow !== undefined) waits.push(settledIn(range, serverNow, step));
  }
  return waits.length === 0 ? undefined : Math.max(1_000, Math.min(...waits));
}
