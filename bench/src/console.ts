/**
 * How long a person waits for each page with 400 hosts and 100,000 shardlets: from the address to the page without
 * anything that still loads, in Chromium, several times each; and how evenly the shard map follows a pointer. With
 * --keep it stays afterwards, to be looked at.
 */
import { once } from 'node:events';
import { buildConsole } from '../../apps/cli/src/building/build-console.ts';
import { openBrowser, visit } from '../../e2e/src/browser.ts';
import { PAGES, whenLoaded } from '../../e2e/src/console/look.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { startLargeCluster } from './large-cluster/large-cluster.ts';
import { startConsole } from './measure/console.ts';
import { frames, type Page } from './measure/frames.ts';
import { spread } from './measure/interleave.ts';

const VIEW = { theme: 'light', width: 1_440 } as const;
/** What these show is asked of an edge or a worker, and there is none. */
const OF_OTHERS = ['events', 'consumers', 'api-docs', 'what-if'];

export async function run({ rounds, seconds, keep = false }: BenchOptions): Promise<BenchResult> {
  await buildConsole();
  const cluster = await startLargeCluster();
  const [console, browser] = await Promise.all([startConsole(cluster.environment), openBrowser()]);
  try {
    const pages = Object.entries(PAGES).filter(([name]) => !OF_OTHERS.includes(name));
    const times = new Map(pages.map(([name]) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++)
      for (const [name, path] of pages) {
        const startedMs = performance.now();
        const { page } = await visit(browser, console.url + path, VIEW);
        await whenLoaded(page);
        times.get(name)!.push(performance.now() - startedMs);
        await page.close();
      }
    const { page: map } = await visit(browser, console.url + PAGES.map!, VIEW);
    await whenLoaded(map);
    const pointed = await frames(map, seconds, point);
    if (keep) await stay(console.url);
    const { hosts, shardlets } = cluster.size;
    return {
      mode: { hosts, shardlets, 'browser window': '1440 x 900' },
      ratios: {
        ...Object.fromEntries([...times].map(([name, ms]) => [`${name} (ms)`, spread(ms)])),
        'frame while pointing at the shard map (ms)': spread(pointed),
      },
      marks: { 'frame while pointing at the shard map (ms)': '16.7 at 60 fps' },
    };
  } finally {
    await browser.close();
    await console.child.stop();
    await cluster.close();
  }
}

/** From shardlet to shardlet, so that every step draws another outline and another line of text. */
async function point(page: Page, i: number): Promise<void> {
  const box = await page.getByRole('application').first().boundingBox();
  await page.mouse.move(box!.x + ((i * 7) % box!.width), box!.y + 40 + ((i * 3) % 300));
}

async function stay(url: string): Promise<void> {
  process.stderr.write(`the console of the large cluster: ${url}\nCtrl-C ends it\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}
