/**
 * Gates as configs/quality.yaml declares them: a check with a level, a scope and a threshold. What is wrong with one is
 * said in whole sentences, at the value that is wrong. It measures nothing.
 */
import { z } from 'zod';
import { isMonth } from '../binance/time-keys.ts';
import * as v from '../config-values.ts';
import { durationMs } from '../lib/duration.ts';
import { nearest } from '../lib/nearest.ts';
import type { Check, Level, Scope } from './checks.ts';
import { boundOf, CHECK_NAMES, factsOf, isCheck, LEVELS, SCOPES } from './checks.ts';

export interface Gate {
  readonly check: Check;
  readonly level: Level;
  readonly scope: Scope;
  /** As declared. */
  readonly threshold: number | string;
  /** The same in the unit of the check: a value beyond it is broken, one right at it is not. */
  readonly limit: number;
  /** Units that may be beyond it. */
  readonly except: ReadonlySet<string>;
}

const MINUTE = 60_000;
const EXAMPLE = '{ check: coverage, level: critical, scope: month, min: 0.95 }';
const KEYS = ['check', 'level', 'scope', 'min', 'max', 'except'];

type Members = Readonly<Record<string, unknown>>;
type Complain = (path: readonly (string | number)[], message: string) => void;

const gateSchema = z.unknown().transform((input, ctx): Gate => {
  let good = true;
  const complain: Complain = (path, message) => {
    good = false;
    ctx.addIssue({ code: 'custom', path: [...path], message });
  };
  const gate = parse(input, complain);
  return good && gate !== undefined ? gate : z.NEVER;
});

export const gatesSchema = z
  .array(gateSchema, {
    error: ({ input }) => `${v.shown(input)}: expected a list of gates such as [${EXAMPLE}]`,
  })
  .readonly()
  .superRefine((gates, ctx) => {
    for (const [index, gate] of gates.entries()) {
      const wrong = gates.slice(0, index).flatMap((other) => contradiction(gate, other) ?? [])[0];
      if (wrong !== undefined)
        ctx.addIssue({ code: 'custom', path: [index, wrong.at], message: wrong.message });
    }
  });

/** What is wrong with a gate beside one that stands before it. */
function contradiction(
  gate: Gate,
  other: Gate,
): { readonly at: string; readonly message: string } | undefined {
  const { check, scope, level, threshold } = gate;
  if (check !== other.check || scope !== other.scope) return undefined;
  const same = `${check} for ${scope}`;
  if (level === other.level)
    return { at: 'level', message: `${v.shown(level)}: expected one gate of ${same} at this level` };
  const stricter = boundOf(check) === 'min' ? gate.limit > other.limit : gate.limit < other.limit;
  if (gate.limit === other.limit || stricter === LEVELS.indexOf(level) < LEVELS.indexOf(other.level))
    return undefined;
  const bound = stricter === (boundOf(check) === 'min') ? 'at most' : 'at least';
  const message = `${v.shown(threshold)}: expected ${bound} ${v.shown(other.threshold)}, the threshold of ${same} at level ${other.level}`;
  return { at: boundOf(check), message };
}

function parse(input: unknown, complain: Complain): Gate | undefined {
  if (!isMembers(input)) {
    complain([], `${v.shown(input)}: expected a gate such as ${EXAMPLE}`);
    return undefined;
  }
  for (const key of Object.keys(input))
    if (!KEYS.includes(key))
      complain([key], `"${key}": no such name in a gate: expected one of ${KEYS.join(', ')}`);
  const check = checkIn(input, complain);
  const level = oneOf(input, 'level', LEVELS, 'the level of the gate', complain);
  if (check === undefined) {
    oneOf(input, 'scope', SCOPES, 'the scope of the gate', complain);
    return undefined;
  }
  const scope = oneOf(input, 'scope', factsOf(check).scopes, `the scopes of ${check}`, complain);
  const limit = limitIn(input, check, complain);
  const except = scope === undefined ? undefined : exceptIn(input, scope, complain);
  if (level === undefined || scope === undefined || limit === undefined || except === undefined)
    return undefined;
  return { check, level, scope, ...limit, except };
}

