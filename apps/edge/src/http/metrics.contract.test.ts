/** The metrics of a running edge, as Prometheus' own tool judges them. */
import { promtoolFindings } from '@foreshard/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EdgeFixture, knownToken, TOKEN } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  await edge.createStream({ name: 'main', shardCount: 2 });
  edge.tokens.push(knownToken('scraper', 'scraper', ['cluster:read']));
  await edge.post('/v1/events', [{ specversion: '1.0', id: '1', source: '/m', type: 't' }]);
}, 60_000);
afterAll(() => edge?.stop());

const scrape = (token: string) => edge.fetch('/metrics', { headers: { authorization: `Bearer ${token}` } });
const metrics = async () => (await scrape('scraper')).text();

it('need a token that may see the cluster', async () => {
  const statuses = [await scrape('nobody'), await scrape(TOKEN), await scrape('scraper')].map(
    (one) => one.status,
  );
  expect(statuses).toEqual([401, 403, 200]);
});

it('tell how old the list of tokens is', async () => {
  const age = Number(/^foreshard_edge_tokens_age_seconds (\S+)/m.exec(await metrics())?.[1]);
  expect(age).toBeLessThan(10);
});

it('are accepted by promtool without a remark', async () => {
  expect(await promtoolFindings(await metrics())).toEqual([]);
  const broken = await promtoolFindings('# TYPE x counter\nx{a="1} 2\n');
  expect(broken.join()).toContain('error');
}, 120_000);

it('are OpenMetrics for who asks for it, and stay text for others', async () => {
  const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.4';
  const headers = { authorization: 'Bearer scraper', accept };
  const open = await edge.fetch('/metrics', { headers });
  expect(open.headers.get('content-type')).toContain('application/openmetrics-text; version=1.0.0');
  expect(await open.text()).toMatch(/^# TYPE foreshard_edge_events counter\n[\s\S]*# EOF\n$/m);
  expect(await metrics()).toContain('# TYPE foreshard_edge_events_total counter');
});

it('have no series that clients can make: of names, paths, methods', async () => {
  const series = async () => (await metrics()).split('\n').filter((line) => /^foreshard/.test(line)).length;
  await edge.get('/v1/nowhere');
  await edge.fetch('/v1/streams/nobody/events', { method: 'POST' });
  const before = await series();
  for (let i = 0; i < 20; i++) {
    await edge.get(`/v1/nowhere-${i}`);
    await edge.fetch(`/v1/streams/nobody-${i}/events`, { method: 'POST' });
    await edge.get(`/v1/streams/nobody-${i}/log`);
    await edge.fetch('/v1/log', { method: `X-${i}` });
  }
  expect((await series()) - before).toBeLessThanOrEqual(2);
});
