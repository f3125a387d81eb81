/** From a request at an edge to the stored profile: a real edge, a real worker, PostgreSQL, the control Redis. */
import { Profiles } from '@foreshard/core/profiling';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EdgeCluster, until } from '../edge-process.fixture.ts';

const EVENTS = 300;
const AMOUNT_MAX = 100;
const CUSTOMERS = 20;
const HOUR_MS = 3_600_000;

let cluster: EdgeCluster;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 2 });
}, 60_000);
afterAll(() => cluster?.stop());

/** Amounts from 1 to 100; every third event is of one customer. */
function eventOf(i: number): object {
  const customer = i % 3 === 0 ? 'hot' : `c-${i % CUSTOMERS}`;
  const data = { amount: (i % AMOUNT_MAX) + 1, customer };
  return { specversion: '1.0', id: String(i), source: '/p', type: 't', subject: `k-${i}`, data };
}

async function stored(): Promise<Profiles> {
  await cluster.control.jobs.wake('mergeProfiles');
  const whole = new Profiles();
  const now = Date.now();
  for (const { profiles } of await cluster.control.profiles.periods('hour', now - 2 * HOUR_MS, now + HOUR_MS))
    whole.merge(profiles);
  return whole;
}

test('what is stored is profiled once; duplicates and refusals are not', async () => {
  const fields = { main: { numbers: ['/data/amount'], keys: ['/data/customer'] } };
  await cluster.startEdge({ EDGE_PROFILE_SHARE: '1', EDGE_PROFILE_FIELDS: JSON.stringify(fields) });
  await cluster.settled();
  const events = Array.from({ length: EVENTS }, (_, i) => eventOf(i));
  for (const round of ['stored', 'duplicate'])
    expect((await cluster.post(events)).body.results[0]).toMatchObject({ status: round });
  expect((await cluster.post([{ ...eventOf(EVENTS), specversion: '9' }])).status).toBe(400);
  // an edge that ends hands over what it has, and does not wait for ten seconds to pass
  expect(await cluster.stopEdge()).toBe(0);
  await until('the profile to be stored', async () => (await stored()).samples === EVENTS);

  const { shardlets, names } = await stored();
  expect(shardlets.size).toBe(2);
  const profiles = [...shardlets.values()];
  const [low, high] = profiles.map((p) => p.numbers.get('/data/amount')!.moments) as [never, never];
  const weighed = (m: { mean: number; count: number }) => m.mean * m.count;
  expect((weighed(low) + weighed(high)) / EVENTS).toBeCloseTo((AMOUNT_MAX + 1) / 2, 6);
  const heaviest = profiles.map((p) => p.keys.get('/data/customer')!.top.reported()[0]!);
  expect(heaviest.map((k) => names.get(k.keyHash))).toEqual(['hot', 'hot']);
  expect(heaviest[0]!.events + heaviest[1]!.events).toBe(EVENTS / 3);
});
