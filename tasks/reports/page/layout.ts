/**
 * The frame of the page and its recurring parts: sections, badges, tables in boxes of their own. The page asks for
 * nothing from outside and runs no script, and its own policy forbids both. It knows no figures.
 */
import type { Verdict } from '../document.ts';
import type { Status } from '../rows.ts';
import type { Content, Html } from './escape.ts';
import { html, markupOf, trusted } from './escape.ts';
import { STYLE } from './style.ts';

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The whole file. The empty icon keeps browsers from asking a server for one. */
export function frame(title: string, body: Content): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(STYLE)}
</style>
</head>
<body>
${body}
</body>
</html>
`;
  return markupOf(page);
}

/** `name` is also the anchor. */
export function section(name: string, heading: string, lead: Content, body: Content): Html {
  return html`
<section id="${name}" aria-labelledby="${name}-heading">
<h2 id="${name}-heading">${heading}</h2>
<p class="lead">${lead}</p>
${body}
</section>`;
}

/** Told by shape and word as well as by colour. */
export function badge(level: Verdict | Status, text: string = level): Html {
  return html`<span class="badge ${level}">${ICONS[level]}${text}</span>`;
}

function icon(drawing: string): Html {
  return trusted(
    `<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${drawing}</svg>`,
  );
}

const ICONS: Readonly<Record<Verdict | Status, Html>> = {
  ok: icon('<path d="M2 6.5 5 9.5 10 3"/>'),
  info: icon('<path d="M6 5.5V10M6 2.4v.1"/>'),
  warning: icon('<path d="M6 2v5M6 9.9v.1"/>'),
  critical: icon('<path d="M6 1 11 10.5H1Z" fill="currentColor"/>'),
  absent: icon('<path d="M2 6h8"/>'),
  failed: icon('<path d="M2.5 2.5l7 7M9.5 2.5l-7 7"/>'),
};

/** A column is text (on one line, unless it is wide) or, to the right, a number. */
export interface Column {
  readonly name: string;
  readonly kind?: 'text' | 'number' | 'wide';
}

const CLASSES = { text: html``, number: html` class="n"`, wide: html` class="wide"` } as const;

/** A table that scrolls in its own box. Each row is cells in the order of the columns, its first one the row's name. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
): Html {
  const align = (at: number): Html => CLASSES[columns[at]?.kind ?? 'text'];
  const head = columns.map(({ name }, at) => html`<th scope="col"${align(at)}>${name}</th>`);
  const lines = rows.map((cells) => {
    const made = cells.map((cell, at) =>
      at === 0 ? html`<th scope="row">${cell}</th>` : html`<td${align(at)}>${cell}</td>`,
    );
    return html`<tr>${made}</tr>\n`;
  });
  return html`<div class="box${lines.length > 24 ? ' tall' : ''}" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>`;
}

/** What is there for those who look for one figure; it is not printed while it is closed. */
export function folded(summary: string, remark: Content, body: Content): Html {
  return html`<details><summary>${summary} <span>${remark}</span></summary>${body}</details>`;
}

export function panel(body: Content, bare = false): Html {
  return html`<div class="panel${bare ? ' bare' : ''}">${body}</div>`;
}
