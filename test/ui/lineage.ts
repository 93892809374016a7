/** Lineages as the engine gives them, for tests of what is printed of them. */
import type { DrawnLineage, DrawnOrigin, DrawnTarget } from '../../src/ui/lineage-groups.ts';

export const AT = '2024-04-01T00:00:00.000Z';

export interface TargetSpec extends Partial<DrawnTarget> {
  readonly origins?: readonly DrawnOrigin[];
  /** Names of targets that it has read. */
  readonly reads?: readonly string[];
}

export function target(name: string, { origins, reads = [], ...more }: TargetSpec = {}): DrawnTarget {
  return {
    target: name,
    rule: name.split('/', 1)[0] ?? name,
    relation: 'from',
    finishedAt: AT,
    inputs: reads.map((each) => ({ input: 'in', path: `${each}.out`, target: each })),
    leftOut: [],
    outputs: [{ path: `${name}.out`, digest: `digest of ${name}`, ...(origins && { origins }) }],
    ...more,
  };
}

/** Of a report, over so many symbols and months from 2016-01 on, each with its ZIP. */
export function reportOver(symbols: number, months: number): DrawnLineage {
  const names = Array.from({ length: symbols }, (_, at) => `S${String(at).padStart(3, '0')}`);
  const keys = Array.from({ length: months }, (_, at) =>
    new Date(Date.UTC(2016, at)).toISOString().slice(0, 7),
  );
  const each = (
    rule: string,
    of: (key: string, symbol: string, month: string) => TargetSpec,
  ): DrawnTarget[] =>
    names.flatMap((symbol) =>
      keys.map((month) => target(`${rule}/${symbol}/${month}`, of(`${symbol}/${month}`, symbol, month))),
    );
  return {
    of: { kind: 'output', name: 'reports/coverage.csv', target: 'reports' },
    targets: [
      ...names.map((symbol) => target(`listing/${symbol}`)),
      ...each('archive', (_, symbol, month) => ({
        reads: [`listing/${symbol}`],
        origins: [
          {
            url: `https://data.example/klines/${symbol}/1m/${symbol}-1m-${month}.zip`,
            checksum: `sum of ${symbol} ${month}`,
            fetchedAt: `${month}-05T00:00:00.000Z`,
          },
        ],
      })),
      ...each('bars', (key) => ({ reads: [`archive/${key}`] })),
      target('reports', {
        relation: 'of',
        reads: names.flatMap((symbol) => keys.map((month) => `bars/${symbol}/${month}`)),
        outputs: [{ path: 'reports/coverage.csv', digest: 'digest of the report' }],
      }),
    ],
    files: [],
  };
}
