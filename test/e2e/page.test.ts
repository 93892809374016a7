/**
 * The page in a browser, without a network. SCREENSHOTS=docs/ writes pictures of it to that folder:
 * `SCREENSHOTS=docs npx vitest run test/e2e/page.test.ts`.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { startEmulator } from '../../tasks/binance/emulator/emulator.ts';
import { pageOf } from '../../tasks/reports/page/page.ts';
import { hasChromium, openPage, startChromium } from '../chromium.ts';
import { dataset } from '../tasks/reports/page-data.ts';
import { FROM, fewDays, SYMBOLS as SYMBOLS_BUILT, TO } from './history.ts';
import { marketRig, report } from './market.ts';

const SYMBOLS = 10;
const MONTHS = 100;
const PICTURES = process.env['SCREENSHOTS'];

const BROWSER = hasChromium();

/** The table of months, as its cells' text. */
const MONTH_ROWS =
  '[...document.querySelectorAll("#coverage tbody tr")].map(row => [...row.cells].map(cell => cell.textContent))';

describe.skipIf(!BROWSER)('report.html in a browser', () => {
  const { document, gaps, series } = dataset({ symbols: SYMBOLS, months: MONTHS });
  let folder = '';
  let path = '';
  let browser: Browser;

  beforeAll(async () => {
    browser = await startChromium();
    folder = mkdtempSync(join(tmpdir(), 'pipeline-page-'));
    path = join(folder, 'report.html');
    writeFileSync(path, pageOf(document, gaps, series));
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('opens without a network, an error or a request, and says the verdict first', async () => {
    const { page, troubles } = await openPage(browser, path);
    expect(await page.locator('h1').textContent()).toBe(document.verdict.sentence);
    expect(await page.title()).toBe('Quality of spot 1m bars as of 2025-11-30 23:59 UTC');
    if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, 'report.png'), fullPage: true });
    expect(troubles).toEqual([]);
  });

  it('has a cell for each symbol and month, which tells its value under the pointer', async () => {
    const { page, troubles } = await openPage(browser, path);
    const cells = page.locator('.cells rect');
    expect(await cells.count()).toBe(SYMBOLS * MONTHS);
    // One with a mark upon it as well: the mark must not come between.
    const worst = document.symbols[0]?.months.findIndex(({ level }) => level === 'critical') ?? -1;
    for (const at of [0, MONTHS - 1, worst]) {
      const month = document.symbols[0]?.months[at];
      const box = await cells.nth(at).boundingBox();
      if (box === null || month === undefined) throw new Error(`no cell ${at}`);
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      const hovered = page.locator('.cells rect:hover');
      expect(await hovered.locator('title').textContent()).toContain(
        `BTCUSDT ${month.month}: ${month.level}\ncoverage `,
      );
      expect(
        await page.evaluate("getComputedStyle(document.querySelector('.cells rect:hover')).stroke"),
      ).not.toBe('none');
    }
    expect(troubles).toEqual([]);
  });

  it('says in its table what the reports say', async () => {
    const { page } = await openPage(browser, path);
    await page.locator('#coverage summary').click();
    const rows = await page.evaluate(MONTH_ROWS);
    const fraction = (value: number | null): string =>
      value === null ? '–' : `${(value * 100).toFixed(4)}\u00a0%`;
    const grouped = (value: number): string => value.toLocaleString('en-US');
    expect(rows).toEqual(
      document.symbols.flatMap(({ symbol, months }) =>
        months.map((each) => [
          symbol,
          each.month,
          each.status,
          each.level,
          fraction(each.coverage_adjusted),
          fraction(each.coverage_raw),
          grouped(each.missing),
          grouped(each.excused),
        ]),
      ),
    );
  });

  it('shows the marks, causes and levels to readers without colours', async () => {
    const { page } = await openPage(browser, path);
    expect(await page.locator('.gaps rect title').count()).toBe(gaps.length);
    expect(await page.getByRole('img').count()).toBe(2 + 2 + SYMBOLS);
    expect(await page.getByRole('table').count()).toBe(3);
    expect(await page.locator('.legend').first().textContent()).toContain('absent: no file was published');
  });

  it.each([400, 320])('fits a screen of %i pixels: only tables and charts scroll', async (width) => {
    const { page, troubles } = await openPage(browser, path, { width });
    for (const details of await page.locator('summary').all()) await details.click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(
      await page.evaluate('(box => box.scrollWidth > box.clientWidth)(document.querySelector(".strip"))'),
    ).toBe(true);
    expect(troubles).toEqual([]);
    if (PICTURES !== undefined && width === 400) {
      const { page: closed } = await openPage(browser, path, { width });
      await closed.screenshot({ path: join(PICTURES, 'report-narrow.png') });
    }
  });

  it('is dark where the reader wants it', async () => {
    const { page } = await openPage(browser, path, { colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(17, 22, 26)');
    if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, 'report-dark.png') });
  });

  it('prints in light colours, with nothing cut off', async () => {
    const { page } = await openPage(browser, path, { width: 1_032, colorScheme: 'dark' });
    const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page\b/g)?.length).toBeGreaterThan(1);
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const beyond = `[...document.querySelectorAll('svg, td, th')]
      .filter(box => box.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length`;
    expect(await page.evaluate(beyond)).toBe(0);
  });

  it('prints many symbols as blocks that are no higher than the paper, in letters that can be read', async () => {
    const many = dataset({ symbols: 60, months: 24 });
    const file = join(folder, 'many.html');
    writeFileSync(file, pageOf(many.document, many.gaps, many.series));
    const { page } = await openPage(browser, file, { width: 1_032 });
    await page.emulateMedia({ media: 'print' });
    const blocks = z.array(z.object({ height: z.number(), share: z.number(), whole: z.string() })).parse(
      await page.evaluate(`[...document.querySelectorAll('.strip > div')].map(block => ({
        height: block.getBoundingClientRect().height,
        share: block.firstChild.getBoundingClientRect().width / block.firstChild.getAttribute('width'),
        whole: getComputedStyle(block).breakInside,
      }))`),
    );
    expect(blocks).toHaveLength(4);
    // A4 on its side, with margins of 12 mm.
    expect(blocks.filter(({ height }) => height > 700)).toEqual([]);
    expect(blocks.filter(({ share, whole }) => share < 0.9 || whole !== 'avoid')).toEqual([]);
  });
});

