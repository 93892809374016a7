/** What the dataset was made of, and by what it was judged, so that somebody else can make it again. */
import type { SummaryDocument, SymbolSummary } from '../document.ts';
import type { Content, Html } from './escape.ts';
import { html } from './escape.ts';
import { countText, NOTHING } from './figures.ts';
import { folded, panel, table } from './layout.ts';

const SOURCES = [
  { name: 'monthly', fill: 'var(--c1)', text: 'monthly files' },
  { name: 'daily', fill: 'var(--halt)', text: 'daily files' },
  { name: 'rest', fill: 'var(--c3)', text: 'REST' },
] as const;

export function provenance({ provenance, totals }: SummaryDocument, symbols: readonly SymbolSummary[]): Html {
  const { schema_version, halts_version, gates_digest, sources_digest } = provenance;
  const digest = (text: string): Html => html`<span class="digest">${text}</span>`;
  const facts: readonly (readonly [string, Content])[] = [
    ['Where bars come from', sources(totals.rows_by_source)],
    ['Digest of all sources', digest(sources_digest)],
    ['Digest of the gates', digest(gates_digest)],
    ['Schema of the bars', `version ${schema_version}`],
    ['List of halts', halts_version === null ? NOTHING : `version ${halts_version}`],
  ];
  const files = symbols.map(({ symbol, files }) => [symbol, countText(files.count), digest(files.digest)]);
  const columns = [
    { name: 'Symbol' },
    { name: 'Files', kind: 'number' },
    { name: 'Digest of their names and contents' },
  ] as const;
  return html`${panel(html`<dl class="facts">${facts.map(
    ([name, value]) => html`
<dt>${name}</dt><dd>${value}</dd>`,
  )}
</dl>`)}${folded('Source files', 'by symbol, as digests (SHA-256)', table('Source files', columns, files))}`;
}

function sources(rows: SummaryDocument['totals']['rows_by_source']): Html {
  const some = SOURCES.filter(({ name }) => rows[name] > 0);
  if (some.length === 0) return html`${NOTHING}`;
  return html`<div class="share" aria-hidden="true">${some.map(
    ({ name, fill }) => html`<i style="flex:${rows[name]};background:${fill}"></i>`,
  )}</div><ul class="legend">${some.map(
    ({ name, fill, text }) =>
      html`<li><svg class="swatch" width="10" height="10" aria-hidden="true"><rect width="10" height="10" fill="${fill}"/></svg><b>${text}</b> <span>${countText(rows[name])} bars</span></li>`,
  )}</ul>`;
}
