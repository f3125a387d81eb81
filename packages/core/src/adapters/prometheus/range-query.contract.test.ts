/** Load out of a real Prometheus, which scrapes a server of this test. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type LocalServer, startPrometheus, type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardOfServers } from '../webhooks/index.ts';
import { readPrometheus } from './range-query.ts';

const SERVERS = guardOfServers(undefined);

const METRICS = `# TYPE load_events gauge
load_events{topic="orders",partition="0",broker="b1"} 120.5
load_events{topic="orders",partition="1",broker="b2"} 7
# on its way from one to the other
load_events{topic="orders",partition="2",broker="b1"} 10
load_events{topic="orders",partition="2",broker="b2"} 30
`;

let folder: TemporaryFolder;
let scraped: Server;
let prometheus: LocalServer;

beforeAll(async () => {
  folder = await temporaryFolder('prometheus');
  scraped = createServer(async (request, response) => {
    const { url } = request;
    if (url!.startsWith('/large/')) return response.end(manyPartitions(url!, await text(request)));
    if (!url!.startsWith('/moved/')) return response.end(METRICS);
    const location = url!.replace('/moved', prometheus.url);
    return response.writeHead(307, { location }).end();
  });
  await new Promise<void>((resolve) => scraped.listen(0, '127.0.0.1', resolve));
  const { port } = scraped.address() as AddressInfo;
  prometheus = await startPrometheus({ dir: join(folder.path, 'data'), scraped: `127.0.0.1:${port}` });
});
afterAll(async () => {
  await prometheus?.stop();
  scraped.closeAllConnections();
  await new Promise((resolve) => scraped.close(resolve));
  await folder.remove();
});

const source = (change: object = {}) => ({
  ...{ url: prometheus.url, query: 'load_events', partitionLabel: 'partition', hostLabel: 'broker' },
  ...change,
});

const scrapedUrl = () => `http://127.0.0.1:${(scraped.address() as AddressInfo).port}`;
const asked: number[] = [];

/** Answers 40 MB and a bit where more steps are asked for than the path allows, and one value otherwise. */
function manyPartitions(path: string, form: string): string {
  const { start, end, step } = Object.fromEntries(new URLSearchParams(form)) as Record<string, string>;
  const steps = Math.ceil((Number(end) - Number(start)) / Number(step));
  asked.push(steps);
  const metric = {
    partition: '1',
    broker: steps > Number(path.split('/')[2]) ? 'b'.repeat(40_000_000) : 'b',
  };
  const result = [{ metric, values: [[Number(start), '5']] }];
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
}

function lastSeconds(seconds: number) {
  const toMs = Math.floor(Date.now() / 1_000) * 1_000;
  return { fromMs: toMs - seconds * 1_000, toMs, stepMs: 1_000 };
}

describe('load in Prometheus', () => {
  it('is read as one row for each partition and step, with the host that has more of it', async () => {
    await expect
      .poll(async () => (await readPrometheus(source(), lastSeconds(5), SERVERS)).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(6);
    const rows = await readPrometheus(source(), lastSeconds(60), SERVERS);
    const { timeMs } = rows.at(-1)!;
    const newest = rows.filter((row) => row.timeMs === timeMs);
    expect(
      newest.map(({ partition, host, eventsPerSecond }) => [partition, host, eventsPerSecond]).sort(),
    ).toEqual([
      ['0', 'b1', 120.5],
      ['1', 'b2', 7],
      ['2', 'b2', 40],
    ]);
    expect(new Set(rows.map((row) => `${row.timeMs} ${row.partition}`)).size).toBe(rows.length);
  });

  it('of more steps than one answer may have is read in parts', async () => {
    expect((await readPrometheus(source(), lastSeconds(25_000), SERVERS)).length).toBeGreaterThanOrEqual(6);
  });
});

describe('load of more partitions than fit into one answer', () => {
  const range = { fromMs: 0, toMs: 5_000_000, stepMs: 1_000 };

  it('is asked for in shorter pieces', async () => {
    asked.length = 0;
    const rows = await readPrometheus(source({ url: `${scrapedUrl()}/large/1000` }), range, SERVERS);
    expect(rows.map(({ timeMs }) => timeMs)).toEqual([0, 1_000_000, 2_000_000, 3_000_000, 4_000_000]);
    expect(asked).toEqual([5_000, 1_000, 1_000, 1_000, 1_000, 1_000]);
  });

  it('fails when not even one step fits', async () => {
    const reading = readPrometheus(source({ url: `${scrapedUrl()}/large/0` }), range, SERVERS);
    await expect(reading).rejects.toThrow(/^127.0.0.1:\d+ does not answer: .*larger than 40 MB$/);
  });
});

describe('what is wrong is told in one line', () => {
  it.each([
    [{ query: 'load_events{' }, /parse error/],
    [{ hostLabel: 'node' }, /has no label "node"; it has .*broker/],
    [{ url: 'http://127.0.0.1:2' }, /127.0.0.1:2 does not answer: .*ECONNREFUSED/],
  ])('%j', async (change, message) => {
    const reading = await readPrometheus(source(change), lastSeconds(60), SERVERS).catch(
      (error: Error) => error.message,
    );
    expect(reading).toMatch(message);
    expect(reading).not.toContain('\n');
  });

  it('an address that leads on to another one', async () => {
    const { port } = scraped.address() as AddressInfo;
    const reading = readPrometheus(
      source({ url: `http://127.0.0.1:${port}/moved` }),
      lastSeconds(60),
      SERVERS,
    );
    await expect(reading).rejects.toThrow(/does not answer: .*redirect/);
  });

  it('a server that is no Prometheus', async () => {
    const { port } = scraped.address() as AddressInfo;
    const reading = readPrometheus(source({ url: `http://127.0.0.1:${port}` }), lastSeconds(60), SERVERS);
    await expect(reading).rejects.toThrow('answers 200, and not as Prometheus does');
  });
});
