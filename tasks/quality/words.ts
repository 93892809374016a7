/**
 * What is said of gates that are broken: the alerts that a build tells, and the sentence that sums a run up. Numbers
 * are spelt alike in every locale. It judges nothing.
 */
import type { Alert } from '../../src/engine/task.ts';
import type { Level, Scope, Unit } from './checks.ts';
import { boundOf, factsOf } from './checks.ts';
import type { GateResult, Judgement } from './judge.ts';
import { unitName } from './judge.ts';

/** Units that are named; the others are counted. */
export const NAMED = 5;

/** One for each broken gate at level warning or critical, the critical ones first. */
export function alertsOf({ results }: Judgement): readonly Alert[] {
  return (['critical', 'warning'] as const).flatMap((level) =>
    brokenAt(results, level).map((result): Alert => {
      return { level, code: result.gate.check, message: brokenText(result) };
    }),
  );
}

/** The first units that are broken, as `except` would name them. */
export function where({ broken }: GateResult): readonly string[] {
  return broken.slice(0, NAMED).map(unitName);
}

/**
 * `less than 0.95 in 2 of 24 months, 0.912345 at worst: BTCUSDT/2018-02, ETHUSDT/2018-02`. Where nothing is allowed, the
 * limit goes without saying, and so does the number where units are what is counted: `in 1 of 24 months: BTCUSDT/2018-02`.
 */
export function brokenText(result: GateResult): string {
  const { gate, units, broken } = result;
  const { check, scope, threshold, limit } = gate;
  const { unit } = factsOf(check);
  const bound = boundOf(check) === 'min' ? 'less than' : 'more than';
  const limited = limit === 0 ? 'in' : `${bound} ${amount(threshold, unit)} in`;
  const worse = boundOf(check) === 'min' ? Math.min : Math.max;
  const worst = broken.map(({ value }) => value).reduce((so, value) => worse(so, value));
  if (scope === 'dataset') return `${limited} the whole dataset: ${amount(worst, unit)}`;
  const more = broken.length - NAMED;
  const names = `${where(result).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const most = broken.length === 1 ? '' : ' at worst';
  const value = unit === `${scope}s` ? '' : `, ${amount(worst, unit)}${most}`;
  return `${limited} ${broken.length} of ${plural(units, scope)}${value}: ${names}`;
}

/** What a run of the reports comes to. */
export function verdictSentence({ results, levelOf }: Judgement): string {
  const level = levelOf();
  const gates = `${results.length} ${results.length === 1 ? 'gate' : 'gates'}`;
  if (results.length === 0) return 'No gate is declared.';
  if (level === 'ok') return results.length === 1 ? 'The one gate holds.' : `All ${gates} hold.`;
  const at = brokenAt(results, level);
  const first = at[0];
  if (first === undefined) throw new Error(`no gate is broken at level ${level}`);
  const others = at.length - 1;
  const rest = others === 0 ? '' : ` And ${others} more at this level.`;
  const many = `${at.length} of ${gates} ${at.length === 1 ? 'is' : 'are'} broken at level ${level}`;
  return `${many}: ${first.gate.check}, ${brokenText(first)}.${rest}`;
}

function brokenAt(results: readonly GateResult[], level: Level): readonly GateResult[] {
  return results.filter(({ gate, broken }) => gate.level === level && broken.length > 0);
}

/** `3 bars`, `1 bar`, `0.95`, `24h`, `2010 minutes`. */
function amount(value: number | string, unit: Unit): string {
  if (typeof value === 'string' || unit === 'fraction') return String(value);
  return value === 1 ? `1 ${unit.slice(0, -1)}` : `${value} ${unit}`;
}

function plural(count: number, scope: Exclude<Scope, 'dataset'>): string {
  return count === 1 ? `1 ${scope}` : `${count} ${scope}s`;
}
