/** What is known of the stream that is written to, from the stream and the environment alone. Writes nothing. */

export interface Terminal {
  /** A terminal that can move its cursor: rows may be drawn over. False for `TERM=dumb`. */
  readonly isTTY: boolean;
  readonly color: boolean;
  /** Columns, at least 20. */
  readonly width: number;
  readonly ci: boolean;
  readonly github: boolean;
}

/** `process.stdout`, `process.stderr`, or a stand-in. */
export interface StreamFacts {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_WIDTH = 80;
const LEAST_WIDTH = 20;

export function describeTerminal(stream: StreamFacts, env: Environment): Terminal {
  const isTTY = stream.isTTY === true && env['TERM'] !== 'dumb';
  return {
    isTTY,
    color: wantsColor(env) ?? isTTY,
    width: widthOf(stream, env),
    ci: isSet(env['CI']),
    github: env['GITHUB_ACTIONS'] === 'true',
  };
}

/** What the user says, if anything. NO_COLOR (no-color.org) wins over FORCE_COLOR, whatever its value is. */
function wantsColor(env: Environment): boolean | undefined {
  if (env['NO_COLOR']) return false;
  return env['FORCE_COLOR'] ? isSet(env['FORCE_COLOR']) : undefined;
}

/** Shells do not export COLUMNS by themselves: when it is there, someone asked for it. */
function widthOf(stream: StreamFacts, env: Environment): number {
  const asked = /^[1-9]\d{0,4}$/.test(env['COLUMNS'] ?? '') ? Number(env['COLUMNS']) : undefined;
  // A pseudo-terminal without a size says 0.
  const width = asked ?? (stream.isTTY === true && stream.columns ? stream.columns : DEFAULT_WIDTH);
  return Math.max(LEAST_WIDTH, width);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value.toLowerCase() !== 'false';
}
