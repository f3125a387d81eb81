/**
 * A page as people will see it: loaded once, then shown in both themes on a desk and on a phone, with a picture of
 * each, and with axe in both themes. Answers what is wrong.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page } from 'playwright-core';
import { VIEWS, type View, visit } from '../browser.ts';

/** Git ignores it; people look at it. */
export const PICTURES = join(import.meta.dirname, '../../screenshots');
const LOADED_WITHIN_MS = 20_000;

/** Every page there is, with an address that shows something. */
export const PAGES: Readonly<Record<string, string>> = {
  overview: '/',
  heat: '/heat?span=7d',
  hot: '/hot',
  map: '/map',
  forecasts: '/forecasts',
  hints: '/hints',
  anticipation: '/anticipation',
  events: '/events?back=oldest',
  consumers: '/consumers',
  checkpoints: '/checkpoints',
  streams: '/streams',
  shardlets: '/shardlets',
  recommendations: '/recommendations?show=all',
  decisions: '/recommendations?show=decisions',
  'what-if': `/what-if?suppose=${encodeURIComponent('[{"kind":"load","factor":3,"of":{}}]')}`,
  policies: '/policies',
  notifications: '/notifications',
  clusters: '/clusters',
  migrations: '/migrations',
  hosts: '/hosts',
  health: '/health',
  jobs: '/jobs',
  'api-docs': '/api-docs',
  audit: '/audit?back=all',
  users: '/users',
  tokens: '/tokens?ended=true',
  demo: '/demo',
  account: '/account',
};

/** Those that `npm test` looks at: one of each kind, of those that people open most. The slow tests look at all. */
export const FIRST_PAGES: readonly string[] = [
  ...['overview', 'heat', 'map', 'forecasts', 'events', 'streams'],
  ...['recommendations', 'policies', 'hosts', 'consumers'],
];

/** What is on the pages: it names the folder of the pictures, and says in which themes axe looks at it. */
const STATES = {
  empty: ['light'],
  sample: ['light', 'dark'],
  // the same components with more rows: what is left to see are colours
  large: ['dark'],
} as const satisfies Record<string, readonly View['theme'][]>;

export async function lookAt(
  browser: BrowserContext,
  consoleUrl: string,
  state: keyof typeof STATES,
  name: string,
): Promise<string[]> {
  const themes: readonly View['theme'][] = STATES[state];
  const { page, complaints } = await visit(browser, consoleUrl + PAGES[name]!, VIEWS[0]);
  try {
    await whenLoaded(page);
    await mkdir(join(PICTURES, state), { recursive: true });
    const wrong: string[] = [];
    for (const view of VIEWS) {
      await show(page, view);
      const path = join(PICTURES, state, `${name}-${view.theme}-${view.width}.png`);
      await page.screenshot({ path, fullPage: state !== 'large' });
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (beyond > 0) wrong.push(`${view.width} px: ${beyond} px wider than the window`);
      if (view.width === VIEWS[0]!.width && themes.includes(view.theme))
        wrong.push(...(await violations(page, view)));
    }
    return [...wrong, ...complaints];
  } finally {
    await page.close();
  }
}

export async function whenLoaded(page: Page): Promise<void> {
  const deadline = Date.now() + LOADED_WITHIN_MS;
  const loading = page.locator('[role=status][aria-label=Loading]');
  while ((await loading.count()) > 0) {
    if (Date.now() > deadline) throw new Error(`${page.url()} is still loading`);
    await page.waitForTimeout(50);
  }
}

/** Themes follow the system's, so that nothing has to be loaded again. */
async function show(page: Page, { theme, width }: View): Promise<void> {
  await page.setViewportSize({ width, height: 1_000 });
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
  // charts and canvases are drawn in their new size in the frame after
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Everything in the first theme; what depends on colours in the other one as well. */
export async function violations(page: Page, { theme }: Pick<View, 'theme'>): Promise<string[]> {
  // pages have no frames, so nothing is put together from several: that would open a page for each run
  const axe = new AxeBuilder({ page }).setLegacyMode().options({
    resultTypes: ['violations'],
    preload: false,
    ...(theme === 'light' ? {} : { runOnly: { type: 'rule', values: ['color-contrast'] } }),
  });
  const { violations: found } = await axe.analyze();
  return found.map((v) => `${theme}: ${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`);
}
