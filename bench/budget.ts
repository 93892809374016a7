/**
 * Results held against a budget: what a figure may be at most or must be at least, and beside it the bar that is aimed
 * at. It reads no file and prints nothing.
 */
import { z } from 'zod';

const limitSchema = z
  .strictObject({
    /** Members that the result must have. */
    result: z.record(z.string(), z.union([z.string(), z.number()])),
    /** Dots lead into it: `seconds.build`. */
    figure: z.string(),
    at_most: z.number().exactOptional(),
    at_least: z.number().exactOptional(),
    bar: z.number(),
  })
  .refine((limit) => (limit.at_most === undefined) !== (limit.at_least === undefined), {
    message: 'expected either at_most or at_least',
  });

export const budgetSchema = z.strictObject({
  /** Where and when the figures that the limits are made of were measured. */
  measured: z.string(),
  limits: z.array(limitSchema),
});

export type Limit = z.output<typeof limitSchema>;
export type Budget = z.output<typeof budgetSchema>;

const resultSchema = z.record(z.string(), z.json());
export type AnyResult = z.output<typeof resultSchema>;

export interface Verdict {
  readonly limit: Limit;
  readonly is: 'bar met' | 'within budget' | 'missed' | 'not measured';
  readonly found: number | undefined;
}

/** Of what `npm run bench -- --json` printed: npm adds lines of its own. */
export function resultsIn(text: string): readonly AnyResult[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => resultSchema.parse(JSON.parse(line)));
}

export function judge({ limits }: Budget, results: readonly AnyResult[]): readonly Verdict[] {
  return limits.map((limit) => {
    const result = results.find((each) =>
      Object.entries(limit.result).every(([name, value]) => each[name] === value),
    );
    const found = result && figureOf(result, limit.figure);
    if (found === undefined) return { limit, is: 'not measured', found };
    if (holds(found, limit, limit.bar)) return { limit, is: 'bar met', found };
    return {
      limit,
      is: holds(found, limit, limit.at_most ?? limit.at_least) ? 'within budget' : 'missed',
      found,
    };
  });
}

export function verdictLine({ limit, is, found }: Verdict): string {
  const { result, figure, bar, at_most: most, at_least: least } = limit;
  const budget = most === undefined ? `at least ${least}` : `at most ${most}`;
  const value = found === undefined ? '' : ` ${found.toFixed(2)},`;
  return `${is.padEnd(13)} ${Object.values(result).join(' ')}: ${figure}${value} ${budget} (bar ${bar})`;
}

/** A check that has nothing to check has not passed. */
export function passes(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ is }) => is !== 'not measured') && verdicts.every(({ is }) => is !== 'missed');
}

function holds(found: number, { at_most: most }: Limit, edge: number | undefined): boolean {
  if (edge === undefined) throw new Error('a limit without an edge');
  return most === undefined ? found >= edge : found <= edge;
}

/** Undefined too where it is null: the peer was not there. */
function figureOf(result: AnyResult, path: string): number | undefined {
  let at: unknown = result;
  for (const name of path.split('.')) {
    const inside = resultSchema.safeParse(at);
    at = inside.success ? inside.data[name] : undefined;
  }
  return typeof at === 'number' ? at : undefined;
}
