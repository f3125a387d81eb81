/** "Watch it work" as people watch it: from the button to the summary; and what is left of one whose worker is killed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoStatus } from '@foreshard/core/demo';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { lookAt, PICTURES } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const dataDir = inject('dataDir');
/** Other files have sent events to this product: they are forgotten after two minutes. */
const QUIET_WITHIN_MS = 180_000;
const ENDS_WITHIN_MS = 240_000;
/** promised: the first picture after 10 s, the whole in 3 minutes; a busy machine may take longer to paint */
const PICTURE_WITHIN_MS = 20_000;
const CLEAN_WITHIN_MS = 60_000;

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
});

async function foreshard(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await foreshardBeside(dataDir, ...args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function demo(): Promise<DemoStatus> {
  return JSON.parse(await foreshard('demo', 'status', '--json'));
}

async function streams(): Promise<string[]> {
  return JSON.parse(await foreshard('streams', 'list', '--json')).streams.map(
    ({ name }: { name: string }) => name,
  );
}

/** Presses until it is taken: it is refused as long as other streams have had load lately. */
async function start(page: Page): Promise<void> {
  const deadlineMs = Date.now() + QUIET_WITHIN_MS;
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  while (Date.now() < deadlineMs) {
    await page.getByRole('button', { name: /^(Watch it work|Run again)$/ }).click();
    const taken = await stop.waitFor({ timeout: 5_000 }).then(
      () => true,
      () => false,
    );
    if (taken) return;
    await expect(page.getByText('The demo was not started').first().isVisible()).resolves.toBe(true);
    await sleep(5_000);
  }
  throw new Error('the cluster does not become quiet');
}

/** That of the README: both arms, and nothing else. */
async function keepPicture(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1_440, height: 1_000 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const boxOf = async (name: string) =>
    (await page.getByRole('region', { name, exact: true }).boundingBox())!;
  const [first, second] = [await boxOf('With the forecast'), await boxOf('Without the forecast')];
  const [x, y] = [first.x - 12, first.y - 12];
  const width = second.x + second.width + 12 - x;
  const height = Math.max(first.height, second.height) + 24;
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', {
    ...{ format: 'webp', quality: 85, captureBeyondViewport: true },
    clip: { x, y, width, height, scale: 1 },
  });
  await mkdir(PICTURES, { recursive: true });
  await writeFile(join(PICTURES, 'watch-it-work-light.webp'), Buffer.from(data, 'base64'));
}

it('shows the forecast, the plan and the moves, then the same without, and sums it up', {
  timeout: 600_000,
}, async () => {
  const { page, complaints } = await visit(browser, `${consoleUrl}/demo`);
  await start(page);
  await page
    .getByRole('heading', { name: /^The day before, on host-1|^With the forecast$/ })
    .first()
    .waitFor({
      timeout: PICTURE_WITHIN_MS,
    });
  await page
    .getByText(/^\d\d:\d\d Plan: .* move/)
    .first()
    .waitFor({ timeout: 60_000 });
  await page
    .getByText(/^\d\d:\d\d Shardlet \d+ moved from host-1 to host-\d$/)
    .first()
    .waitFor({ timeout: 60_000 });
  await page
    .getByText(/events refused with the forecast, .* without it/)
    .waitFor({ timeout: ENDS_WITHIN_MS });
  await page.getByRole('button', { name: 'Run again' }).waitFor({ timeout: ENDS_WITHIN_MS });
  await keepPicture(page);
  expect(await lookAt(browser, consoleUrl, 'sample', 'demo')).toEqual([]);
  expect(complaints.filter((one) => !one.includes('409'))).toEqual([]);

  const { outcome, runs, summary, hosts } = await demo();
  expect([outcome, hosts.length, runs.map(({ state }) => state)]).toEqual([
    'done',
    4,
    Array(6).fill('ended'),
  ]);
  expect(runs.filter(({ arm }) => arm === 'with').length).toBe(3);
  // the same events in every run, and moves in every run, earlier with the forecast than without it
  expect(new Set(runs.map(({ result }) => result!.sent)).size).toBe(1);
  const firstPlans = (arm: string) => runs.flatMap((run) => (run.arm === arm ? run.plans[0]!.second : []));
  expect(Math.max(...firstPlans('with'))).toBeLessThan(Math.min(...firstPlans('without')));
  expect(summary!.without.refused.least).toBeGreaterThan(0);
  expect(await streams()).not.toContain('demo--watch-it-work');
  const audit = JSON.parse(await foreshard('audit', 'list', '--operation', 'migrations.start', '--json'));
  expect(JSON.stringify(audit)).toContain('Watch it work, run 6');
  await page.close();
});

it('is cleaned up after its worker was killed, and can be stopped', { timeout: 300_000 }, async () => {
  const { page } = await visit(browser, `${consoleUrl}/demo`);
  await start(page);
  await expect.poll(async () => (await streams()).includes('demo--watch-it-work')).toBe(true);
  const { processes } = JSON.parse(await foreshard('status', '--json'));
  const worker = processes.find(({ name }: { name: string }) => name === 'worker');
  process.kill(worker.pid, 'SIGKILL');
  await expect.poll(async () => (await demo()).outcome, { timeout: CLEAN_WITHIN_MS }).toBe('failed');
  expect(await streams()).not.toContain('demo--watch-it-work');

  await start(page);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText(/The demo ended early: stopped by/).waitFor({ timeout: CLEAN_WITHIN_MS });
  expect(await streams()).not.toContain('demo--watch-it-work');
  await page.close();
});
