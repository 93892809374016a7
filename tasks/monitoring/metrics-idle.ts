/**
 * What a build with nothing to do changes in `metrics.prom`: its time stamps and nothing else, put into the text that is
 * there. It loads nothing, since such a build has no time for more (prom-client takes longer to load than this file to
 * write a hundred times).
 */

/** The metrics that each build writes anew. */
export const STAMPS = {
  ended: 'pipeline_build_end_timestamp_seconds',
  succeeded: 'pipeline_build_success_timestamp_seconds',
  seconds: 'pipeline_build_duration_seconds',
  idle: 'pipeline_build_idle',
  outcome: 'pipeline_build_ended',
} as const;

const FIRST = '# pipeline metrics 1';
const SOURCE = '# reports ';

const DONE = `${STAMPS.outcome}{outcome="done"}`;

/** What changes stands at the beginning of the text, within so many characters: with many symbols the rest is long. */
const BEGINNING = 8_192;

/** Comments that a server passes over: what wrote the file, and which reports it tells of. In ASCII. */
export function headOf(key: string | undefined): string {
  const ascii = JSON.stringify(key ?? null).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${FIRST}\n${SOURCE}${ascii}\n`;
}

/**
 * The same figures with other time stamps; undefined where the text has to be made anew: another version wrote it, it
 * tells of other reports or of a build that did not end well, or it is damaged. `key`: undefined where the build has not looked at the reports. The text may be
 * bytes taken for Latin-1: what is looked for and put in is ASCII.
 */
export function idleText(
  before: string,
  {
    key,
    endedAt,
    seconds,
  }: { readonly key: string | undefined; readonly endedAt: number; readonly seconds: number },
): string | undefined {
  const second = before.indexOf('\n') + 1;
  const third = before.indexOf('\n', second) + 1;
  if (before.slice(0, second) !== `${FIRST}\n` || third === 0) return undefined;
  if (key !== undefined && before.slice(0, third) !== headOf(key)) return undefined;
  // What failed then would stand beside a build that is done.
  if (valueAt(before, DONE) !== 1) return undefined;
  const stamps: readonly (readonly [series: string, value: number])[] = [
    [STAMPS.ended, endedAt],
    [STAMPS.succeeded, endedAt],
    [STAMPS.seconds, seconds],
    [STAMPS.idle, 1],
  ];
  let text: string | undefined = before.slice(0, BEGINNING);
  for (const [series, value] of stamps)
    text = text === undefined ? undefined : withSample(text, series, value);
  return text === undefined ? undefined : text + before.slice(BEGINNING);
}

/** When a build last ended well, by the text that is there: what a build that failed keeps. */
export function succeededAt(before: string): number | undefined {
  return valueAt(before, STAMPS.succeeded);
}

function valueAt(text: string, series: string): number | undefined {
  const at = sampleAt(text, series);
  const value = at === undefined ? Number.NaN : Number(text.slice(at.from, at.to));
  return Number.isFinite(value) ? value : undefined;
}

function withSample(text: string, series: string, value: number): string | undefined {
  const at = sampleAt(text, series);
  return at === undefined ? undefined : `${text.slice(0, at.from)}${value}${text.slice(at.to)}`;
}

/** Where the value of a series stands. */
function sampleAt(text: string, series: string): { from: number; to: number } | undefined {
  const start = `\n${series} `;
  const found = text.indexOf(start);
  if (found < 0) return undefined;
  const from = found + start.length;
  const to = text.indexOf('\n', from);
  return to < 0 ? undefined : { from, to };
}
