/** A planted correlation is learned by the worker of a real product, and seen on the page Anticipation. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { openBrowser, VIEWS, visit } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { violations, whenLoaded } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const edgeUrl = inject('edgeUrl').replace(/\/$/, '');
const PICTURES = join(import.meta.dirname, '../../screenshots/anticipation');
const STREAM = 'planted';
const WAVES = 6;
const VISITORS = 160;
const LAG_MS = 1_100;
const LEARNED_WITHIN_MS = 60_000;

let browser: BrowserContext;
let sent = 0;

beforeAll(async () => {
  browser = await openBrowser();
  await mkdir(PICTURES, { recursive: true });
});
afterAll(async () => {
  await foreshard('policy', 'change', 'anticipation.sample_share=0');
  await browser?.close();
});

async function foreshard(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await foreshardBeside(inject('dataDir'), ...args);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  return stdout;
}

async function post(path: string, body: object): Promise<number> {
  const type = Array.isArray(body) ? 'application/cloudevents-batch+json' : 'application/json';
  const headers = { authorization: `Bearer ${inject('token')}`, 'content-type': type };
  return (await fetch(edgeUrl + path, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

async function send(type: string, keys: readonly number[]): Promise<void> {
  const events = keys.map((key) => ({
    ...{ specversion: '1.0', id: String(++sent), source: '/shop', type, subject: `visitor-${key}` },
  }));
  await vi.waitFor(async () => expect(await post(`/v1/streams/${STREAM}/events`, events)).toBe(200), {
    ...{ timeout: 30_000, interval: 250 },
  });
}

const visitors = (wave: number) => Array.from({ length: VISITORS }, (_, i) => wave * VISITORS + i);

/** Who searches has booked a second later; who only looks around never does. */
async function plant(): Promise<void> {
  for (let wave = 0; wave < WAVES; wave++) {
    const searching = visitors(wave);
    await send('viewed', searching);
    await send(
      'searched',
      searching.filter((key) => key % 2 === 0),
    );
    await send(
      'left',
      searching.filter((key) => key % 2 === 1),
    );
    await sleep(LAG_MS);
    await send(
      'booked',
      searching.filter((key) => key % 2 === 0),
    );
  }
}

async function look(page: Page, name: string): Promise<void> {
  for (const view of VIEWS) {
    await page.setViewportSize({ width: view.width, height: 1_000 });
    await page.emulateMedia({ colorScheme: view.theme, reducedMotion: 'reduce' });
    await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, view.theme);
    await page.screenshot({
      path: join(PICTURES, `${name}-${view.theme}-${view.width}.png`),
      fullPage: true,
    });
    const beyond = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect([name, view.width, beyond]).toEqual([name, view.width, 0]);
    if (view.width === VIEWS[0]!.width) expect(await violations(page, view)).toEqual([]);
  }
  await page.setViewportSize({ width: VIEWS[0]!.width, height: 1_000 });
}

it('says what is missing, learns, and shows what was planted with its evidence', {
  timeout: 240_000,
}, async () => {
  const { page } = await visit(browser, `${consoleUrl}/anticipation?stream=main`, VIEWS[0]);
  await page.getByRole('heading', { name: 'Nothing is learned yet' }).waitFor();
  await look(page, 'off');

  expect(await post('/v1/streams', { name: STREAM, shardCount: 4 })).toBe(201);
  await foreshard('policy', 'change', 'anticipation.sample_share=1');
  await send('viewed', [999_999]);
  await page.goto(`${consoleUrl}/anticipation?stream=${STREAM}`);
  await page.getByRole('heading', { name: '1,999 more events' }).waitFor({ timeout: LEARNED_WITHIN_MS });
  await look(page, 'few');

  await plant();
  await page
    .getByRole('heading', { name: 'Which types announce which' })
    .waitFor({ timeout: LEARNED_WITHIN_MS });
  await whenLoaded(page);
  const pair = page.getByRole('button', { name: /^searched, then booked: (1\.00|0\.[6-9])/ });
  await pair.waitFor();
  expect(await pair.textContent()).toContain('2 s');
  await pair.click();
  await page.getByText('“searched” announces “booked”.').waitFor();
  await page.getByRole('list', { name: 'Distribution of the lag' }).waitFor();

  const waiting = visitors(WAVES).slice(0, 20);
  await send('viewed', waiting);
  await send('searched', waiting);
  const row = page.getByRole('row').filter({ hasText: /visitor-9[67]\d.*booked/ });
  await row.first().waitFor();
  await row.first().getByRole('button').click();
  await page.getByText('The last events of this key').waitFor();
  await look(page, 'learned');

  const map = JSON.parse(
    await foreshard('anticipation', 'map', '--stream', STREAM, '--type', 'booked', '--json'),
  );
  expect(map.keys.map(({ key }: { key: string }) => key).sort()).toEqual(
    waiting.map((key) => `visitor-${key}`).sort(),
  );
  expect(Math.min(...map.keys.map((one: { probability: number }) => one.probability))).toBeGreaterThan(0.6);
  expect(map.shardlets.length).toBeGreaterThan(0);
  const status = JSON.parse(await foreshard('anticipation', 'status', '--stream', STREAM, '--json'));
  expect(status.learned).toBe(sent);
  expect(status.hits.hit1).toBeGreaterThan(status.hits.frequent1 + 0.2);
});
