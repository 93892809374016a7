/**
 * The market graph with its hard words and none of its data: what a listing says decides which files there are (a
 * dynamic dimension), each file reads its own entry of it (keyed inputs), and some files and months do not exist (absent
 * targets). Five small tasks of the user's stand in for the market's.
 */
import type { Edit, Extent, Shape, Step } from './shape.ts';
import { extentOf, pairOf } from './shape.ts';

/** Of a symbol's days: listed, and not there when they are asked for. */
const ABSENT_EVERY = 50;
const FIRST_SIZE = 100;

export function marketShape(size: number): Shape {
  const extent = extentOf(size);
  const { symbols, days, months, until } = extent;
  // The first month is served by nothing: `staged`, and what is made of it, are absent.
  const perSymbol = 2 + days.length + 2 * months.size;
  return {
    graph: 'market',
    size,
    targets: symbols.length * perSymbol + 1,
    workspace: [
      ['pipeline.yaml', MANIFEST],
      ['config.yaml', `until: "${until}"\nsymbols: ${JSON.stringify(symbols)}\n`],
      ...Object.entries(TASKS).map(([name, text]) => [`tasks/${name}.ts`, text] as const),
    ],
    *inputs() {
      const text = listingOf(extent);
      for (const symbol of symbols) yield [`in/${symbol}.json`, text];
    },
    steps: () => stepsOf(extent),
    edits: size,
    edit(at, nth): Edit {
      const { symbol } = pairOf(extent, at);
      // Of the days that are there and whose month is: the next such one.
      const wanted = days.indexOf(pairOf(extent, at).day);
      const there = days.findIndex(
        (day, index) => index >= wanted && index % ABSENT_EVERY !== 0 && !day.startsWith('2020-01'),
      );
      const day = days[there === -1 ? days.length - 1 : there];
      if (day === undefined) throw new Error(`${symbol} has no day`);
      const month = day.slice(0, 7);
      return {
        path: `in/${symbol}.json`,
        before: listingOf(extent),
        text: listingOf(extent, { day, bytes: FIRST_SIZE + nth }),
        targets: [
          `listing/${symbol}`,
          `sources/${symbol}`,
          `archive/${symbol}/${day}`,
          `staged/${symbol}/${month}`,
          `bars/${symbol}/${month}`,
          'reports',
        ],
      };
    },
    peersRebuildTheSame: false,
  };
}

function listingOf({ days }: Extent, other?: { readonly day: string; readonly bytes: number }): string {
  const entries = days.map((day, at) => [
    day,
    { bytes: day === other?.day ? other.bytes : FIRST_SIZE, there: at % ABSENT_EVERY !== 0 },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/** As far as files and commands can say it: what is absent is left out. */
function* stepsOf({ symbols, days, months }: Extent): Iterable<Step> {
  const reported: string[] = [];
  for (const symbol of symbols) {
    yield { out: `listing/${symbol}.json`, ins: [`in/${symbol}.json`] };
    const sources = `sources/${symbol}.json`;
    yield { out: sources, ins: [`listing/${symbol}.json`] };
    for (const [at, day] of days.entries())
      if (at % ABSENT_EVERY !== 0) yield { out: `archive/${symbol}/${day}`, ins: [sources] };
    for (const [month, its] of months) {
      if (month === '2020-01') continue;
      const ins = its.filter((day) => days.indexOf(day) % ABSENT_EVERY !== 0);
      const staged = `staged/${symbol}/${month}`;
      yield { out: staged, ins: [...ins.map((day) => `archive/${symbol}/${day}`), sources] };
      yield { out: `bars/${symbol}/${month}`, ins: [staged] };
      reported.push(`bars/${symbol}/${month}`);
    }
  }
  yield { out: 'report.txt', ins: reported, command: 'find bars -type f | sort | xargs cat' };
}

const MANIFEST = `version: 1
configs: [config.yaml]
as_of: "\${until}"
dimensions:
  symbol: \${symbols}
  month: { every: month, from: "2020-01-01T00:00:00Z", to: "\${as_of}" }
  file: { of: symbol, keys: { rule: sources, pointer: /files } }
rules:
  listing:
    for: [symbol]
    in: { text: "in/\${symbol}.json" }
    out: { listing: "listing/\${symbol}.json" }
    task: ./tasks/listing.ts
  sources:
    for: [symbol]
    in: { listing: { rule: listing } }
    out: { sources: "sources/\${symbol}.json" }
    task: ./tasks/sources.ts
  archive:
    for: [symbol, file]
    in: { entry: { rule: sources, pointer: "/files/\${file}" } }
    out: { zip: "archive/\${symbol}/\${file}" }
    task: ./tasks/archive.ts
    params: { symbol: "\${symbol}", file: "\${file}" }
  staged:
    for: [symbol, month]
    in:
      zips: { rule: archive }
      plan: { rule: sources, pointer: "/months/\${month}" }
    out: { bars: "staged/\${symbol}/\${month}" }
    task: ./tasks/staged.ts
    params: { symbol: "\${symbol}" }
  bars:
    for: [symbol, month]
    in: { staged: { rule: staged } }
    out: { bars: "bars/\${symbol}/\${month}" }
    task: ./tasks/join.ts
    params: { symbol: "\${symbol}" }
  reports:
    in: { bars: { rule: bars } }
    out: { report: report.txt }
    task: ./tasks/join.ts
`;

const CONTEXT = `import { readFileSync, writeFileSync } from 'node:fs';

interface Context {
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
  readonly values: Readonly<Record<string, any>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly target: string;
}

const joined = (inputs: string | readonly string[] = []): string =>
  [inputs].flat().map((path) => readFileSync(path, 'utf8')).join('');
const write = ({ outputs }: Context, text: string): void => {
  for (const path of Object.values(outputs)) writeFileSync(path, text);
};
`;

const TASKS: Readonly<Record<string, string>> = {
  listing: `${CONTEXT}
export default { version: 1, run: (ctx: Context) => write(ctx, joined(ctx.inputs['text'])) };
`,
  sources: `${CONTEXT}
export default {
  version: 1,
  run(ctx: Context) {
    const files = JSON.parse(joined(ctx.inputs['listing']));
    const months = Object.fromEntries(Object.keys(files).map((day) => [day.slice(0, 7), !day.startsWith('2020-01')]));
    write(ctx, JSON.stringify({ files, months }));
  },
};
`,
  archive: `${CONTEXT}
export default {
  version: 1,
  run(ctx: Context) {
    const entry = ctx.values['entry'];
    if (!entry.there) return { absent: 'no such file' };
    return write(ctx, \`\${ctx.target} \${entry.bytes}\\n\`);
  },
};
`,
  staged: `${CONTEXT}
export default {
  version: 1,
  run(ctx: Context) {
    if (ctx.values['plan'] !== true) return { absent: 'nothing serves the month' };
    return write(ctx, joined(ctx.inputs['zips']));
  },
};
`,
  join: `${CONTEXT}
export default { version: 1, run: (ctx: Context) => write(ctx, joined(Object.values(ctx.inputs).flat())) };
`,
};
