/**
 * `npm run bench:check -- FILE`: what `npm run bench -- --json > FILE` measured, against budget.json. Ends with 1 where a
 * limit is missed or none of them was measured.
 */
import { readFileSync } from 'node:fs';
import { budgetSchema, judge, passes, resultsIn, verdictLine } from './budget.ts';

const [file, ...more] = process.argv.slice(2);
if (file === undefined || more.length > 0) {
  process.stderr.write('npm run bench:check -- FILE: what npm run bench -- --json > FILE has printed\n');
  process.exitCode = 2;
} else {
  const budget = budgetSchema.parse(
    JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8')),
  );
  const verdicts = judge(budget, resultsIn(readFileSync(file, 'utf8')));
  for (const verdict of verdicts) process.stdout.write(`${verdictLine(verdict)}\n`);
  if (!passes(verdicts)) process.exitCode = 1;
}
