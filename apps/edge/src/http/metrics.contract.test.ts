/** The metrics of a running edge, as Prometheus' own tool judges them. */
import { promtoolFindings } from '@foreshard/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EdgeFixture } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  await edge.createStream({ name: 'main', shardCount: 2 });
  await edge.post('/v1/events', [{ specversion: '1.0', id: '1', source: '/m', type: 't' }]);
}, 60_000);
afterAll(() => edge?.stop());

const metrics = async () => (await edge.fetch('/metrics', {})).text();

it('are accepted by promtool without a remark', async () => {
  expect(await promtoolFindings(await metrics())).toEqual([]);
  const broken = await promtoolFindings('# TYPE x counter\nx{a="1} 2\n');
  expect(broken.join()).toContain('error');
}, 120_000);

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
