/** The top of the page: what to think of the dataset in one sentence, and its totals. It judges nothing. */
import type { SummaryDocument } from '../document.ts';
import type { Content, Html } from './escape.ts';
import { html } from './escape.ts';
import { counted, countText, durationText, momentText, NOTHING, percentText } from './figures.ts';
import { badge } from './layout.ts';

export function headline({ market, interval, as_of, verdict, totals }: SummaryDocument): Html {
  return html`<header>
<p class="kicker">Quality report · <b>${market}</b> market · <b>${interval}</b> bars · <span>as of <b>${momentText(as_of)}</b> UTC</span></p>
<div class="verdict ${verdict.level}">${badge(verdict.level)}<div><h1>${verdict.sentence}</h1>
<p>${counted(totals.symbols, 'symbol')}, ${counted(totals.months, 'month')} of data, ${counted(totals.present, 'bar')}. All times are UTC.</p></div></div>
</header>`;
}

interface Tile {
  readonly name: string;
  readonly value: Content;
  readonly remark: Content;
}

export function tiles(document: SummaryDocument): Html {
  return html`<dl class="tiles">${tilesOf(document).map(
    ({ name, value, remark }) => html`
<div><dt>${name}</dt><dd>${value}</dd><dd>${remark}</dd></div>`,
  )}
</dl>`;
}

function tilesOf({ totals, symbols, gates }: SummaryDocument): readonly Tile[] {
  const lags = symbols.flatMap(({ symbol, lag_minutes }) =>
    lag_minutes === null ? [] : [{ symbol, lag: lag_minutes }],
  );
  const oldest = lags.reduce<(typeof lags)[number] | undefined>(
    (worst, each) => (worst === undefined || each.lag > worst.lag ? each : worst),
    undefined,
  );
  const broken = gates.filter(({ broken }) => broken > 0).length;
  return [
    {
      name: 'Coverage, adjusted',
      value: percentText(totals.coverage_adjusted),
      remark: 'without listing dates and halts',
    },
    {
      name: 'Coverage, raw',
      value: percentText(totals.coverage_raw),
      remark: `${countText(totals.present)} of ${countText(totals.expected)} bars`,
    },
    {
      name: 'Missing bars',
      value: countText(totals.missing),
      remark: `${countText(totals.excused)} of them excused`,
    },
    {
      name: 'Gaps',
      value: countText(totals.gaps),
      remark: totals.gaps === 0 ? 'none' : `longest ${durationText(totals.longest_gap_minutes)}`,
    },
    {
      name: 'Lag',
      value: oldest === undefined ? NOTHING : durationText(oldest.lag),
      remark:
        oldest === undefined || oldest.lag === 0 ? 'age of the newest bars' : `at most, ${oldest.symbol}`,
    },
    {
      name: 'Gates',
      value: broken === 0 ? `${gates.length} passed` : `${broken} broken`,
      remark: `of ${gates.length} declared`,
    },
    {
      name: 'Bars that break a rule',
      value: countText(totals.rule_breaks),
      remark: 'of price or volume; flagged, and kept',
    },
    {
      name: 'Rows mended',
      value: countText(totals.duplicates + totals.off_grid),
      remark: `${countText(totals.duplicates)} duplicates, ${countText(totals.off_grid)} off the grid`,
    },
  ];
}
