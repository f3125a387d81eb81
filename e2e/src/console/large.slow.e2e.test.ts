/**
 * The console with nothing at all, and with 400 hosts and 100,000 shardlets: every page is looked at, and the heat
 * map is used as people do, with a mouse, a wheel and a keyboard.
 */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { type LargeCluster, startLargeCluster } from '../../../bench/src/large-cluster/large-cluster.ts';
import { type RunningConsole, startConsole } from '../../../bench/src/measure/console.ts';
import { openBrowser, visit } from '../browser.ts';
import { lookAt, PAGES, whenLoaded } from './look.ts';

const edge = { FORESHARD_EDGE_URL: inject('edgeUrl').replace(/\/$/, ''), FORESHARD_TOKEN: inject('token') };

/** Events, groups, their checkpoints and the API are of an edge, and looked at with the product's own. */
const OF_THE_EDGE = ['events', 'consumers', 'checkpoints', 'api-docs'];
const OF_THE_CLUSTER = Object.keys(PAGES).filter((name) => !OF_THE_EDGE.includes(name));

let cluster: LargeCluster;
let large: RunningConsole;
let empty: RunningConsole;
let browser: BrowserContext;
beforeAll(async () => {
  [cluster, browser] = await Promise.all([startLargeCluster(), openBrowser()]);
  [large, empty] = await Promise.all([
    startConsole({ ...cluster.environment, ...edge }),
    startConsole({ ...cluster.empty, ...edge }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([large?.child.stop(), empty?.child.stop()]);
  await cluster?.close();
});

describe.concurrent('with nothing', () => {
  it.each(OF_THE_CLUSTER)('%s says why and what is next, in both themes', async (name) => {
    const wrong = await lookAt(browser, empty.url, 'empty', name);
    // a browser notes every answer "not found": there is no stream
    expect(wrong.filter((complaint) => !complaint.includes('404'))).toEqual([]);
  });
});

describe.concurrent('with 400 hosts and 100,000 shardlets', () => {
  it.each(OF_THE_CLUSTER)('%s is accessible in both themes, and within its width', async (name) => {
    expect(await lookAt(browser, large.url, 'large', name)).toEqual([]);
  });
});

describe('the heat map', () => {
  it('says that rows were merged, and shows a hatched forecast right of now', async () => {
    const page = await heat('/heat?span=7d');
    await page.getByText(/Merged to fit: .*ranges a row/).waitFor();
    await page.getByText('forecast', { exact: true }).waitFor();
    const plot = await boxOf(page);
    await page.mouse.move(plot.x + plot.width - 4, plot.y + 20);
    await page
      .getByText(/: forecast [\d,.]+/)
      .first()
      .waitFor();
    await page.mouse.move(plot.x + 4, plot.y + 20);
    expect(await page.getByText(/: forecast [\d,.]+/).count()).toBe(0);
    await page.close();
  });

  it('shows what was forecast, past and to come, and how far off it was on a scale about zero', async () => {
    const forecast = await heat('/heat?span=24h&metric=forecast');
    const legend = (page: Page) => page.getByRole('figure', { name: 'Legend' }).textContent();
    expect(await legend(forecast)).toMatch(/^0/);
    const { x, y, width } = await boxOf(forecast);
    await forecast.mouse.move(x + width - 4, y + 20);
    await forecast
      .getByText(/: forecast [\d,.]+/)
      .first()
      .waitFor();
    await forecast.close();
    const residual = await heat('/heat?span=24h&metric=residual');
    expect(await legend(residual)).toMatch(/^≤ −[\d,.]+k?.*≥ \+[\d,.]+k? events/);
    await residual.getByText('As a table').click();
    await residual.getByRole('columnheader', { name: 'Farthest off' }).waitFor();
    await residual
      .getByRole('cell', { name: /^[+−][\d,.]+k? events/ })
      .first()
      .waitFor();
    await residual.close();
  });

  it('zooms by a stroke and by the wheel, and Back goes one step out each time', async () => {
    const page = await heat('/heat?span=7d');
    const whole = page.url();
    const { x, y, width, height } = await boxOf(page);
    const pictures = () => page.evaluate(() => performance.getEntriesByName('heat:drawn').length);
    const before = await pictures();
    await page.mouse.move(x + width * 0.3, y + height * 0.3);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + height * 0.6, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=\d+.*low=/);
    const brushed = page.url();
    const first = spanOf(brushed);
    // a new picture is shown whole, whatever was turned while it came
    await vi.waitFor(async () => expect(await pictures()).toBeGreaterThan(before), { timeout: 30_000 });
    await page.getByRole('application').focus();
    await page.mouse.move(x + width / 2, y + height / 2);
    // one turn: turns with pauses between them are steps of their own, and a busy machine makes pauses
    await page.mouse.wheel(0, -1_000);
    await page.waitForURL((url) => url.href !== brushed);
    expect(spanOf(page.url())).toBeLessThan(first);
    await page.goBack();
    await page.waitForURL(brushed);
    await page.goBack();
    await page.waitForURL(whole);
    await page.close();
  });

  it('pins a cell on a click, with its owner and where to go on', async () => {
    const page = await heat('/heat?span=24h');
    const { x, y, width, height } = await boxOf(page);
    await page.mouse.click(x + width * 0.4, y + height * 0.315);
    const card = page.getByRole('region', { name: 'Pinned cell' });
    await card.getByRole('link').first().waitFor();
    expect(await card.textContent()).toMatch(/of that time/);
    await page.reload();
    await card.waitFor();
    await card.getByRole('button', { name: 'Unpin the cell' }).click();
    await card.waitFor({ state: 'detached' });
    await page.close();
  });

  it('is walked with arrow keys, read aloud, and there as a table', async () => {
    const page = await heat('/heat?span=6h');
    await page.getByRole('application').first().focus();
    await page.keyboard.press('ArrowRight');
    const spoken = page.locator('[aria-live=polite]').filter({ hasText: /(hottest: |no key sampled).*:/ });
    await spoken.waitFor({ state: 'attached' });
    const before = await spoken.textContent();
    await page.keyboard.press('Shift+ArrowDown');
    await expect.poll(() => spoken.textContent()).not.toBe(before);
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Pinned cell' }).waitFor();
    await page.getByText('As a table').click();
    await page.getByRole('table').getByRole('row').nth(5).waitFor();
    await page.close();
  });

  it('keeps its colours when locked, and changes them by palette and brightness only', async () => {
    const page = await heat('/heat?span=24h');
    const legend = page.getByRole('figure', { name: 'Legend' });
    const ends = await legend.textContent();
    await page
      .getByRole('radio', { name: 'Locked' })
      .or(page.getByRole('button', { name: 'Locked' }))
      .click();
    await page.waitForURL(/scale=locked.*max=|max=.*scale=locked/);
    const drawn = await picture(page);
    await page
      .getByRole('radio', { name: 'Grey' })
      .or(page.getByRole('button', { name: 'Grey' }))
      .click();
    await expect.poll(() => picture(page)).not.toBe(drawn);
    await page.getByLabel('Brightness').fill('0.8');
    await page.waitForURL(/bright=0.8/);
    expect(await legend.textContent()).toBe(ends);
    await page.close();
  });

  it('compares with the same time last week, in the same colours', async () => {
    const page = await heat('/heat?span=24h');
    await page.getByLabel('Same time last week').check();
    await page.getByRole('heading', { name: 'A week earlier' }).waitFor();
    await expect.poll(() => page.getByRole('application').count()).toBe(2);
    await page.close();
  });

  it('marks splits and moves, and names the pattern with its remedy', async () => {
    const page = await heat('/heat?span=7d');
    const marks = page.getByRole('list', { name: 'Splits, merges, rolls and moves' });
    expect(await marks.getByRole('listitem').count()).toBeGreaterThan(10);
    await page.getByLabel('Splits and moves').uncheck();
    await marks.waitFor({ state: 'detached' });
    expect(await page.getByRole('region', { name: 'Pattern' }).textContent()).toMatch(/\. .*\./);
    await page.close();
  });
});

async function heat(path: string): Promise<Page> {
  const { page } = await visit(browser, large.url + path);
  await whenLoaded(page);
  await page.waitForFunction(() => performance.getEntriesByName('heat:drawn').length > 0);
  return page;
}

async function boxOf(page: Page) {
  return (await page.getByRole('application').first().boundingBox())!;
}

function spanOf(url: string): number {
  const { searchParams } = new URL(url);
  return Number(searchParams.get('to')) - Number(searchParams.get('from'));
}

function picture(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector('canvas')!.toDataURL());
}
