/**
 * Consumer groups as people meet them on a bad day: far behind and not catching up, catching up, and at somebody who may do
 * less. What hangs is in consumers-frozen.slow.e2e.test.ts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '@foreshard/local';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { card, openParcels, PARCELS, putParcels, work } from './parcels.ts';
import { personOf } from './person.ts';
import { takePictures } from './pictures.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const dataDir = inject('dataDir');
const EXPRESS = 'express';
const MINUTE_MS = 60_000;
/** Two samples of how far a group is, 15 s apart, and the second of a worker that is late. */
const MEASURED_WITHIN_MS = 60_000;

let browser: BrowserContext;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  [browser, folder] = await Promise.all([openBrowser(), temporaryFolder('consumer-states')]);
  await putParcels();
  await putParcels(EXPRESS);
});
afterEach(async () => {
  for (const page of browser.pages()) await page.close();
});
afterAll(async () => {
  await browser?.close();
  await folder?.remove();
});

/** What arrived in the last minutes, as it would have been recorded. */
async function recorded(stream: string, perMinute: number): Promise<void> {
  const file = join(folder.path, 'load.csv');
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const rows = Array.from({ length: 15 }, (_, i) => {
    return `${new Date(now - (15 - i) * MINUTE_MS).toISOString()},${perMinute}`;
  });
  await writeFile(file, `timestamp,value\n${rows.join('\n')}\n`);
  const args = ['--trace', file, '--stream', stream, '--shift', 'none', '--format', 'load'];
  expect(await foreshardBeside(dataDir, 'import-history', ...args)).toMatchObject({ code: 0 });
}

const openGroup = (stream = PARCELS) => openParcels(browser, consoleUrl, stream);

/** A little at a time, until the page says it. */
async function workUntil(page: Page, stream: string, text: RegExp, limit: number): Promise<void> {
  const deadline = Date.now() + MEASURED_WITHIN_MS;
  while ((await card(page, stream).getByText(text).count()) === 0) {
    if (Date.now() > deadline) throw new Error(`the page does not say ${text}`);
    await work(limit, stream);
    await sleep(1_000);
  }
}

describe('a group that is behind', () => {
  it('says that it is not catching up, with the lag that is to come, its members and shardlets', async () => {
    await recorded(PARCELS, 6_000);
    const { page, complaints } = await openGroup();
    await workUntil(page, PARCELS, /^not catching up$/, 5);
    const forecast = card(page).getByRole('img', { name: /^Expected lag: / });
    await forecast.waitFor();
    expect(await forecast.getAttribute('aria-label')).toMatch(
      /Expected lag: 2[,.]\d{3} now, \d{3}[,.]\d{3} at/,
    );
    await card(page).getByText('100/s').waitFor();
    await card(page)
      .getByText(/oldest uncommitted event of/)
      .waitFor();
    // the row of the list says the same
    const row = page.getByRole('row', { name: /^parcels parcels / }).filter({ hasText: 'not catching up' });
    await row.waitFor();
    await takePictures(page, 'consumers', 'not-catching-up');
    expect(complaints).toEqual([]);
  });

  it('says by when it will have caught up, where less arrives', async () => {
    await recorded(EXPRESS, 6);
    const { page } = await openGroup(EXPRESS);
    await workUntil(page, EXPRESS, /^caught up by \d\d:\d\d$/, 40);
    await card(page, EXPRESS)
      .getByRole('img', { name: /^Expected lag: / })
      .waitFor();
    await takePictures(page, 'consumers', 'catching-up', false);
  });

  it('shows the shardlets of one member, in the address, and nobody to read in another group', async () => {
    const { page } = await openGroup();
    await card(page).getByRole('button', { name: '4 shardlets' }).click();
    await page.waitForURL(/member=sorter-1/);
    await card(page).getByText('Shardlets of sorter-1, furthest behind first').waitFor();
    await page.goBack();
    await card(page).getByText('Shardlets, furthest behind first').waitFor();
    await page.getByLabel('Group or stream').fill(`${PARCELS}.x`);
    await page.waitForURL(/search=parcels\.x/);
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await page.getByLabel('Group or stream').fill('nothing of this name');
    await page.getByText('No group here').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByRole('button', { name: PARCELS, exact: true }).waitFor();
  });
});

it('a viewer sees how far groups are, no letters, and may not remove one', async () => {
  const viewer = await personOf(consoleUrl, 'viewer', 'consumers@e2e.example');
  try {
    const page = await viewer.newPage();
    await page.goto(`${consoleUrl}/consumers?group=${PARCELS}`);
    await card(page).getByText('sorter-1').first().waitFor();
    const remove = card(page).getByRole('button', { name: 'Remove' });
    await expect.poll(() => remove.getAttribute('aria-disabled')).toBe('true');
    await remove.focus();
    await page.getByRole('tooltip').getByText('Needs the role administrator').waitFor();
    await page.getByText('Not for your role').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('tooltip').waitFor({ state: 'detached' });
    await takePictures(page, 'consumers', 'viewer');
  } finally {
    await viewer.close();
  }
});
