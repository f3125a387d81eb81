/**
 * Of addresses that people give (Prometheus, webhooks, pushes, hosts) everybody sees where they lead, and nothing that
 * may let somebody in there: a user, a password, a query. Each part holds a canary, and none is on any surface, in an
 * error or in the audit log.
 */
import { shownAddress } from '@foreshard/core/kernel';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, it, test } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { bearer, type ConsoleProcess, foreshard, startConsole } from './surfaces.fixture.ts';

const CANARY = /canary/i;
/** Nothing listens there. */
const AWAY = '127.0.0.1:1';
const WEB_ADDRESS = `http://user-canary:password-canary@${AWAY}/prom?tenant=query-canary#fragment-canary`;
const BY_NAME_ALONE = `http://name-canary@${AWAY}/prom?value-canary`;
const SOURCE = { query: 'up', partitionLabel: 'partition', hostLabel: 'host' };

let cluster: EdgeCluster;
let console: ConsoleProcess;
/** of a viewer: who sees least, and would see the token */
let viewer: string;

beforeAll(async () => {
  const settings = { FORESHARD_PRIVATE_NETWORKS: '127.0.0.0/8' };
  cluster = await EdgeCluster.start(1, inject('postgresUrl'), settings);
  await cluster.startEdge();
  await cluster.createStream({ name: 'main', shardCount: 1 });
  const { clusters } = cluster.control;
  await clusters.add({
    ...{ name: 'theirs', number: await clusters.nextNumber(), revision: 0, version: 1, hostsChangedMs: null },
    hosts: [{ number: 1, name: 'a', zone: 'z', eventsPerSecond: 1, bytesPerSecond: null, memoryBytes: null }],
    partitions: [{ number: 1, name: 'p', host: 'a', bytes: null, movedMs: null, cameFrom: null }],
    ...{ webhook: null, problem: null, observedToMs: null, stepMs: 60_000, shiftMs: 0 },
    ...{ createdMs: 0, createdBy: 'me', source: { ...SOURCE, url: WEB_ADDRESS } },
  });
  ({ plaintext: viewer } = await cluster.control.tokens.create({ name: 'viewer', scopes: ['cluster:read'] }));
  console = await startConsole({
    ...{ DATABASE_URL: cluster.databaseUrl, REDIS_URL: cluster.controlRedis.url },
    ...{ FORESHARD_EDGE_URL: cluster.edgeUrl, ...settings },
  });
}, 120_000);
afterAll(async () => {
  await console?.stop();
  await cluster?.stop();
});

/** Status and whole answer. */
async function order(path: string, body: object): Promise<[number, string]> {
  const headers = { ...bearer(cluster.token), 'content-type': 'application/json' };
  const url = path.startsWith('/') ? `${cluster.edgeUrl}${path}` : `${console.url}${path}`;
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return [answer.status, await answer.text()];
}

const prometheus = (url: string) => ({ ...SOURCE, url });
const hook = { name: 'ops', url: `http://${AWAY}/hook?token=hook-canary`, kinds: [] };

test.each([
  ['/v1/clusters/other', { prometheus: prometheus(WEB_ADDRESS) }, 400],
  ['/v1/clusters/other', { prometheus: prometheus(BY_NAME_ALONE) }, 400],
  ['clusters.add', { name: 'other', prometheus: prometheus(BY_NAME_ALONE) }, 400],
  ['/v1/clusters/other', { prometheus: prometheus('ftp://canary@h/') }, 400],
  ['/v1/notification-targets', hook, 201],
  ['/v1/notification-targets', { ...hook, url: WEB_ADDRESS }, 400],
  ['/v1/groups/posted/push', { url: BY_NAME_ALONE.replace('name-', ''), attempts: 1 }, 201],
  ['/v1/hosts', { url: 'mysql://me:password-canary@h/d' }, 400],
  ['/v1/hosts', { url: `redis://me:password-canary@${AWAY}/` }, 422],
  ['/v1/hosts', { url: `postgresql://me@${AWAY}/d?password=canary` }, 400],
] as const)('the answer of %s %j holds none', async (path, body, expected) => {
  const [status, text] = await order(path, body);
  expect([status, text]).toEqual([expected, expect.any(String)]);
  // what somebody has just sent with success is answered to them alone
  if (status >= 400) expect(text).not.toMatch(CANARY);
});

it('a viewer sees where an address leads, over every surface', async () => {
  const shown = shownAddress(WEB_ADDRESS);
  expect(shown).toBe(`http://${AWAY}/prom`);
  const paths = [
    ...['/v1/clusters', '/v1/clusters/theirs', '/trpc/clusters.list', '/v1/notification-targets'],
    ...[
      '/v1/notification-deliveries',
      '/v1/groups',
      '/v1/groups/posted',
      '/v1/alarms',
      '/v1/map',
      '/v1/hosts',
    ],
  ].map((path) => `${cluster.edgeUrl}${path}`);
  const views = ['clusters.list', 'notifications.list', 'overview.now', 'hosts.list'];
  const input = encodeURIComponent(JSON.stringify({ name: 'theirs' }));
  const urls = [
    ...paths,
    ...views.map((view) => new URL(`/api/trpc/${view}`, console.url).href),
    new URL(`/api/trpc/clusters.detail?input=${input}`, console.url).href,
    `${console.url}clusters.show?input=${input}`,
    `${console.url}notifications.listTargets?input=%7B%7D`,
  ];
  for (const url of urls) {
    const text = await (await fetch(url, { headers: bearer(viewer) })).text();
    expect(text, url).not.toMatch(CANARY);
    if (/clusters\.show|clusters\/theirs/.test(url)) expect(text).toContain(`"${shown}"`);
  }
  for (const args of [
    ['clusters'],
    ['clusters', 'show', 'theirs'],
    ['notifications'],
    ['groups'],
    ['hosts'],
  ]) {
    for (const format of [[], ['--json']]) {
      const { stdout, stderr } = await foreshard([...args, ...format], cluster.edgeUrl, viewer);
      expect(stdout + stderr, args.join(' ')).not.toMatch(CANARY);
    }
  }
});

it('the audit log keeps where an address leads', async () => {
  const client = new Client({ connectionString: cluster.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ text: string }>('SELECT r::text AS text FROM audit_row r');
  await client.end();
  const texts = rows.map(({ text }) => text);
  expect(texts.filter((text) => text.includes('clusters.add')).join()).toContain(`http://${AWAY}/prom`);
  expect(texts.filter((text) => CANARY.test(text))).toEqual([]);
});