describe.skipIf(!BROWSER)('report.html of a build', () => {
  it('says in its table what coverage_report.csv says', async () => {
    const halts = [{ first: '2024-02-01T12:40:00Z', last: '2024-02-01T13:59:00Z' }];
    const exchange = await startEmulator({ history: fewDays({ halts }) });
    onTestFinished(() => exchange.close());
    const browser = await startChromium();
    onTestFinished(() => browser.close());
    const rig = marketRig({ exchange, symbols: SYMBOLS_BUILT, from: FROM, to: TO, features: true });
    const { diagnostics } = await rig.build();
    expect(diagnostics).toBe('');
    const { page, troubles } = await openPage(browser, realpathSync(rig.path('reports/latest/report.html')));
    const months = report(rig, 'coverage_report').filter(({ month }) => month !== 'all');
    // Back to the fractions and numbers of the file.
    const rows = z.array(z.array(z.string())).parse(await page.evaluate(MONTH_ROWS));
    const fraction = (text = ''): string => (Number.parseFloat(text) / 100).toFixed(6);
    const number = (text = ''): string => text.replaceAll(',', '');
    expect(
      rows.map(([symbol, month, status, , adjusted, raw, missing, excused]) => ({
        ...{ symbol, month, status },
        ...{ coverage_adjusted: fraction(adjusted), coverage_raw: fraction(raw) },
        ...{ missing: number(missing), excused: number(excused) },
      })),
    ).toEqual(
      months.map(({ symbol, month, status, coverage_adjusted, coverage_raw, missing, excused }) => {
        return { symbol, month, status, coverage_adjusted, coverage_raw, missing, excused };
      }),
    );
    expect(await page.locator('.cells rect').count()).toBe(months.length);
    expect(troubles).toEqual([]);
  });
});
