/**
 * The heat map as people read it: what was remarked, two parts side by side, keys by their names; with the mouse and with
 * the keyboard. The pictures are also seen as people see them who lack a kind of cones.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@foreshard/local';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { PAGES, PICTURES, violations, whenLoaded } from './look.ts';
import { takePictures } from './pictures.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
/** of its own: what others store would be among the names */
const STREAM = 'heat-orders';
const HOT = 'heat/order-1';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HOURS = 5;
const WRITES_A_MINUTE = 40;

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
  await foreshard('streams', 'create', STREAM, '--shards', '64');
  await importHistory();
  await store();
});
afterAll(async () => {
  await browser?.close();
  // what would be proposed for its 64 shardlets fills the inbox of others
  await foreshard('streams', 'delete', STREAM, '--yes');
});

async function foreshard(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await foreshardBeside(inject('dataDir'), ...args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** Five hours in which one of forty keys has half of all writes. */
async function importHistory(): Promise<void> {
  const folder = await temporaryFolder('heat-history');
  const startMs = Date.now() - HOURS * HOUR_MS;
  const lines = Array.from({ length: HOURS * 60 * WRITES_A_MINUTE }, (_, i) => {
    const time = new Date(startMs + Math.floor(i / WRITES_A_MINUTE) * MINUTE_MS + 1_000).toISOString();
    return `${time},${i % 2 === 0 ? HOT : `heat/order-${i % 40}`}`;
  });
  const trace = join(folder.path, 'heat.csv');
  await writeFile(trace, ['time,key', ...lines, ''].join('\n'));
  await foreshard('import-history', '--trace', trace, '--stream', STREAM, '--shift', 'none');
  await folder.remove();
}

/** Names of keys are sampled of what is stored, not of what is imported. */
async function store(): Promise<void> {
  const events = Array.from({ length: 400 }, (_, i) => ({
    ...{ specversion: '1.0', id: `heat-${Date.now()}-${i}`, source: '/e2e/heat', type: 'heat.shown' },
    subject: i % 2 === 0 ? HOT : `heat/order-${i % 40}`,
  }));
  // an edge may not have heard of the stream yet
  await vi.waitFor(async () => expect(await post(events)).toBe(200), { timeout: 30_000, interval: 500 });
}

async function post(events: readonly object[]): Promise<number> {
  const reply = await fetch(`${inject('edgeUrl').replace(/\/$/, '')}/v1/streams/${STREAM}/events`, {
    ...{ method: 'POST', body: JSON.stringify(events) },
    headers: {
      'content-type': 'application/cloudevents-batch+json',
      authorization: `Bearer ${inject('token')}`,
    },
  });
  return reply.status;
}

async function heat(path: string, width = 1_440): Promise<{ page: Page; complaints: string[] }> {
  const seen = await visit(browser, `${consoleUrl}${path}`, { theme: 'light', width });
  await whenLoaded(seen.page);
  await seen.page.waitForFunction(() => performance.getEntriesByName('heat:drawn').length > 0);
  return seen;
}

const plotOf = (page: Page) => page.getByRole('application').first();
const boxOf = async (page: Page) => (await plotOf(page).boundingBox())!;

/** From and to in shares of the picture. */
async function drag(
  page: Page,
  from: readonly number[],
  to: readonly number[],
  key?: 'Control',
): Promise<void> {
  const { x, y, width, height } = await boxOf(page);
  if (key !== undefined) await page.keyboard.down(key);
  await page.mouse.move(x + width * from[0]!, y + height * from[1]!);
  await page.mouse.down();
  await page.mouse.move(x + width * to[0]!, y + height * to[1]!, { steps: 4 });
  await page.mouse.up();
  if (key !== undefined) await page.keyboard.up(key);
}

async function clickAt(page: Page, left: number, top: number): Promise<void> {
  const { x, y, width, height } = await boxOf(page);
  await page.mouse.click(x + width * left, y + height * top);
}

describe('annotations', () => {
  it('are written on a range, shown on the map and the forecasts, removed, and put back with undo', async () => {
    const { page, complaints } = await heat(`/heat?stream=${STREAM}&span=6h`);
    await drag(page, [0.3, 0.2], [0.5, 0.6], 'Control');
    await page.getByRole('region', { name: 'Pinned range' }).waitFor();
    await page.getByRole('button', { name: 'Annotate what is pinned' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Add the annotation' }).click();
    await dialog.getByText('write what happened').waitFor();
    expect(await violations(page, { theme: 'light' })).toEqual([]);
    await dialog.getByLabel('Text').fill('sale begins');
    await dialog.getByRole('button', { name: 'Add the annotation' }).click();
    await dialog.waitFor({ state: 'detached' });
    const flag = page.getByRole('button', { name: /^Annotation: sale begins/ });
    await flag.click();
    const words = page.getByRole('dialog', { name: 'Annotations here' });
    expect(await words.textContent()).toMatch(/sale begins.* to .*(shard|order).*by /s);
    expect(await violations(page, { theme: 'light' })).toEqual([]);
    await page.keyboard.press('Escape');
    await takePictures(page, 'heat', 'annotated');
    await page.setViewportSize({ width: 1_440, height: 900 });

    const chart = await visit(browser, `${consoleUrl}/forecasts?stream=${STREAM}`);
    await chart.page.getByRole('list', { name: 'Annotations' }).getByText('sale begins').waitFor();
    expect(await chart.page.locator('.recharts-reference-area').count()).toBe(1);
    await chart.page.close();

    await page.getByRole('button', { name: 'Remove sale begins' }).click();
    await flag.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await flag.waitFor();
    expect(await foreshard('annotations')).toContain('sale begins');
    await page.close();
    expect(complaints).toEqual([]);
  });

  it('are written and removed with the keyboard alone', async () => {
    const { page } = await heat(`/heat?stream=${STREAM}&span=6h`);
    await page.getByRole('button', { name: 'Annotate' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('restart by keyboard');
    await page.keyboard.press('Enter');
    const flag = page.getByRole('button', { name: /restart by keyboard/ }).first();
    await flag.waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const remove = page.getByRole('button', { name: 'Remove restart by keyboard' });
    await remove.focus();
    await page.keyboard.press('Enter');
    await remove.waitFor({ state: 'detached' });
    await page.close();
  });
});

describe('two pins', () => {
  it('are compared with the mouse: a cell and a range, kept in the address', async () => {
    const { page } = await heat(`/heat?stream=${STREAM}&span=6h`);
    await clickAt(page, 0.2, 0.5);
    await page.getByRole('region', { name: 'Pinned cell' }).waitFor();
    await page.getByRole('button', { name: 'Compare' }).click();
    const comparison = page.getByRole('region', { name: 'Comparison' });
    await comparison.getByText('Pin another cell or range').waitFor();
    await page.getByRole('button', { name: 'Pin a range' }).click();
    await drag(page, [0.4, 0.02], [0.6, 0.98]);
    await comparison.getByRole('row', { name: /^Hosts now .*host-/ }).waitFor();
    const rows = await comparison.getByRole('rowheader').allTextContents();
    expect(rows).toEqual([
      ...['From', 'Keys', 'Events', 'Share of its time', 'Highest', 'Forecast', 'Hottest keys', 'Hosts now'],
    ]);
    await page.reload();
    await comparison.getByRole('row', { name: /^Hosts now .*host-/ }).waitFor();
    await takePictures(page, 'heat', 'compared');
    await page.getByRole('button', { name: 'End the comparison' }).click();
    await comparison.waitFor({ state: 'detached' });
    await page.close();
  });

  it('are compared with the keyboard alone', async () => {
    const { page } = await heat(`/heat?stream=${STREAM}&span=6h`);
    await plotOf(page).focus();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('ArrowRight', 'Enter');
    await page.getByRole('region', { name: 'Pinned cell' }).waitFor();
    await page.getByRole('button', { name: 'Compare' }).focus();
    const another = page.getByRole('region', { name: 'Comparison' }).getByText('Pin another cell or range');
    await vi.waitFor(
      async () => {
        await page.getByRole('button', { name: 'Compare' }).press('Enter');
        await another.waitFor({ timeout: 2_000 });
      },
      { timeout: 20_000 },
    );
    await plotOf(page).focus();
    await press('Shift+ArrowLeft', 'm', 'Shift+ArrowLeft', 'Shift+ArrowDown', 'Enter');
    await page.getByRole('region', { name: 'Pinned range' }).waitFor();
    await page.getByRole('region', { name: 'Comparison' }).getByRole('row').nth(8).waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get('untilMs')).not.toBeNull();
    await page.close();
  });
});

describe('the panel', () => {
  const placesAt = async (width: number) => {
    const { page } = await heat(`/heat?stream=${STREAM}&span=6h`, width);
    await clickAt(page, 0.5, 0.5);
    const panel = page.getByRole('region', { name: 'Pinned cell' });
    await panel.getByText('Its top keys').waitFor();
    await expect.poll(async () => (await panel.boundingBox())!.y).toBeLessThan(900 - 100);
    const [map, beside] = [await boxOf(page), (await panel.boundingBox())!];
    await page.close();
    return { isBeside: beside.x >= map.x + map.width, map };
  };

  it.each([
    [1_280, true],
    [1_000, true],
    [800, false],
  ])('at %d px stands beside the map: %s; either way it is in view', async (width, isBeside) => {
    expect((await placesAt(width)).isBeside).toBe(isBeside);
  });

  it('has legend, brightness and map in view at 900 px', async () => {
    const { page } = await heat(`/heat?stream=${STREAM}&span=6h`);
    for (const part of [
      page.getByRole('figure', { name: 'Legend' }),
      page.getByLabel('Brightness'),
      plotOf(page),
    ]) {
      const { y, height } = (await part.boundingBox())!;
      expect(y + height).toBeLessThanOrEqual(900);
    }
    await page.close();
  });
});

describe('keys', () => {
  it('are named on the axis, in the readout, in the panel and in the table, and hashes are not', async () => {
    const { page } = await heat(`/heat?stream=${STREAM}&span=1h`);
    // names are reported once a minute
    await expect
      .poll(() => page.getByTitle(HOT, { exact: true }).count(), { timeout: 150_000 })
      .toBeGreaterThan(0);
    await page.getByText('As a table').click();
    const table = page.getByRole('table').last();
    await table.getByText(HOT).first().waitFor();
    expect(await table.textContent()).not.toMatch(/[0-9a-f]{6}…/);
    await page.close();
  });
});

const DEFICIENCIES = ['deuteranopia', 'protanopia', 'tritanopia'] as const;
const COLOURED = ['heat', 'map', 'hosts', 'health', 'forecasts', 'overview'];

describe('colours', () => {
  it.each(DEFICIENCIES)('are shown as with %s, for people to look at', async (type) => {
    await mkdir(join(PICTURES, 'vision'), { recursive: true });
    for (const name of COLOURED) {
      const { page } = await visit(browser, consoleUrl + PAGES[name]!, { theme: 'light', width: 1_440 });
      const session = await page.context().newCDPSession(page);
      await session.send('Emulation.setEmulatedVisionDeficiency', { type });
      await whenLoaded(page);
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
        await page.screenshot({ path: join(PICTURES, 'vision', `${name}-${type}-${theme}.png`) });
      }
      await page.close();
    }
  });
});
