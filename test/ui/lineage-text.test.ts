import { describe, expect, it } from 'vitest';
import { formatLineageMermaid } from '../../src/ui/lineage-mermaid.ts';
import { formatLineage } from '../../src/ui/lineage-text.ts';
import { AT, reportOver, target } from './lineage.ts';

const plain = { color: false, verbose: false };

describe('a lineage in text', () => {
  it('of 100 symbols and 100 months is a page, and says of which symbols, months and addresses', () => {
    expect(`\n${formatLineage(reportOver(100, 100), plain)}`).toMatchInlineSnapshot(`
      "
      reports/coverage.csv
        made by reports, recorded 2024-04-01T00:00:00.000Z
        sha256 digest of the report

      made from
        listing S000..S099 (100)
        archive S000, S001, S002 and 97 more 2016-01..2024-04 (10000)
          https://data.example/klines/*/1m/*-1m-*.zip (10000)
            fetched 2016-01-05T00:00:00.000Z..2024-04-05T00:00:00.000Z
        bars S000, S001, S002 and 97 more 2016-01..2024-04 (10000)
      "
    `);
  });

  it('has each target with all that is known of it when asked for', () => {
    const text = formatLineage(reportOver(100, 100), { ...plain, verbose: true });
    expect(text.match(/^ {2}archive\/S\d{3}\/\d{4}-\d{2}$/gm)).toHaveLength(10_000);
    expect(text).toContain(
      [
        '  archive/S042/2020-07',
        '    https://data.example/klines/S042/1m/S042-1m-2020-07.zip',
        '      fetched 2020-07-05T00:00:00.000Z',
        '      sha256 sum of S042 2020-07',
        '',
      ].join('\n'),
    );
  });

  it('shows symbols with other months by themselves, and months that are left out between others', () => {
    const months = (symbol: string, keys: readonly string[], apart?: string) =>
      keys.map((key) => target(`bars/${symbol}/${key}`, key === apart ? { apart: true } : {}));
    const of = target('sum', { relation: 'of' });
    const targets = [
      ...months('a', ['2024-01', '2024-02', '2024-03']),
      ...months('b', ['2024-01', '2024-03'], '2024-03'),
      ...months('c', ['2024-01', '2024-02', '2024-03']),
      of,
    ];
    expect(
      `\n${formatLineage({ of: { kind: 'target', name: 'sum', target: 'sum' }, targets, files: [] }, plain)}`,
    ).toMatchInlineSnapshot(`
      "
      sum
        recorded 2024-04-01T00:00:00.000Z
        sum.out  sha256 digest of sum

      made from
        bars a, c 2024-01..2024-03 (6)
        bars b 2024-01, 2024-03 (2)
      "
    `);
  });

  it('says what is known of one file from outside, and that of an adopted one no time is', () => {
    const url = 'https://data.example/a.zip';
    const zip = {
      url,
      revision: '"e1"',
      modified: '2024-02-01T00:00:00.000Z',
      checksum: 'c1',
      bytes: 71_234,
    };
    const answer = { url: 'https://api.example/klines?symbol=A', fetchedAt: AT, file: 'raw/1.json' };
    const targets = [
      target('zip', { origins: [{ ...zip, fetchedAt: AT }] }),
      target('adopted', { origins: [zip] }),
      target('fill', { origins: [answer] }),
      target('sum', {
        relation: 'of',
        inputs: [{ input: 'in', path: 'zip.out', target: 'zip', earlier: true }],
        leftOut: [
          { target: 'm/1', reason: 'not there yet', state: 'absent' },
          { target: 'm/2', reason: 'archive-corrupt m/2', state: 'failed' },
        ],
      }),
      target('report', { relation: 'into' }),
    ];
    const files = [
      { path: 'in/a.txt', digests: ['d1'] },
      { path: 'raw/1.json', digests: ['d2'], origins: [answer] },
      { path: 'raw/2.json', digests: ['d3'], origins: [answer] },
    ];
    const of = { kind: 'target', name: 'sum', target: 'sum' } as const;
    expect(`\n${formatLineage({ of, targets, files }, plain)}`).toMatchInlineSnapshot(`
      "
      sum
        recorded 2024-04-01T00:00:00.000Z
        sum.out  sha256 digest of sum
          of an earlier content of zip.out
          without, as absent: m/1 (not there yet)
          without, as failed: m/2 (archive-corrupt m/2)

      made from
        zip
          https://data.example/a.zip
            revision "e1", modified 2024-02-01T00:00:00.000Z, 71.2 kB, fetched 2024-04-01T00:00:00.000Z
            sha256 c1
        adopted
          https://data.example/a.zip
            revision "e1", modified 2024-02-01T00:00:00.000Z, 71.2 kB, found in place: no time of download
            sha256 c1
        fill
          https://api.example/klines?symbol=A
            fetched 2024-04-01T00:00:00.000Z, kept as raw/1.json

      files that no rule makes
        in/a.txt
          sha256 d1
        raw/* (2)

      went into
        report
      "
    `);
  });

  it('counts addresses without a time among others', () => {
    const months = ['2024-01', '2024-02', '2024-03'];
    const targets = months.map((month, at) =>
      target(`archive/A/${month}`, {
        origins: [
          {
            url: `https://data.example/A-1m-${month}.zip`,
            ...(at === 1 ? {} : { fetchedAt: `${month}-09T00:00:00Z` }),
          },
        ],
      }),
    );
    const of = { kind: 'target', name: 'x' } as const;
    expect(`\n${formatLineage({ of, targets, files: [] }, plain)}`).toMatchInlineSnapshot(`
      "
      x
        no rule makes it

      made from
        archive A 2024-01..2024-03 (3)
          https://data.example/*-1m-*.zip (3)
            fetched 2024-01-09T00:00:00Z..2024-03-09T00:00:00Z, 1 found in place: no time of download
      "
    `);
  });

  it('shows the one address of its kind among others as it is, and what differs in queries as *', () => {
    const of = { kind: 'target', name: 'x' } as const;
    const at = (month: string, url: string) =>
      target(`fill/A-B/${month}`, { origins: [{ url, fetchedAt: AT }] });
    const targets = [
      at('2024-01', 'https://data.example/monthly/A-B-15m-2024-01.zip'),
      at('2024-02', 'https://api.example/k?symbol=A-B&i=1m&start=1'),
      at('2024-03', 'https://api.example/k?symbol=A-B&i=1m&start=2'),
    ];
    expect(`\n${formatLineage({ of, targets, files: [] }, plain)}`).toMatchInlineSnapshot(`
      "
      x
        no rule makes it

      made from
        fill A-B 2024-01..2024-03 (3)
          https://data.example/monthly/A-B-15m-2024-01.zip
            fetched 2024-04-01T00:00:00.000Z
          https://api.example/k?symbol=*&i=1m&start=* (2)
            fetched 2024-04-01T00:00:00.000Z
      "
    `);
  });

  it('lets nothing through that a terminal would obey', () => {
    const name = 'a\u001b[31m\n';
    const of = { kind: 'target', name, target: name } as const;
    const targets = [
      target(name, {
        relation: 'of',
        origins: [{ url: `https://x/${name}`, revision: name, checksum: name }],
      }),
      target(`${name}2`, { leftOut: [{ target: name, reason: name, state: 'absent' }] }),
    ];
    const text = formatLineage({ of, targets, files: [{ path: name, digests: [] }] }, plain);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(text.split('\n').some((line) => line.startsWith('2'))).toBe(false);
  });
});

