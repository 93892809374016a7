import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { summaryDocument } from '../../../tasks/reports/document.ts';
import { longestGaps, worstSymbols } from '../../../tasks/reports/page/choose.ts';
import { escaped, html, markupOf } from '../../../tasks/reports/page/escape.ts';
import {
  countText,
  durationText,
  momentText,
  percentText,
  priceText,
} from '../../../tasks/reports/page/figures.ts';
import { pageOf } from '../../../tasks/reports/page/page.ts';
import { inSteps } from '../../../tasks/reports/page/sparklines.ts';
import type { Dataset, DatasetSpec } from './page-data.ts';
import { dataset } from './page-data.ts';

const pageFor = ({ document, gaps, series }: Dataset): string => pageOf(document, gaps, series);
const page = (spec: DatasetSpec): string => pageFor(dataset(spec));
/** As much of a DOM as is asked for: linkedom's own types are those of a browser, which are not loaded here. */
interface Part {
  readonly textContent: string | null;
  readonly attributes: Iterable<{ readonly name: string }>;
}
interface Page {
  querySelector(selector: string): Part | null;
  querySelectorAll(selector: string): Iterable<Part>;
}
const opened = (text: string): Page => parseHTML(text).document;
const all = (text: string, selector: string): readonly Part[] => [...opened(text).querySelectorAll(selector)];
const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;
/** What stands between two texts: parsing whole pages would take long. */
const part = (text: string, from: string, to: string): string => {
  const start = text.indexOf(from);
  return start === -1 ? '' : text.slice(start, text.indexOf(to, start));
};
/** There is a drawing for each block of symbols. */
const cellsIn = (text: string): string => (text.match(/<svg [^>]*class="cells".*?<\/svg>/gs) ?? []).join('');
const spaced = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('the page', () => {
  let ordinary = '';
  beforeAll(() => {
    ordinary = page({ symbols: 10, months: 100 });
  });

  it('is made of a document as summary.json holds it', () => {
    expect(summaryDocument.safeParse(dataset({ symbols: 10, months: 100 }).document).error).toBeUndefined();
  });

  it('has a cell for each symbol and month, and tells its value', () => {
    expect(count(cellsIn(ordinary), /<rect/g)).toBe(1_000);
    expect(spaced(part(cellsIn(ordinary), '<title>', '</title>').slice('<title>'.length))).toBe(
      'BTCUSDT 2017-08: ok\ncoverage 100.0000 % (raw 47.8494 %)\n23,280 missing, 23,280 of them excused',
    );
  });

  it('has a row for each month in its table', () => {
    expect(count(part(ordinary, '<caption>Months', '</table>'), /<tr><th scope="row"/g)).toBe(1_000);
  });

  it('stays small', () => {
    expect(ordinary.length).toBeLessThan(1_500_000);
  });

  it('is the same bytes for the same values', () => {
    const small = { symbols: 3, months: 20 };
    expect(page(small)).toBe(page(small));
  });

  it('asks for nothing and runs nothing', () => {
    expect(ordinary).not.toMatch(/<script|\bsrc=|@import|url\(|https?:/);
    expect(ordinary.match(/href="[^"]*"/g)).toEqual(['href="data:,"']);
    expect(ordinary).toContain(
      'content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:;',
    );
  });

  it('holds no class name, id or clip that Plot has counted up', () => {
    expect(ordinary).not.toMatch(/plot-/);
  });

  it('tells what an absent and a failed month is by a shape', () => {
    const one = dataset({ symbols: 1, months: 1, holes: 0 });
    const marks = (status: 'absent' | 'failed' | 'ok', level: 'ok' | 'warning' | 'critical'): number => {
      const symbols = one.document.symbols.map((symbol) => ({
        ...symbol,
        months: symbol.months.map((month) => ({ ...month, status, level, coverage_adjusted: 0 })),
      }));
      return count(cellsIn(pageFor({ ...one, document: { ...one.document, symbols } })), /<path/g);
    };
    expect([
      marks('ok', 'ok'),
      marks('absent', 'critical'),
      marks('failed', 'critical'),
      marks('ok', 'critical'),
    ]).toEqual([0, 1, 1, 1]);
  });

  it('shows one symbol of one month', () => {
    const text = page({ symbols: 1, months: 1 });
    expect(count(cellsIn(text), /<rect/g)).toBe(1);
    expect(text).toContain('1 symbol, 1 month of data');
  });

  it('shows a dataset without symbols, months, gates and gaps', () => {
    const empty = dataset({ symbols: 1, months: 1, holes: 0 });
    const document = { ...empty.document, symbols: [], gates: [] };
    const text = pageFor({ document, gaps: [], series: [] });
    expect(all(text, '.panel').map(({ textContent }) => textContent?.trim())).toEqual([
      'There is no month.',
      'No gate is declared.',
      'No bar is missing.',
      'There is no symbol.',
      expect.stringContaining('Digest of all sources'),
    ]);
  });

  it('shows a symbol without any bar', () => {
    const one = dataset({ symbols: 1, months: 2, holes: 0 });
    const symbols = one.document.symbols.map((symbol) => ({
      ...symbol,
      first_ts: null,
      last_ts: null,
      lag_minutes: null,
    }));
    const text = pageFor({ ...one, document: { ...one.document, symbols }, series: [] });
    expect(count(text, /<li><h3>/g)).toBe(1);
    expect(count(text, /class="spark"/g)).toBe(0);
  });

  it('shows the 200 worst of more symbols, in the order of the reports, and says so', () => {
    const many = dataset({ symbols: 203, months: 1, holes: 0 });
    const text = pageFor(many);
    expect(count(cellsIn(text), /<rect/g)).toBe(200);
    expect(text).toContain('The 200 worst of 203 symbols are shown');
    expect(worstSymbols({ symbols: many.document.symbols }, 3).shown).toHaveLength(3);
  });

  it('shows 500 of more gaps, and says so', () => {
    const text = page({ symbols: 4, months: 60, holes: 140 });
    expect(count(part(text, 'class="gaps"', '</svg>'), /<rect/g)).toBe(500);
    expect(count(part(text, '<section id="gaps"', '</section>'), /<tr><th scope="row"/g)).toBe(500);
    expect(text).toMatch(/<b>500 of \d{3} gaps are shown<\/b>/);
  });
});

describe('hostile text', () => {
  const HOSTILE = [
    '</title><script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '<!-- ]]> -->',
    '&lt;b&gt;',
    'url(https://example.com)',
  ];

  it.each(HOSTILE)('stays text wherever it stands: %s', (evil) => {
    const { document, gaps, series } = dataset({ symbols: 2, months: 3 });
    const symbols = document.symbols.map((symbol, at) => (at === 0 ? { ...symbol, symbol: evil } : symbol));
    const renamed = gaps.map((gap) => ({
      ...gap,
      symbol: gap.symbol === 'BTCUSDT' ? evil : gap.symbol,
      evidence: evil,
    }));
    const gates = document.gates.map((gate) => ({
      ...gate,
      check: evil,
      where: [evil],
      broken: 1,
      threshold: evil,
    }));
    const text = pageOf(
      {
        ...document,
        market: evil,
        interval: evil,
        symbols,
        gates,
        verdict: { level: 'critical', sentence: evil },
      },
      renamed,
      series.map((each, at) => (at === 0 ? { ...each, symbol: evil } : each)),
    );
    const plain = pageFor(dataset({ symbols: 2, months: 3 }));
    const tags = (page: string): readonly string[] => [...new Set(page.match(/<[a-z!/][^\s>]*/g))].sort();
    expect(tags(text)).toEqual(tags(plain));
    expect(opened(text).querySelector('h1')?.textContent).toBe(evil);
    const names = (page: string): readonly string[] =>
      [...new Set(all(page, '*').flatMap((each) => [...each.attributes].map(({ name }) => name)))].sort();
    expect(names(text)).toEqual(names(plain));
  });

  const LETTERS = [
    ...'<>"\'&;!/-=#xa0 \n\u0000\u001b\u202e\u{1f600}',
    '\ud800',
    '\udc00',
    '</p>',
    '&#',
    'script',
  ];

  it('cannot leave an element or a quoted attribute', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom(...LETTERS) }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(texts, (some) => {
        const marks = /[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/;
        expect(some.filter((text) => marks.test(escaped(text)))).toEqual([]);
        const made = some.map((text) => html`<p title="${text}">${text}</p>`);
        const page = `<!doctype html><html><body>${markupOf(html`${made}`)}</body></html>`;
        expect(all(page, 'body *')).toHaveLength(some.length);
      }),
      // Each of them is parsed as a page, which takes its time.
      { numRuns: 30 },
    );
  });

  it('shows what HTML cannot hold as U+FFFD', () => {
    expect(escaped('a\u0000b\u001bc\ud800d\u202ee\n')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde\n');
  });
});

