/**
 * Proposed halts as YAML: entries to be pasted into the calendar, what they rest on as comments above each. It does
 * not know how they were found.
 */

export interface ProposedHalt {
  readonly first: string;
  readonly last: string;
  readonly minutes: number;
  readonly symbols: readonly string[];
  /** Missing for a part of the time only. */
  readonly partly: readonly string[];
  readonly of: number;
  readonly causes: readonly string[];
  readonly approximate: boolean;
}

export interface ProposedHalts {
  /** Symbols in the reports. */
  readonly symbols: number;
  readonly proposals: readonly ProposedHalt[];
  readonly undecided: readonly ProposedHalt[];
}

const MOST_NAMES = 10;

/** `least`: how many symbols it takes to tell. Every line is YAML. */
export function formatProposedHalts({ symbols, proposals, undecided }: ProposedHalts, least: number): string {
  const lines: string[] = [];
  if (symbols < least) {
    lines.push(
      `# too few symbols are known: ${symbols}, at least ${least} are needed to tell a halt from a hole`,
    );
  } else if (proposals.length === 0) {
    lines.push('# no halt to propose: nothing else is missing for most symbols at once');
  } else {
    const halts = proposals.length === 1 ? '1 halt' : `${proposals.length} halts`;
    lines.push(
      `# ${halts} proposed by the last gap report. Look at each, paste it under the market in configs/halts.yaml,`,
      '# in the order of time, and raise `version` there.',
    );
  }
  for (const halt of proposals) lines.push(`    # ${evidenceOf(halt)}`, `    ${entryOf(halt)}`);
  if (undecided.length > 0 && symbols >= least) {
    lines.push(`# too few symbols were listed to tell, at least ${least} are needed:`);
  }
  for (const halt of undecided) lines.push(`#   ${halt.first} to ${halt.last}: ${evidenceOf(halt)}`);
  return `${lines.join('\n')}\n`;
}

function entryOf({ first, last, symbols, of, approximate }: ProposedHalt): string {
  const about = approximate ? ', approximate: true' : '';
  return `- { first: "${first}", last: "${last}", source: "missing for ${symbols.length} of ${of} symbols"${about} }`;
}

function evidenceOf({ minutes, symbols, partly, of, causes }: ProposedHalt): string {
  const parts = partly.length === 0 ? '' : `; in part: ${named(partly)}`;
  const whole = symbols.length === 0 ? 'none throughout' : named(symbols);
  return `${minutes} minutes, missing for ${symbols.length} of ${of} symbols (${whole}${parts}): ${causes.join(', ')}`;
}

function named(symbols: readonly string[]): string {
  const more = symbols.length - MOST_NAMES;
  return `${symbols.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
