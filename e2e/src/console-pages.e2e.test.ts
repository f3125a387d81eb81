/** The console's pages about load, events, health, jobs and the API, on the running product. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, VIEWS, visit } from './browser.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const edgeUrl = inject('edgeUrl').replace(/\/$/, '');
const PAGES = ['/hot', '/map', '/events?back=oldest', '/health', '/jobs', '/api-docs'];
/** Git ignores it; people look at it. */
const PICTURES = join(import.meta.dirname, '..', 'screenshots');
/** A number that a double does not hold. */
const EXACT = '9007199254740993';

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
  await mkdir(PICTURES, { recursive: true });
  for (let i = 0; i < 30; i++) await store(`page-${i}`, `key-${i % 3}`);
});
afterEach(async () => {
  for (const page of browser.pages()) await page.close();
});
afterAll(() => browser?.close());

describe.each(VIEWS)('in $theme colours, $width px wide', (view) => {
  it.each(PAGES)('%s is accessible and within its width', async (path) => {
    const { page, complaints } = await visit(browser, consoleUrl + path, view);
    await page.locator('[role=status][aria-label=Loading]').waitFor({ state: 'detached' });
    const name = `${path.slice(1).replaceAll(/\W+/g, '-')}-${view.theme}-${view.width}.png`;
    await page.screenshot({ path: join(PICTURES, name), fullPage: true });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe('events', () => {
  it('are found by key and type, and open to their text with every digit', async () => {
    const { page } = await visit(browser, `${consoleUrl}/events?back=oldest&type=console.*`);
    await page.getByLabel('Key', { exact: true }).fill('key-1');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.waitForURL(/key=key-1/);
    await page.getByText('10 shown of').waitFor();
    await page.getByRole('button', { name: 'Text of event page-1', exact: true }).click();
    await page.getByText(EXACT).waitFor();
  });

  it('are exported whole, as NDJSON and as CSV', async () => {
    const url = `${consoleUrl}/api/events/export?type=console.*&key=key-2`;
    const lines = (await (await fetch(url)).text()).trim().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines.every((line) => line.includes(`"n":${EXACT}`))).toBe(true);
    const csv = await (await fetch(`${url}&format=csv`)).text();
    expect(csv.trim().split('\r\n')).toHaveLength(11);
  });

  it('come as they are stored', async () => {
    const { page } = await visit(browser, `${consoleUrl}/events?live=true&type=console.*`);
    await page.getByText('Following', { exact: true }).waitFor();
    await expect
      .poll(async () => {
        await store(`tail-${Date.now()}`, 'tail');
        return page.getByRole('button', { name: /Text of event tail-/ }).count();
      })
      .toBeGreaterThan(0);
  });

  it('refuse a wrong filter in words', async () => {
    const reply = await fetch(`${consoleUrl}/api/events/export?low=zz`);
    expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining('16 hex digits')]);
  });
});

describe('the command palette', () => {
  it('opens with Ctrl-K and goes to a page by its name', async () => {
    const { page } = await visit(browser, consoleUrl);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('jobs');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/jobs$/);
  });
});

describe('the map of shardlets', () => {
  it('is walked with the keyboard, and what is pinned is in the address', async () => {
    const { page } = await visit(browser, `${consoleUrl}/map`);
    await page.getByRole('application').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Pinned shardlet' }).waitFor();
    await page.waitForURL(/at=\d+/);
  });
});

async function store(id: string, subject: string): Promise<void> {
  const reply = await fetch(`${edgeUrl}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${inject('token')}`,
      'content-type': 'application/cloudevents+json',
    },
    body: `{"specversion":"1.0","id":"${id}","source":"/console","type":"console.test","subject":"${subject}","data":{"n":${EXACT}}}`,
  });
  expect(reply.status).toBe(200);
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