describe('figures', () => {
  it('are grouped, in any locale alike', () => {
    expect([0, 999, 1_000, 1_234_567].map(countText)).toEqual(['0', '999', '1,000', '1,234,567']);
  });

  it('are percentages of as many decimals as a fraction has', () => {
    const texts = [1, 0.999999, 0.949305, 0, null].map(percentText).map(spaced);
    expect(texts).toEqual(['100.0000 %', '99.9999 %', '94.9305 %', '0.0000 %', '–']);
  });

  it('give every fraction of six decimals back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (millionths) => {
        expect(
          percentText(millionths / 1_000_000)
            .replace('\u00a0%', '')
            .replace('.', ''),
        ).toBe(`${Math.floor(millionths / 10_000)}${String(millionths % 10_000).padStart(4, '0')}`);
      }),
    );
  });

  it('are durations of two units', () => {
    const texts = [0, 0.5, 1, 60, 79, 1_440, 2_010, 1_653_510].map(durationText).map(spaced);
    expect(texts).toEqual(['0 min', '30 s', '1 min', '1 h', '1 h 19 min', '1 d', '1 d 9 h', '1,148 d 6 h']);
  });

  it('are moments without seconds, where there are none', () => {
    expect(['2021-02-11T03:41:00Z', '2021-02-11T03:41:07Z', null].map(momentText)).toEqual([
      '2021-02-11 03:41',
      '2021-02-11 03:41:07',
      '–',
    ]);
  });

  it('are prices without an exponent', () => {
    expect([97_123.456, 0.00000123, 1e21, 4_300].map((price) => priceText(price))).toEqual([
      '97,123.46',
      '0.00000123',
      '1,000,000,000,000,000,000,000',
      '4,300',
    ]);
  });
});

describe('what is chosen', () => {
  it('is what nothing excuses before what is excused, then the longest', () => {
    const { gaps } = dataset({ symbols: 1, months: 24 });
    const [plain] = gaps;
    if (plain === undefined) throw new Error('no gap');
    const halt = { ...plain, cause: 'halt', missing: 900 } as const;
    const short = { ...plain, cause: 'unknown', missing: 1 } as const;
    const long = { ...plain, cause: 'confirmed-empty', missing: 5 } as const;
    expect(longestGaps([halt, short, long], 2)).toEqual({ shown: [long, short], of: 3 });
  });

  it('is days of equal number to a step, with a hole where a step has no price', () => {
    const days = [
      ['2024-01-01', 10, 100],
      ['2024-01-02', 11, 300],
      ['2024-01-05', 0, 50],
      ['2024-01-07', 12, 70],
    ] as const;
    expect(inSteps(days, 4)).toEqual({
      size: 2,
      steps: [
        { close: 11, volume: 200 },
        { close: undefined, volume: 0 },
        { close: undefined, volume: 50 },
        { close: 12, volume: 70 },
      ],
    });
  });
});
