/**
 * The page's style sheet: system fonts, few colours, light and dark, screen and paper. The colours of coverage go
 * one way from light to dark (from dark to light on a dark screen), so that they keep their order for eyes that
 * tell no red from green, and on a grey printer.
 */

const LIGHT = `
  --paper: #faf9f6; --panel: #ffffff; --ink: #1a2024; --muted: #59646c; --line: #e3e2dc; --accent: #17695a;
  --ok: #17695a; --info: #2f6f9f; --warning: #955200; --critical: #a8171a;
  --ok-tint: #e4f1ec; --info-tint: #e4eef6; --warning-tint: #fbeed6; --critical-tint: #fbe6e2;
  --c0: #cdebe2; --c1: #93d2bb; --c2: #d7ae52; --c3: #da720d; --c4: #bd321b; --c5: #721b21;
  --on-light: #1a2024; --on-dark: #ffffff; --none: #f1f0ec; --frame: #c6c9c5; --shade: #c6c9c5; --failed: #343c44;
  --pre-listing: #c3cad1; --delisted: #9aa4ad; --halt: #3f86b8; --quarantined: #9e141e; --not-published: #d9700b;
  --archive-defect: #714ca6; --confirmed-empty: #d8b13c; --unknown: #1a2024;
  color-scheme: light;`;

const DARK = `
  --paper: #11161a; --panel: #182026; --ink: #e5eaec; --muted: #9aa8b0; --line: #2b353c; --accent: #6cc5ae;
  --ok: #6cc5ae; --info: #7db8e0; --warning: #e9ac4f; --critical: #ff8a78;
  --ok-tint: #17322d; --info-tint: #182e3f; --warning-tint: #392b12; --critical-tint: #43201c;
  --c0: #264341; --c1: #2d6359; --c2: #9e7a23; --c3: #e18528; --c4: #ff987e; --c5: #ffd9d7;
  --on-light: #ffffff; --on-dark: #11161a; --none: #1c252b; --frame: #45525b; --shade: #060809; --failed: #c9d2d8;
  --pre-listing: #46525b; --delisted: #65727b; --halt: #4795cf; --quarantined: #f0645c; --not-published: #ee9440;
  --archive-defect: #c6a9f2; --confirmed-empty: #e6c65f; --unknown: #ffffff;
  color-scheme: dark;`;

const BASE = `
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
h1, h2, p, figure, dl, ul { margin: 0; padding: 0; }
h1 { font-size: clamp(21px, 3.4vw, 31px); line-height: 1.25; font-weight: 650; letter-spacing: -0.012em;
  text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 18px; font-weight: 650; letter-spacing: -0.005em; }
a { color: var(--accent); }
code, .digest { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.kicker { color: var(--muted); font-size: 13px; margin-bottom: 14px; overflow-wrap: anywhere; }
.kicker b { color: var(--ink); font-weight: 600; }
.kicker span { white-space: nowrap; }
.verdict { display: flex; gap: 18px; align-items: flex-start; padding: 22px 24px; border-radius: 14px;
  background: var(--tint); border-left: 6px solid var(--tone); }
.verdict p { margin-top: 8px; color: var(--muted); font-size: 14px; }
.verdict .badge { margin-top: 5px; }
.badge { display: inline-flex; align-items: center; gap: 5px; padding: 1px 9px 1px 7px; border-radius: 99px;
  font-size: 12.5px; font-weight: 600; white-space: nowrap; color: var(--tone); background: var(--tint); }
.badge svg { flex: none; }
.badge + .badge { margin-left: 6px; }
.verdict .badge { background: var(--panel); font-size: 14px; padding: 3px 12px 3px 10px; }
.ok { --tone: var(--ok); --tint: var(--ok-tint); }
.info { --tone: var(--info); --tint: var(--info-tint); }
.warning { --tone: var(--warning); --tint: var(--warning-tint); }
.critical, .failed { --tone: var(--critical); --tint: var(--critical-tint); }
.absent { --tone: var(--muted); --tint: var(--none); }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin-top: 20px;
  background: var(--line); border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.tiles > div { background: var(--panel); padding: 14px 18px; }
.tiles dt { color: var(--muted); font-size: 12.5px; }
.tiles dd { margin: 2px 0 0; font-size: 21px; font-weight: 600; letter-spacing: -0.01em; line-height: 1.25; }
.tiles dd + dd { font-size: 12.5px; font-weight: 400; letter-spacing: 0; color: var(--muted); margin-top: 3px; }
section { margin-top: 44px; }
section > .lead { color: var(--muted); font-size: 14px; max-width: 76ch; margin: 4px 0 14px; }
.note { color: var(--muted); font-size: 13px; margin-top: 10px; max-width: 86ch; }
.panel, details { background: var(--panel); border: 1px solid var(--line); border-radius: 14px; }
.panel { padding: 16px 18px; }
details, .panel ~ .panel, .cards ~ .panel { margin-top: 12px; }
summary { padding: 11px 18px; cursor: pointer; font-weight: 600; font-size: 14px; }
summary span { color: var(--muted); font-weight: 400; }
summary:focus-visible, .box:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 12px; }
details .box { border-top: 1px solid var(--line); }`;