function checkIn(input: Members, complain: Complain): Check | undefined {
  const name = input['check'];
  if (typeof name === 'string' && isCheck(name)) return name;
  const near = typeof name === 'string' ? nearest(name, CHECK_NAMES) : undefined;
  const known = near === undefined ? `expected one of ${CHECK_NAMES.join(', ')}` : `did you mean "${near}"?`;
  complain(['check'], `${v.shown(name)}: no such check: ${known}`);
  return undefined;
}

function oneOf<T extends string>(
  input: Members,
  name: string,
  choices: readonly T[],
  what: string,
  complain: Complain,
): T | undefined {
  const found = choices.find((each) => each === input[name]);
  if (found === undefined)
    complain([name], `${v.shown(input[name])}: expected one of ${choices.join(', ')}, ${what}`);
  return found;
}

function limitIn(
  input: Members,
  check: Check,
  complain: Complain,
): Pick<Gate, 'threshold' | 'limit'> | undefined {
  const bound = boundOf(check);
  const other = bound === 'min' ? 'max' : 'min';
  const expected = formOf(check);
  if (input[other] !== undefined) {
    complain([other], `${v.shown(input[other])}: ${check} takes ${bound}, ${expected}`);
    return undefined;
  }
  const threshold = input[bound];
  const limit = limitOf(check, threshold);
  if (limit !== undefined && (typeof threshold === 'number' || typeof threshold === 'string'))
    return { threshold, limit };
  complain([bound], `${v.shown(threshold)}: expected ${expected}`);
  return undefined;
}

/** For messages: what the threshold of a check may be. */
function formOf(check: Check): string {
  switch (factsOf(check).unit) {
    case 'fraction':
      return 'a fraction from 0 to 1 such as 0.95';
    case 'minutes':
      return 'a duration such as 24h';
    default:
      return 'a whole number from 0';
  }
}

function limitOf(check: Check, threshold: unknown): number | undefined {
  switch (factsOf(check).unit) {
    case 'fraction':
      return typeof threshold === 'number' && threshold >= 0 && threshold <= 1 ? threshold : undefined;
    case 'minutes': {
      const ms = typeof threshold === 'string' ? durationMs(threshold) : undefined;
      return ms === undefined ? undefined : ms / MINUTE;
    }
    default:
      return Number.isSafeInteger(threshold) && Number(threshold) >= 0 ? Number(threshold) : undefined;
  }
}

function exceptIn(input: Members, scope: Scope, complain: Complain): ReadonlySet<string> | undefined {
  const given = input['except'] ?? [];
  const example = EXCEPT_FORMS[scope];
  if (!Array.isArray(given)) {
    complain(['except'], `${v.shown(given)}: expected a list of units such as ${example ?? '[BTCUSDT]'}`);
    return undefined;
  }
  const units = new Set<string>();
  for (const [index, unit] of given.entries()) {
    if (typeof unit === 'string' && isUnit(unit, scope)) units.add(unit);
    else complain(['except', index], `${v.shown(unit)}: expected ${EXCEPT_EXPECTED[scope]}`);
  }
  return units;
}

const EXCEPT_FORMS: Readonly<Record<Scope, string | undefined>> = {
  month: '[BTCUSDT/2018-02]',
  symbol: '[BTCUSDT]',
  dataset: undefined,
};

const EXCEPT_EXPECTED: Readonly<Record<Scope, string>> = {
  month: 'a month of a symbol such as BTCUSDT/2018-02, since the scope is month',
  symbol: 'a symbol such as BTCUSDT, since the scope is symbol',
  dataset: 'nothing, since the scope is dataset: there is one, take the gate out instead',
};

function isUnit(text: string, scope: Scope): boolean {
  const [symbol = '', month, ...more] = text.split('/');
  if (more.length > 0 || !v.symbol.safeParse(symbol).success) return false;
  switch (scope) {
    case 'month':
      return month !== undefined && isMonth(month);
    case 'symbol':
      return month === undefined;
    case 'dataset':
      return false;
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
