/**
 * A card for each symbol: how price and volume went, how far it is covered, how old its newest bar is. Days are drawn
 * together where there are more of them than the card has room for, and it is said how many. It judges nothing.
 */
import { areaY, line } from '@observablehq/plot';
import type { SymbolSummary } from '../document.ts';
import type { Content, Html } from './escape.ts';
import { html } from './escape.ts';
import { durationText, NOTHING, percentText, priceText } from './figures.ts';
import { badge } from './layout.ts';
import { chart } from './svg.ts';

/** A symbol's days with a bar, ascending: the last close, and the sum of quote volume. */
export interface Series {
  readonly symbol: string;
  readonly days: readonly (readonly [day: string, close: number, quoteVolume: number])[];
}

const [WIDTH, PRICE, VOLUME] = [260, 52, 22];
const DAY = 86_400_000;
/** Steps that a card has room for, and what all cards together may have: many symbols are drawn more coarsely. */
const [MOST, ALTOGETHER, LEAST] = [130, 10_000, 40];

export function cards(symbols: readonly SymbolSummary[], series: readonly Series[]): Html {
  const most = Math.max(LEAST, Math.min(MOST, Math.floor(ALTOGETHER / Math.max(1, symbols.length))));
  const bySymbol = new Map(series.map((each) => [each.symbol, each]));
  return html`<ul class="cards">${symbols.map((each) => card(each, bySymbol.get(each.symbol)?.days ?? [], most))}</ul>`;
}

function card(of: SymbolSummary, days: Series['days'], most: number): Html {
  const facts: readonly (readonly [string, Content])[] = [
    ...priceFacts(days),
    ['coverage', percentText(of.coverage_adjusted)],
    ['lag', of.lag_minutes === null ? NOTHING : durationText(of.lag_minutes)],
  ];
  return html`
<li><h3><span title="${of.symbol}">${of.symbol}</span>${badge(of.level)}</h3>
${days.length < 2 ? null : drawing(of.symbol, days, most)}
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></li>`;
}

function priceFacts(days: Series['days']): readonly (readonly [string, Content])[] {
  const closes = days.map(([, close]) => close).filter(isPrice);
  const last = closes.at(-1);
  if (last === undefined) return [['last close', NOTHING]];
  const lowest = closes.reduce((a, b) => Math.min(a, b));
  const highest = closes.reduce((a, b) => Math.max(a, b));
  return [
    ['last close', priceText(last)],
    ['range', `${priceText(lowest, 4)} – ${priceText(highest, 4)}`],
  ];
}

function drawing(symbol: string, days: Series['days'], most: number): Html {
  const { steps, size } = inSteps(days, most);
  const span = `${days[0]?.[0]} to ${days.at(-1)?.[0]}`;
  const each = size === 1 ? 'each day' : `${size} days a step`;
  const name = `${symbol}, ${span}, ${each}: price on a logarithmic scale, quote volume below`;
  const closes = steps.flatMap(({ close }) => (close === undefined ? [] : [close]));
  const [low, high] = [Math.min(...closes), Math.max(...closes)];
  const top = Math.max(0, ...steps.map(({ volume }) => volume));
  // Both on one scale of pixels, as Plot has one axis of y.
  const price = (close: number | undefined): number | undefined => {
    if (close === undefined) return undefined;
    return low === high ? PRICE / 2 : (1 - Math.log(close / low) / Math.log(high / low)) * (PRICE - 4) + 2;
  };
  const full = PRICE + 6 + VOLUME;
  const volume = (sum: number): number => (top === 0 ? full : full - (sum / top) * VOLUME);
  return chart(name, 'spark', {
    width: WIDTH,
    height: full,
    x: { axis: null, type: 'linear', domain: [0, Math.max(1, steps.length - 1)], range: [1, WIDTH - 1] },
    y: { axis: null, type: 'identity' },
    marks: [
      areaY(steps, {
        x: (_: Step, at: number) => at,
        y1: full,
        y2: (step: Step) => volume(step.volume),
        curve: 'step',
        fill: 'var(--muted)',
        fillOpacity: 0.45,
      }),
      line(steps, {
        x: (_: Step, at: number) => at,
        y: (step: Step) => price(step.close),
        stroke: 'var(--accent)',
        strokeWidth: 1.5,
      }),
    ],
  });
}

interface Step {
  /** Undefined where no day of the step has a price: the line is broken there. */
  readonly close: number | undefined;
  /** Mean of the days that there are. */
  readonly volume: number;
}

/** Days of equal number to a step, from the first day to the last one, also through days without bars. */
export function inSteps(
  days: Series['days'],
  most: number,
): { readonly steps: readonly Step[]; readonly size: number } {
  const dayOf = (name: string | undefined): number => Date.parse(`${name}T00:00:00Z`) / DAY;
  const [first, last] = [dayOf(days[0]?.[0]), dayOf(days.at(-1)?.[0])];
  if (days.length === 0) return { steps: [], size: 1 };
  const size = Math.ceil((last - first + 1) / most);
  const within: Series['days'][number][][] = Array.from(
    { length: Math.ceil((last - first + 1) / size) },
    () => [],
  );
  for (const day of days) within[Math.floor((dayOf(day[0]) - first) / size)]?.push(day);
  const steps = within.map((some) => ({
    close: some.map(([, close]) => close).findLast(isPrice),
    volume:
      some.length === 0 ? 0 : some.reduce((sum, [, , volume]) => sum + Math.max(0, volume), 0) / some.length,
  }));
  return { steps, size };
}

/** A price rule may be broken; a logarithm cannot be. */
function isPrice(close: number): boolean {
  return Number.isFinite(close) && close > 0;
}
