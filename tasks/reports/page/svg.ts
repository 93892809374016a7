/**
 * Charts: Observable Plot draws into a document without a browser, and what it drew is spelt as SVG for the page.
 * Loading both takes a while: only the report that makes a page imports this. It knows no data.
 */
import type { PlotOptions } from '@observablehq/plot';
import { plot } from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { z } from 'zod';
import type { Html } from './escape.ts';
import { escaped, html, trusted } from './escape.ts';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** What the charts leave to the caller; the name goes to readers of the screen. */
export type ChartOptions = Omit<PlotOptions, 'document' | 'className'> & {
  readonly width: number;
  readonly height: number;
};

/** Plot would draw class names from a counter, and put a style sheet into each chart. */
export function chart(name: string, className: string, options: ChartOptions): Html {
  const svg = element.parse(plot({ margin: 0, ...options, document, className }));
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', name);
  return trusted(spelt(svg));
}

/**
 * Names that stay in sight while the chart beside them scrolls, in blocks one below the other: paper breaks between
 * them. Names and chart of a block are equally high.
 */
export function strip(
  blocks: readonly { readonly names: Html; readonly drawn: Html }[],
  namesWidth: number,
  width: number,
): Html {
  const shares = `--labels:${namesWidth};--chart:${width}`;
  const made = blocks.map(({ names, drawn }) => html`<div>${names}${drawn}</div>`);
  return html`<div class="strip" style="${shares}" role="group" tabindex="0">${made}</div>`;
}

/** As much of a DOM as is read here. */
interface Attribute {
  readonly name: string;
  readonly value: string;
}
interface Node {
  readonly nodeType: number;
  readonly textContent: string | null;
}
interface Element extends Node {
  readonly localName: string;
  readonly attributes: Iterable<Attribute>;
  readonly childNodes: Iterable<Node>;
  setAttribute(name: string, value: string): void;
}

const [ELEMENT, TEXT] = [1, 3];

function isElement(node: unknown): node is Element {
  return typeof node === 'object' && node !== null && 'nodeType' in node && node.nodeType === ELEMENT;
}

const element = z.custom<Element>(isElement, 'Plot gave no element');

function spelt(node: Element): string {
  const attributes = [...node.attributes]
    .filter(({ name }) => !LEFT_OUT.has(name) || node.localName === 'svg')
    .map(({ name, value }) => ` ${name}="${escaped(GEOMETRY.has(name) ? rounded(value) : value)}"`);
  let inner = '';
  for (const child of node.childNodes) {
    if (child.nodeType === TEXT) inner += escaped(child.textContent ?? '');
    else if (isElement(child) && child.localName !== 'style') inner += spelt(child);
  }
  const { localName } = node;
  const open = `<${localName}${attributes.join('')}`;
  return inner === '' ? `${open}/>` : `${open}>${inner}</${localName}>`;
}

/** Within a chart, which is one image to readers of the screen, nobody hears these. */
const LEFT_OUT: ReadonlySet<string> = new Set(['aria-label', 'aria-hidden', 'aria-description']);

const GEOMETRY: ReadonlySet<string> = new Set([
  ...['x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'd', 'transform', 'points', 'cx', 'cy', 'r'],
]);

/** Hundredths of a pixel: more is not seen, and costs room. */
function rounded(value: string): string {
  return value.replace(/-?\d+\.\d+(?:e[-+]?\d+)?/g, (number) =>
    String(Math.round(Number(number) * 100) / 100),
  );
}