describe('a lineage as a Mermaid chart', () => {
  it('of 100 symbols and 100 months is a chart that can be read', () => {
    expect(`\n${formatLineageMermaid(reportOver(100, 100), { verbose: false })}`).toMatchInlineSnapshot(`
      "
      flowchart LR
        u0(["https://data.example/klines/*/1m/*-1m-*.zip"])
        t0["listing S000..S099 (100)"]
        t1["archive S000, S001, S002 and 97 more 2016-01..2024-04 (10000)"]
        t2["bars S000, S001, S002 and 97 more 2016-01..2024-04 (10000)"]
        t3["reports"]:::asked
        u0 --> t1
        t0 -- "in" --> t1
        t1 -- "in" --> t2
        t2 -- "in" --> t3
        classDef asked stroke-width:3px
      "
    `);
  });

  it('has each target by itself when asked for', () => {
    expect(`\n${formatLineageMermaid(reportOver(1, 2), { verbose: true })}`).toMatchInlineSnapshot(`
      "
      flowchart LR
        u0(["https://data.example/klines/S000/1m/S000-1m-2016-01.zip"])
        u1(["https://data.example/klines/S000/1m/S000-1m-2016-02.zip"])
        t0["listing/S000"]
        t1["archive/S000/2016-01"]
        t2["archive/S000/2016-02"]
        t3["bars/S000/2016-01"]
        t4["bars/S000/2016-02"]
        t5["reports"]:::asked
        u0 --> t1
        u1 --> t2
        t0 -- "in" --> t1
        t0 -- "in" --> t2
        t1 -- "in" --> t3
        t2 -- "in" --> t4
        t3 -- "in" --> t5
        t4 -- "in" --> t5
        classDef asked stroke-width:3px
      "
    `);
  });

  it('quotes what Mermaid would take for markup', () => {
    const of = { kind: 'target', name: 'x', target: 'x' } as const;
    const files = [{ path: 'a"b<c>#d`e.txt', digests: [] }];
    const inputs = [{ input: 'i"n', path: 'a"b<c>#d`e.txt' }];
    expect(
      `\n${formatLineageMermaid({ of, targets: [target('x', { relation: 'of', inputs })], files }, { verbose: false })}`,
    ).toMatchInlineSnapshot(`
      "
      flowchart LR
        f0[/"a#34;b#60;c#62;#35;d#96;e.txt"/]
        t0["x"]:::asked
        f0 -- "i#34;n" --> t0
        classDef asked stroke-width:3px
      "
    `);
  });
});
