/** A real browser, without what would make it speak to others or differ from run to run. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '@foreshard/local';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { enter } from './signing-in.ts';

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
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    env: env as Record<string, string>,
    args: QUIET,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  browser.on('close', () => void rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  return browser;
}

/**
 * Loaded only where no other browser is found: it unpacks itself to 200 MB in the temporary folder, for its
 * user alone, so each user gets a folder of its own.
 */
async function packagedChromium(): Promise<string> {
  const { TMPDIR } = process.env;
  const folder = join(tmpdir(), `foreshard-chromium-${userInfo().uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  process.env.TMPDIR = folder;
  try {
    return await (await import('@sparticuz/chromium')).default.executablePath();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

export interface Visit {
  readonly page: Page;
  /** what the page complained about: script errors, refused content, failed loads */
  readonly complaints: string[];
}

/** As the administrator of that console. */
export async function visit(browser: BrowserContext, url: string, view?: View): Promise<Visit> {
  await enter(browser, url);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  if (view !== undefined) {
    await page.setViewportSize({ width: view.width, height: 900 });
    await page.emulateMedia({ colorScheme: view.theme, reducedMotion: 'reduce' });
  }
  await page.goto(url);
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
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
