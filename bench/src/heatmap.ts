/**
 * The heat map in a real browser: a picture of 1,000 x 500 cells of recorded load, from the arrival of the
 * answer until it is drawn, against one rectangle a cell on the same canvas; and how evenly frames come while
 * it is panned and zoomed by hand. It starts a product and a browser of its own.
 */
import { createAdministrator } from '@foreshard/core/adapters/identity';
import { Block, FULLY_COVERED, LEVELS, MINUTE_MS, packBlock } from '@foreshard/core/telemetry';
import { buildConsole } from '../../apps/cli/src/building/build-console.ts';
import { openBrowser } from '../../e2e/src/browser.ts';
import { ADMINISTRATOR, enter } from '../../e2e/src/signing-in.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import type { Child } from './measure/child.ts';
import { type BenchCluster, startCluster } from './measure/cluster.ts';
import { startConsole } from './measure/console.ts';
import { frames, type Page } from './measure/frames.ts';
import { spread } from './measure/interleave.ts';

const COLUMNS = 1_000;
const ROWS = 500;

export async function run({ rounds, seconds }: BenchOptions): Promise<BenchResult> {
  await buildConsole();
  const cluster = await startCluster({ rounds, seconds, shardlets: ROWS, ids: 0, fsyncMs: 0 });
  const browser = await openBrowser();
  let web: Child | undefined;
  try {
    const endMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    await record(cluster, endMs);
    const console = await startConsole({ ...cluster.environment, FORESHARD_EDGE_URL: cluster.edgeUrl });
    web = console.child;
    await createAdministrator(cluster.control.people, ADMINISTRATOR);
    await enter(browser, console.url);
    const page = await browser.newPage();
    await page.setViewportSize({ width: 1_440, height: 1_000 });
    const drawn: number[] = [];
    const rectangles: number[] = [];
    for (let round = 0; round < rounds; round++) {
      drawn.push(await drawOnce(page, `${console.url}/heat?from=${endMs - COLUMNS * MINUTE_MS}&to=${endMs}`));
      rectangles.push(await page.evaluate(drawRectangles, [COLUMNS, ROWS] as const));
    }
    const [cells] = await cellsOf(page);
    const panned = await frames(page, seconds, pan);
    const zoomed = await frames(page, seconds, zoom);
    return {
      mode: { cells: cells ?? 'unknown', 'browser window': '1440 x 1000', 'hand, seconds': seconds },
      ratios: {
        'a rectangle a cell / drawn': spread(rectangles.map((ms, i) => ms / drawn[i]!)),
        'new data until drawn (ms)': spread(drawn),
        'frame while panning (ms)': spread(panned),
        'frame while zooming (ms)': spread(zoomed),
      },
      marks: {
        'new data until drawn (ms)': '<= 50, goal 16',
        'frame while panning (ms)': '16.7 at 60 fps',
        'frame while zooming (ms)': '16.7 at 60 fps',
      },
    };
  } finally {
    await browser.close();
    await web?.stop();
    await cluster.close();
  }
}

/** A load for every shardlet and minute: a day's wave, hot ranges, noise. */
async function record({ control }: BenchCluster, endMs: number): Promise<void> {
  const { shardlets, streams } = await control.topology.snapshot();
  const { slots } = LEVELS.minute;
  const stream = streams[0]!.id;
  await control.telemetry.exclusively('bench', async (tx) => {
    const firstMs = Math.floor((endMs - COLUMNS * MINUTE_MS) / (slots * MINUTE_MS)) * slots * MINUTE_MS;
    for (let startMs = firstMs; startMs < endMs; startMs += slots * MINUTE_MS) {
      const block = new Block(slots);
      block.covered.fill(FULLY_COVERED);
      for (const [i, { id }] of shardlets.entries())
        for (let slot = 0; slot < slots; slot++)
          block.set(id, slot, loadOf(i, (startMs - firstMs) / MINUTE_MS + slot));
      await tx.put({ stream, level: 'minute', part: 'events', startMs, source: '' }, packBlock(block));
    }
  });
}

function loadOf(row: number, minute: number): number {
  const wave = 1 + Math.sin(minute / 160);
  const hot = row % 97 < 3 ? 40 : 1;
  return Math.round(60 * wave * hot * (0.5 + Math.random()));
}

async function drawOnce(page: Page, url: string): Promise<number> {
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName('heat:drawn').length > 0);
  return page.evaluate(() => performance.getEntriesByName('heat:drawn')[0]!.duration);
}

/** What one would write first. */
function drawRectangles([columns, rows]: readonly [number, number]): number {
  const canvas = Object.assign(document.createElement('canvas'), { width: columns, height: rows });
  const context = canvas.getContext('2d')!;
  const startMs = performance.now();
  for (let c = 0; c < columns; c++)
    for (let r = 0; r < rows; r++) {
      context.fillStyle = `rgb(${(c * r) % 256}, ${c % 256}, ${r % 256})`;
      context.fillRect(c, r, 1, 1);
    }
  context.getImageData(0, 0, 1, 1);
  return performance.now() - startMs;
}

async function cellsOf(page: Page): Promise<string[]> {
  const label = (await page.getByRole('application').first().getAttribute('aria-label')) ?? '';
  return /\d+ by \d+/.exec(label) ?? [];
}

async function middle(page: Page): Promise<{ x: number; y: number }> {
  const box = await page.getByRole('application').first().boundingBox();
  return { x: box!.x + box!.width / 2, y: box!.y + box!.height / 2 };
}

async function zoom(page: Page, i: number): Promise<void> {
  const { x, y } = await middle(page);
  if (i === 0) await page.mouse.click(x, y);
  await page.mouse.move(x + (i % 40), y);
  await page.mouse.wheel(0, i % 80 < 40 ? -20 : 20);
}

async function pan(page: Page, i: number): Promise<void> {
  const { x, y } = await middle(page);
  if (i === 0) {
    await page.getByRole('application').first().focus();
    await page.mouse.move(x, y);
    for (let k = 0; k < 20; k++) await page.mouse.wheel(0, -60);
    await page.keyboard.down('Shift');
    await page.mouse.down();
  }
  await page.mouse.move(x + 200 * Math.sin(i / 20), y + 120 * Math.cos(i / 20));
}
