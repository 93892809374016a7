/**
 * The plain graph: a file for each day of each symbol → a target for that day → one for its month → one report, all by
 * one small task of the user's. It is what any build tool can say.
 */
import type { Edit, Extent, Shape, Step } from './shape.ts';
import { extentOf, pairOf } from './shape.ts';

export function dayShape(size: number): Shape {
  const extent = extentOf(size);
  const { symbols, days, months, until } = extent;
  const textAt = (at: number, nth: number): string => {
    const { symbol, day } = pairOf(extent, at);
    return `${symbol} ${day} ${nth}\n`;
  };
  const pathAt = (at: number): string => {
    const { symbol, day } = pairOf(extent, at);
    return `in/${symbol}/${day}.txt`;
  };
  return {
    graph: 'days',
    size,
    targets: symbols.length * (days.length + months.size) + 1,
    workspace: [
      ['pipeline.yaml', MANIFEST],
      ['config.yaml', `until: "${until}"\nsymbols: ${JSON.stringify(symbols)}\n`],
      ['tasks/join.ts', JOIN],
    ],
    *inputs() {
      for (let at = 0; at < size; at++) yield [pathAt(at), textAt(at, 0)];
    },
    steps: () => stepsOf(extent),
    edits: size,
    edit(at, nth): Edit {
      const { symbol, day } = pairOf(extent, at);
      const targets = [`days/${symbol}/${day}`, `months/${symbol}/${day.slice(0, 7)}`, 'report'];
      return { path: pathAt(at), before: textAt(at, 0), text: textAt(at, nth), targets };
    },
    peersRebuildTheSame: true,
  };
}

function* stepsOf({ symbols, days, months }: Extent): Iterable<Step> {
  for (const symbol of symbols)
    for (const day of days) yield { out: `out/${symbol}/${day}.txt`, ins: [`in/${symbol}/${day}.txt`] };
  const made: string[] = [];
  for (const symbol of symbols) {
    for (const [month, its] of months) {
      const out = `months/${symbol}/${month}.txt`;
      yield { out, ins: its.map((day) => `out/${symbol}/${day}.txt`) };
      made.push(out);
    }
  }
  // As names they would be more than a command line takes.
  yield { out: 'report.txt', ins: made, command: "find months -name '*.txt' | sort | xargs cat" };
}

const MANIFEST = `version: 1
configs: [config.yaml]
as_of: "\${until}"
dimensions:
  symbol: \${symbols}
  day: { every: day, from: "2020-01-01T00:00:00Z", to: "\${as_of}" }
  month: { every: month, from: "2020-01-01T00:00:00Z", to: "\${as_of}" }
rules:
  days:
    for: [symbol, day]
    in: { text: "in/\${symbol}/\${day}.txt" }
    out: { text: "out/\${symbol}/\${day}.txt" }
    task: ./tasks/join.ts
  months:
    for: [symbol, month]
    in: { days: { rule: days } }
    out: { text: "months/\${symbol}/\${month}.txt" }
    task: ./tasks/join.ts
  report:
    in: { months: { rule: months } }
    out: { text: report.txt }
    task: ./tasks/join.ts
`;

const JOIN = `import { readFileSync, writeFileSync } from 'node:fs';

interface Context {
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
  readonly outputs: { readonly text: string };
}

export default {
  version: 1,
  run(ctx: Context): void {
    const paths = Object.values(ctx.inputs).flat();
    writeFileSync(ctx.outputs.text, paths.map((path) => readFileSync(path, 'utf8')).join(''));
  },
};
`;
