/**
 * Asks a host on PostgreSQL for news as the heads of an edge do while members wait: every 20 ms while there is some, and
 * less often where an answer takes long. Prints "ready", and goes on until it is ended.
 *
 *   node news-asker.ts URL
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPostgresHost } from '@foreshard/core/adapters/postgres';

const PACE_MS_MIN = 20;
const PACE_MS_MAX = 100;
const SHARE_OF_TIME = 0.1;

const [url = ''] = process.argv.slice(2);
const host = await connectPostgresHost({ url, expectedIncarnation: undefined });
let isOver = false;
process.once('SIGTERM', () => {
  isOver = true;
});
let { since } = await host.news(0);
process.stdout.write('ready\n');
while (!isOver) {
  const askedAtMs = performance.now();
  ({ since } = await host.news(since));
  const tookMs = performance.now() - askedAtMs;
  await sleep(Math.min(PACE_MS_MAX, Math.max(PACE_MS_MIN, tookMs / SHARE_OF_TIME)));
}
await host.close();
