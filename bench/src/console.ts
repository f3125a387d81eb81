/**
 * How long a person waits for each page with 400 hosts and 100,000 shardlets: from the address to the page without
 * anything that still loads, in Chromium, several times each. With --keep it stays afterwards, to be looked at.
 */
import { once } from 'node:events';
import { buildConsole } from '../../apps/cli/src/local/build-console.ts';
import { openBrowser, visit } from '../../e2e/src/browser.ts';
import { PAGES, whenLoaded } from '../../e2e/src/look.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { startLargeCluster } from './large-cluster/large-cluster.ts';
import { startConsole } from './measure/console.ts';
import { spread } from './measure/interleave.ts';

const VIEW = { theme: 'light', width: 1_440 } as const;
/** What these show is asked of an edge, and there is none. */
const OF_THE_EDGE = ['events', 'consumers', 'api-docs'];

export async function run({ rounds, keep = false }: BenchOptions): Promise<BenchResult> {
  await buildConsole();
  const cluster = await startLargeCluster();
  const [console, browser] = await Promise.all([startConsole(cluster.environment), openBrowser()]);
  try {
    const pages = Object.entries(PAGES).filter(([name]) => !OF_THE_EDGE.includes(name));
    const times = new Map(pages.map(([name]) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++)
      for (const [name, path] of pages) {
        const startedMs = performance.now();
        const { page } = await visit(browser, console.url + path, VIEW);
        await whenLoaded(page);
        times.get(name)!.push(performance.now() - startedMs);
        await page.close();
      }
    if (keep) await stay(console.url);
    const { hosts, shardlets } = cluster.size;
    return {
      mode: { hosts, shardlets, 'browser window': '1440 x 900' },
      ratios: Object.fromEntries([...times].map(([name, ms]) => [`${name} (ms)`, spread(ms)])),
    };
  } finally {
    await browser.close();
    await console.child.stop();
    await cluster.close();
  }
}

async function stay(url: string): Promise<void> {
  process.stderr.write(`the console of the large cluster: ${url}\nCtrl-C ends it\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}
