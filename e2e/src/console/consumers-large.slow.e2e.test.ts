/** The page Consumers with 200 groups of 10,000 shardlets each, in both themes and widths: found, paged, and opened. */
import { createAdministrator } from '@foreshard/core/adapters/identity';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BenchCluster, startCluster } from '../../../bench/src/measure/cluster.ts';
import { type RunningConsole, startConsole } from '../../../bench/src/measure/console.ts';
import { fillWithGroups, manyGroupName } from '../../../bench/src/measure/many-groups.ts';
import { openBrowser, visit } from '../browser.ts';
import { ADMINISTRATOR } from '../signing-in.ts';
import { takePictures } from './pictures.ts';

const GROUPS = 200;
const SHARDLETS = 10_000;
const MEMBERS = 8;
/** Sums over 500,000 positions, on a busy machine. */
const ANSWERED_WITHIN_MS = 30_000;
const SETUP_MS = 400_000;

let cluster: BenchCluster;
let running: RunningConsole;
let browser: BrowserContext;
let shardlets: number;
beforeAll(async () => {
  const size = { rounds: 1, ids: 0, shardlets: SHARDLETS, seconds: 1, fsyncMs: 0 };
  [cluster, browser] = await Promise.all([startCluster(size), openBrowser()]);
  shardlets = await fillWithGroups(cluster, { groups: GROUPS, members: MEMBERS });
  await createAdministrator(cluster.control.people, ADMINISTRATOR);
  running = await startConsole({ ...cluster.environment, FORESHARD_EDGE_URL: cluster.edgeUrl });
}, SETUP_MS);
afterAll(async () => {
  await browser?.close();
  await running?.child.stop();
  await cluster?.close();
});

const rows = (page: Page) => page.getByRole('region', { name: 'Consumer groups' }).getByRole('row');

it(
  'pages through all groups, finds some by name, and opens one with its shardlets by pages',
  async () => {
    const { page, complaints } = await visit(browser, `${running.url}/consumers`);
    page.setDefaultTimeout(ANSWERED_WITHIN_MS);
    await page.getByText('200 groups').waitFor();
    expect(await rows(page).count()).toBe(51);
    await takePictures(page, 'consumers', 'large');
    for (const at of [2, 3, 4]) {
      await page.getByRole('button', { name: 'Next page' }).click();
      await page.waitForURL(new RegExp(`page=${at}`));
      await page.getByText(`Page ${at} of 4`).waitFor();
    }
    // the last one of all, which is nowhere on the first page
    const last = await lastName();
    await page.getByRole('button', { name: last, exact: true }).waitFor();
    await page.getByLabel('Group or stream').fill('billing');
    await page.getByText('25 groups found').waitFor();
    expect(await rows(page).count()).toBe(26);
    await page.getByRole('button', { name: manyGroupName(8), exact: true }).click();
    const card = page.getByRole('region', { name: manyGroupName(8), exact: true });
    await card
      .getByText(new RegExp(`furthest behind first, ${shardlets.toLocaleString('en')} in all`))
      .waitFor();
    expect(await card.getByRole('listitem').count()).toBe(MEMBERS + 25);
    const first = await card
      .getByRole('region', { name: /^Shardlets/ })
      .getByRole('listitem')
      .first()
      .textContent();
    await card.getByRole('button', { name: 'Next page' }).click();
    await page.waitForURL(/behind=2/);
    await expect
      .poll(() =>
        card
          .getByRole('region', { name: /^Shardlets/ })
          .getByRole('listitem')
          .first()
          .textContent(),
      )
      .not.toBe(first);
    await takePictures(page, 'consumers', 'large-open');
    await card
      .getByRole('button', { name: /shardlets$/ })
      .first()
      .click();
    await card.getByText(/^Shardlets of billing-008-worker-0/).waitFor();
    expect(complaints).toEqual([]);
  },
  SETUP_MS,
);

async function lastName(): Promise<string> {
  const names = (await cluster.control.groups.list()).map(({ name }) => name);
  return names.at(-1)!;
}
