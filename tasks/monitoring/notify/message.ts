/**
 * What a webhook is sent: a JSON document of our own, or the text that Slack and what speaks its language take. It says
 * no address, no path of the machine and no message of a failure, which may hold what is nobody else's business.
 */
import type { SummaryDocument, Verdict } from '../../reports/document.ts';
import type { GapRow } from '../../reports/rows.ts';
import type { Format, Occasion } from '../settings.ts';
import type { Facts } from './facts.ts';
import type { News } from './news.ts';

/** Of each list so many items are told, and how many there are. */
const MOST = 10;

interface Listed<Item> {
  readonly count: number;
  readonly first: readonly Item[];
}

interface Message {
  readonly version: 1;
  readonly source: 'pipeline';
  readonly on: readonly (Occasion | 'test')[];
  readonly market?: string;
  readonly interval?: string;
  readonly as_of?: string;
  readonly level?: Verdict;
  /** What the level was before. */
  readonly was?: Verdict;
  readonly sentence?: string;
  readonly coverage_raw?: number | null;
  readonly coverage_adjusted?: number | null;
  readonly broken?: Listed<
    Pick<SummaryDocument['gates'][number], 'check' | 'level' | 'scope' | 'broken' | 'where'>
  >;
  readonly new_gaps?: Listed<Pick<GapRow, 'symbol' | 'first_missing' | 'last_missing' | 'missing' | 'cause'>>;
  readonly failed?: Listed<Facts['failed'][number]>;
  readonly report?: string;
}

export function bodyOf(format: Format, news: News, facts: Facts): string {
  return spelt(format, messageOf(news, facts));
}

export function testBody(format: Format): string {
  const sentence = 'This is a test: pipeline can tell you of builds here.';
  return spelt(format, { version: 1, source: 'pipeline', on: ['test'], sentence });
}

function spelt(format: Format, message: Message): string {
  switch (format) {
    case 'json':
      return JSON.stringify(message);
    case 'slack':
      return JSON.stringify({ text: slackText(message) });
  }
}

function messageOf({ occasions, was, newGaps }: News, { failed, level, reported }: Facts): Message {
  const about: Message = { version: 1, source: 'pipeline', on: occasions };
  const trouble = {
    ...(newGaps.length > 0 ? { new_gaps: listed(newGaps.map(gapOf)) } : {}),
    ...(failed.length > 0 ? { failed: listed(failed) } : {}),
  };
  if (reported === undefined) return { ...about, ...trouble };
  const { document, folder } = reported;
  const broken = document.gates
    .filter((gate) => gate.broken > 0)
    .map(({ check, level, scope, broken, where }) => ({ check, level, scope, broken, where }));
  return {
    ...about,
    market: document.market,
    interval: document.interval,
    as_of: document.as_of,
    ...(level === undefined ? {} : { level }),
    ...(was === undefined || was === level ? {} : { was }),
    sentence: document.verdict.sentence,
    coverage_raw: document.totals.coverage_raw,
    coverage_adjusted: document.totals.coverage_adjusted,
    ...(broken.length > 0 ? { broken: listed(broken) } : {}),
    ...trouble,
    report: folder,
  };
}

function gapOf({ symbol, first_missing, last_missing, missing, cause }: GapRow) {
  return { symbol, first_missing, last_missing, missing, cause };
}

function listed<Item>(items: readonly Item[]): Listed<Item> {
  return { count: items.length, first: items.slice(0, MOST) };
}

/** https://docs.slack.dev/messaging/formatting-message-text: three characters are escaped, and bold is `*`. */
function slackText(message: Message): string {
  const { on, market, interval, as_of, level, was, sentence, broken, new_gaps, failed, report } = message;
  const head = [
    level === undefined ? `pipeline: ${on.join(', ')}` : `pipeline: ${level}`,
    ...(was === undefined ? [] : [`(was ${was})`]),
  ].join(' ');
  // The level is that of the last reports, to which a build that failed may not have come.
  const failures = level === undefined || failed === undefined ? '' : `, ${failed.count} failed`;
  const about = [market, interval, as_of === undefined ? undefined : `as of ${as_of}`];
  const lines = [
    `*${escaped(head + failures)}*`,
    ...(market === undefined ? [] : [escaped(about.join(' '))]),
    ...(sentence === undefined ? [] : [escaped(sentence)]),
    ...bullets(
      'broken gates',
      broken,
      (gate) => `${gate.level} ${gate.check} (${gate.scope}): ${gate.broken}, ${gate.where.join(', ')}`,
    ),
    ...bullets(
      'new gaps',
      new_gaps,
      (gap) => `${gap.symbol} ${gap.first_missing} to ${gap.last_missing}: ${gap.missing} bars, ${gap.cause}`,
    ),
    ...bullets('failed', failed, ({ target, code }) => `${target}: ${code}`),
    ...(report === undefined ? [] : [escaped(`report: ${report}`)]),
  ];
  return lines.join('\n');
}

function bullets<Item>(
  title: string,
  list: Listed<Item> | undefined,
  say: (item: Item) => string,
): readonly string[] {
  if (list === undefined) return [];
  const more = list.count - list.first.length;
  return [
    `${title}: ${list.count}`,
    ...list.first.map((item) => `• ${escaped(say(item))}`),
    ...(more > 0 ? [`• and ${more} more`] : []),
  ];
}

function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
