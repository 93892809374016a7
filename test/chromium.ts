/**
 * A browser for tests that look at pages: Debian's chromium, in a profile of its own, without a network. Where it is
 * not there, such tests are left out and it is said; BROWSER=required makes that an error. It knows no page.
 */
import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { onTestFinished } from 'vitest';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  ...['--disable-sync', '--no-first-run'],
];

/** Says why not, unless it must be there. */
export function hasChromium(): boolean {
  if (existsSync(CHROMIUM)) return true;
  const message = `tests that look at pages need a browser, and ${CHROMIUM} is not there (apt-get install chromium, or set CHROMIUM)`;
  if (process.env['BROWSER'] === 'required') throw new Error(message);
  process.stderr.write(`${message}: left out\n`);
  return false;
}

export interface Opened {
  readonly page: Page;
  /** What went wrong so far: errors and warnings of the console, requests for anything but the file itself. */
  readonly troubles: string[];
}

export interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** With a profile of its own, which goes with it. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

/** Must be called within a test, at whose end it is closed. */
export async function openPage(
  browser: Browser,
  path: string,
  { width = 1_280, colorScheme = 'light' }: Look = {},
): Promise<Opened> {
  const context = await browser.newContext({ offline: true, viewport: { width, height: 900 }, colorScheme });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== `file://${path}`) troubles.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${path}`);
  return { page, troubles };
}
