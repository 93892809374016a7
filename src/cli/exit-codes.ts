/** Exit codes: a contract that cron jobs and CI rely on. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  stale: 3,
  critical: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const PRECEDENCE: readonly ExitCode[] = [
  EXIT.usage,
  EXIT.interrupted,
  EXIT.failed,
  EXIT.critical,
  EXIT.stale,
  EXIT.done,
];

/** When several hold, the one that a script must hear of first. */
export function worst(codes: readonly ExitCode[]): ExitCode {
  return PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.done;
}