const TABLES = `
/* A shade at the right edge while there is more to the right: the first layer scrolls along and covers it at the end. */
.box { overflow: auto; max-width: 100%; background: linear-gradient(to left, var(--panel) 50%, transparent) right / 48px 100%
  no-repeat local, linear-gradient(to left, var(--shade), transparent) right / 20px 100% no-repeat; }
.box.tall { max-height: 34rem; }
.panel.bare { padding: 0; overflow: hidden; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 13.5px; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: 6px 14px; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--panel); color: var(--muted); font-weight: 500;
  font-size: 12.5px; }
tbody th { font-weight: 600; }
tbody tr:hover > * { background: color-mix(in srgb, var(--line) 35%, var(--panel)); }
td.wide { white-space: normal; min-width: 12rem; overflow-wrap: anywhere; }
td small, th small { display: block; white-space: normal; width: max-content; max-width: 17rem; color: var(--muted); font-size: 12px; font-weight: 400; }
.n { text-align: right; }
.low { color: var(--muted); }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2.5px; margin-right: 7px; }`;

const CHARTS = `
.strip { overflow-x: auto; padding-bottom: 4px; }
.strip > div { display: flex; align-items: flex-start; width: max-content; break-inside: avoid; }
.strip > div + div { margin-top: 10px; }
.strip svg { flex: none; display: block; }
.strip svg:first-child { position: sticky; left: 0; z-index: 1; background: var(--panel); }
.cells rect:hover { stroke: var(--ink); stroke-width: 1.5px; }
.gaps rect:hover { stroke: var(--ink); stroke-width: 1px; }
.axis { color: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; list-style: none; font-size: 13px; margin: 12px 0 0; }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend svg { flex: none; }
.legend b { font-weight: 600; white-space: nowrap; }
.legend span { color: var(--muted); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 195px), 1fr)); gap: 12px; list-style: none; }
.cards li { background: var(--panel); border: 1px solid var(--line); border-radius: 14px; padding: 14px;
  min-width: 0; break-inside: avoid; }
.cards .badge { font-size: 12px; padding: 0 7px 0 6px; gap: 4px; }
.cards h3 { margin: 0; font-size: 14px; font-weight: 650; display: flex; flex-wrap: wrap; justify-content: space-between;
  gap: 2px 8px; align-items: center; }
.cards h3 > span:first-child { min-width: 0; overflow-wrap: anywhere; }
.cards svg.spark { display: block; width: 100%; height: auto; margin-top: 8px; }
.cards dl { display: grid; grid-template-columns: auto 1fr; gap: 1px 12px; font-size: 12.5px; margin-top: 8px; }
.cards dt { color: var(--muted); }
.cards dd { margin: 0; text-align: right; }
.share { display: flex; height: 12px; border-radius: 6px; overflow: hidden; gap: 2px; }
.share i { display: block; min-width: 2px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 8px 24px; font-size: 14px; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; min-width: 0; }
footer { color: var(--muted); font-size: 13px; padding-top: 36px; padding-bottom: 48px; }`;

const NARROW = `
@media screen and (max-width: 620px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; }
  header { padding-top: 20px; }
  .verdict { flex-direction: column; gap: 10px; padding: 16px 18px; }
  .verdict .badge { margin-top: 0; }
  .panel { padding: 14px; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles > div { padding: 12px 14px; }
  .tiles dd { font-size: 18px; }
  th, td { padding: 6px 10px; }
  td small, th small { max-width: 8.5rem; }
  .facts { grid-template-columns: 1fr; gap: 2px; }
  .facts dd { margin-bottom: 8px; }
}`;

/** Colours are information: they are printed. Charts shrink to the paper instead of scrolling. */
const PRINT = `
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { --paper: #ffffff; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 12px; }
  main, header, footer { max-width: none; padding: 0; }
  footer { padding-top: 16px; }
  section { margin-top: 22px; }
  h2, .lead { break-after: avoid; }
  section > .lead { max-width: none; }
  tr, .lead, .legend, .verdict, .tiles { break-inside: avoid; }
  .box, .box.tall, .strip { overflow: visible; max-height: none; background: none; }
  .strip > div { width: auto; max-width: calc(1px * (var(--labels) + var(--chart))); }
  .strip svg:first-child { width: calc(100% * var(--labels) / (var(--labels) + var(--chart))); }
  .strip svg { height: auto; width: calc(100% * var(--chart) / (var(--labels) + var(--chart))); }
  .cards { grid-template-columns: repeat(5, 1fr); }
  details:not([open]) { display: none; }
  th, td, thead th { padding: 2px 4px; font-size: 9.5px; }
  thead th { position: static; }
  .cards h3 { font-size: 12px; }
  .cards li { padding: 10px; }
  td small, th small { font-size: 9px; }
  td .badge { font-size: 9px; padding: 0 5px; gap: 3px; }
  td .badge svg { width: 8px; height: 8px; }
}`;

export const STYLE = [
  `:root {${LIGHT}\n}`,
  `@media screen and (prefers-color-scheme: dark) { :root {${DARK}\n} }`,
  BASE,
  TABLES,
  CHARTS,
  NARROW,
  PRINT,
].join('\n');
