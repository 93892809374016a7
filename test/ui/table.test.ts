import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTable } from '../../src/ui/table.ts';
import { textWidth } from '../../src/ui/width.ts';

const COLUMNS = [{ title: 'symbol' }, { title: 'expected' }, { title: 'cause' }];
const ROWS = [
  ['BTCUSDT', '44640', 'halt on the exchange, announced'],
  ['币安人生USDT', '7', ''],
];

function table(width: number, color = false): string {
  return formatTable(COLUMNS, ROWS, { width, color });
}

describe('a table', () => {
  it('aligns texts left and numbers right', () => {
    expect(table(80)).toBe(
      [
        'symbol        expected  cause',
        'BTCUSDT          44640  halt on the exchange, announced',
        '币安人生USDT         7',
        '',
      ].join('\n'),
    );
  });

  it('crops the widest text first', () => {
    expect(table(40)).toBe(
      [
        'symbol        expected  cause',
        'BTCUSDT          44640  halt on the exc…',
        '币安人生USDT         7',
        '',
      ].join('\n'),
    );
  });

  it('then the titles of numbers and the other texts, but never a number', () => {
    expect(table(20)).toBe(['symb…  expe…  cause', 'BTCU…  44640  halt…', '币安…      7', ''].join('\n'));
  });

  it('leaves out columns that have no place, and says so', () => {
    expect(
      formatTable([{ title: 'a' }, { title: 'b' }, { title: 'c' }], [['100000', '200000', '300000']], {
        width: 10,
        color: false,
      }),
    ).toBe('     a  …\n100000  …\n');
  });

  it('shows no part of a number that does not fit', () => {
    expect(formatTable([{ title: 'total' }], [['123456']], { width: 4, color: false })).toBe('tot…\n   …\n');
  });

  it('aligns as it is told', () => {
    const columns = [
      { title: 'id', align: 'left' },
      { title: 'lag', align: 'right' },
    ] as const;
    expect(
      formatTable(
        columns,
        [
          ['1', 'none'],
          ['22', '3m'],
        ],
        { width: 80, color: false },
      ),
    ).toBe('id   lag\n1   none\n22    3m\n');
  });

  it('paints the titles only', () => {
    expect(formatTable([{ title: 'a' }], [['b']], { width: 80, color: true })).toBe('\x1b[1ma\x1b[22m\nb\n');
  });

  it('shows control characters, and fills rows that are short', () => {
    expect(formatTable([{ title: 'a' }, { title: 'b' }], [['x\x1b[2J\n']], { width: 80, color: false })).toBe(
      'a           b\nx\\x1b[2J\\n\n',
    );
  });

  it('crops nothing at infinite width, and is empty without columns', () => {
    const long = 'x'.repeat(1000);
    expect(formatTable([{ title: 'a' }], [[long]], { width: Number.POSITIVE_INFINITY, color: false })).toBe(
      `a\n${long}\n`,
    );
    expect(formatTable([], [], { width: 80, color: false })).toBe('');
  });

  const cell = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const anyTable = fc.integer({ min: 1, max: 6 }).chain((count) =>
    fc.record({
      columns: fc.array(
        fc.record(
          { title: fc.string({ maxLength: 20 }), align: fc.constantFrom('left', 'right') },
          { requiredKeys: ['title'] },
        ),
        { minLength: count, maxLength: count },
      ),
      rows: fc.array(fc.array(cell, { maxLength: count }), { maxLength: 6 }),
      width: fc.integer({ min: 1, max: 100 }),
      color: fc.boolean(),
    }),
  );

  it('never has a line wider than it may be, nor more lines than rows and a title', () => {
    fc.assert(
      fc.property(anyTable, ({ columns, rows, width, color }) => {
        const lines = formatTable(columns, rows, { width, color }).split('\n');
        expect(lines).toHaveLength(rows.length + 2);
        for (const line of lines)
          expect(textWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('shows every number whole or not at all', () => {
    const number = fc.integer({ min: 10, max: 99_999_999 }).map(String);
    const numbers = fc.array(
      fc.tuple(number, fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 20 }), number),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 60 }), (rows, width) => {
        const columns = [{ title: 'n' }, { title: 'text' }, { title: 'm' }];
        const [, ...lines] = formatTable(columns, rows, { width, color: false }).trimEnd().split('\n');
        for (const [index, line] of lines.entries()) {
          for (const shown of line.match(/\d+/g) ?? []) expect(rows[index]).toContain(shown);
        }
      }),
    );
  });
});
