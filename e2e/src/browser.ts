/** A real browser, without what would make it speak to others or differ from run to run. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '@foreshard/local';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowser(): Promise<BrowserContext> {
  const profile = await mkdtemp(join(tmpdir(), 'foreshard-browser-'));
  const { program, env } = await findChromium(packagedChromium);
  return chromium.launchPersistentContext(profile, {
    executablePath: program,
    env: env as Record<string, string>,
    args: QUIET,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
}

/** Loaded only where no other browser is found: it is unpacked to 200 MB. */
async function packagedChromium(): Promise<string> {
  return (await import('@sparticuz/chromium')).default.executablePath();
}

export interface Visit {
  readonly page: Page;
  /** what the page complained about: script errors, refused content, failed loads */
  readonly complaints: string[];
}

export async function visit(browser: BrowserContext, url: string, view?: View): Promise<Visit> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  if (view !== undefined) {
    await page.setViewportSize({ width: view.width, height: 900 });
    await page.emulateMedia({ colorScheme: view.theme, reducedMotion: 'reduce' });
  }
  await page.goto(url);
  await page.getByRole('button', { name: 'Live' }).waitFor();
  return { page, complaints };
}

export interface View {
  readonly theme: 'light' | 'dark';
  readonly width: number;
}

/** Every theme on a desk and on a phone. */
export const VIEWS: readonly View[] = [
  { theme: 'light', width: 1440 },
  { theme: 'dark', width: 1440 },
  { theme: 'light', width: 420 },
  { theme: 'dark', width: 420 },
];
