/** The page Consumers while an edge, or the database, hangs: what it showed stays, with what is the matter. */
import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { Cluster } from '../faults/cluster.ts';
import { whenLoaded } from './look.ts';
import { card, openParcels, PARCELS, putParcels } from './parcels.ts';
import { takePictures } from './pictures.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
/** An edge that hangs is waited for, and asked twice. */
const FROZEN_WITHIN_MS = 90_000;

const cluster = new Cluster(inject('dataDir'), {
  ...{ edgeUrl: inject('edgeUrl').replace(/\/$/, ''), token: inject('token'), stream: PARCELS },
});
let browser: BrowserContext;

beforeAll(async () => {
  browser = await openBrowser();
  await putParcels();
});
afterEach(async () => {
  cluster.resume();
  for (const page of browser.pages()) await page.close();
});
afterAll(() => browser?.close());
const openGroup = () => openParcels(browser, consoleUrl);

describe('a page that is frozen', () => {
  it('keeps what it showed while the edge hangs, says so, and goes on by itself', async () => {
    const { page } = await openGroup();
    await card(page).getByText('sorter-1').first().waitFor();
    await whenLoaded(page);
    await cluster.pause('edge');
    const alert = page.getByRole('alert').filter({ hasText: 'Not refreshed' });
    await alert.first().waitFor({ timeout: FROZEN_WITHIN_MS });
    expect(await card(page).getByText('sorter-1').count()).toBeGreaterThan(0);
    await takePictures(page, 'consumers', 'frozen', false);
    const { page: fresh } = await visit(browser, `${consoleUrl}/consumers`);
    await fresh.getByText('The list could not be read').waitFor({ timeout: FROZEN_WITHIN_MS });
    await takePictures(fresh, 'consumers', 'frozen-fresh', false);
    cluster.resume();
    await fresh.getByRole('button', { name: PARCELS, exact: true }).waitFor({ timeout: FROZEN_WITHIN_MS });
    await expect.poll(() => alert.count(), { timeout: FROZEN_WITHIN_MS }).toBe(0);
  }, 400_000);

  it('names the database that hangs', async () => {
    const { page } = await openGroup();
    await card(page).getByText('sorter-1').first().waitFor();
    await whenLoaded(page);
    await cluster.pause('postgres');
    const alert = page.getByRole('alert').filter({ hasText: /Not refreshed: .*PostgreSQL/ });
    await alert.first().waitFor({ timeout: FROZEN_WITHIN_MS });
    await takePictures(page, 'consumers', 'database-away', false);
    cluster.resume();
    await expect.poll(() => alert.count(), { timeout: FROZEN_WITHIN_MS }).toBe(0);
  }, 400_000);
});
