/** What `doctor` found, a line each, with what to do below what is not as it should be. Knows not how it was found. */
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';
import { padEnd, wrap } from './width.ts';

export interface DoctorCheck {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly hint?: string;
}

export interface DoctorOptions {
  readonly color: boolean;
  readonly width: number;
}

const STATE_WIDTH = 4;
const NAME_WIDTH = 11;
const GAP = '  ';
const INDENT = ' '.repeat(STATE_WIDTH + GAP.length);

/** Lines that each end with a line end. Columns are of fixed width, so that what comes later stands below. */
export function formatChecks(checks: readonly DoctorCheck[], options: DoctorOptions): string {
  const style = styleFor(options.color);
  return checks
    .flatMap((check) => linesOf(check, options.width, style))
    .map((line) => `${line}\n`)
    .join('');
}

function linesOf({ name, state, detail, hint }: DoctorCheck, width: number, style: Style): readonly string[] {
  const head = `${paintFor(state, style)(padEnd(state, STATE_WIDTH))}${GAP}${padEnd(printable(name), NAME_WIDTH)}${GAP}`;
  const hang = INDENT.length + NAME_WIDTH + GAP.length;
  const [first = '', ...more] = wrap(printable(detail), width - hang);
  const lines = [head + first, ...more.map((line) => ' '.repeat(hang) + line)];
  if (state === 'ok' || hint === undefined) return lines;
  const [todo = '', ...rest] = wrap(printable(hint), width - INDENT.length - 2);
  return [...lines, `${INDENT}→ ${todo}`, ...rest.map((line) => `${INDENT}  ${line}`)];
}

function paintFor(state: DoctorCheck['state'], style: Style): (text: string) => string {
  switch (state) {
    case 'ok':
      return style.green;
    case 'warn':
      return style.yellow;
    case 'fail':
      return style.red;
  }
}

/** `18 checks: 15 ok, 2 warnings, 1 failed`. */
export function countChecks(checks: readonly DoctorCheck[]): string {
  const count = (state: DoctorCheck['state']): number => checks.filter((one) => one.state === state).length;
  const [ok, warnings, failed] = [count('ok'), count('warn'), count('fail')];
  const parts = [`${ok} ok`];
  if (warnings > 0) parts.push(`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`);
  if (failed > 0) parts.push(`${failed} failed`);
  return `${checks.length} ${checks.length === 1 ? 'check' : 'checks'}: ${parts.join(', ')}`;
}
