/** From what edges flush to what people are shown, through a real worker, Redis and PostgreSQL. */
import { healthSettingsSchema, PROFILE_FIELD, PROFILE_STREAM_KEY, Profiles } from '@foreshard/core/profiling';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RealCluster } from '../testing/real-cluster.ts';

let cluster: RealCluster;
let stream: number;

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  stream = await cluster.createStream({ name: 'orders', shardCount: 2 });
  await cluster.startWorker();
  await cluster.until('the stream to be open', () => cluster.open(stream).length === 2);
}, 60_000);
afterAll(() => cluster?.stop());

async function flush(fill: (profiles: Profiles) => void): Promise<void> {
  const profiles = new Profiles();
  fill(profiles);
  await cluster.control.redis.xadd(PROFILE_STREAM_KEY, '*', PROFILE_FIELD, Buffer.from(profiles.pack()));
}

async function merged(): Promise<Profiles> {
  await cluster.control.jobs.wake('mergeProfiles');
  const now = Date.now();
  const whole = new Profiles();
  for (const period of await cluster.control.profiles.periods('hour', now - 7_200_000, now + 3_600_000))
    whole.merge(period.profiles);
  return whole;
}

test('flushes of edges are added up once, whatever else is in the stream', async () => {
  const [shardlet] = cluster.open(stream);
  for (const bytes of [100, 300])
    await flush((profiles) => {
      profiles.of(shardlet!.id).addSize(bytes);
      profiles.of(shardlet!.id).addNumber('/data/amount', bytes / 100);
    });
  await cluster.control.redis.xadd(PROFILE_STREAM_KEY, '*', PROFILE_FIELD, 'no profile');
  await flush((profiles) => profiles.of(shardlet!.id).addSize(200));
  await cluster.until('the profiles to be merged', async () => (await merged()).samples === 3);
  for (let again = 0; again < 3; again++) await merged();
  const profile = (await merged()).of(shardlet!.id);
  expect([profile.samples, profile.sizes.mean]).toEqual([3, 200]);
  expect(profile.numbers.get('/data/amount')!.moments.mean).toBe(2);
});

test('what is past its retention goes', async () => {
  const { profiles, health } = cluster.control;
  expect(await profiles.forget(Date.now())).toBe(0);
  expect(await profiles.forget(Date.now() + 40 * 86_400_000)).toBeGreaterThanOrEqual(2);
  // the worker may end it first
  await health.add({ atMs: 60_000, shardlets: new Map(), hosts: new Map([[1, { score: 1, parts: [] }]]) });
  await health.forget(Date.now());
  expect(await health.history({ kind: 'host', id: 1 }, 'minute', 0, 120_000)).toEqual([]);
});

test('every host and shardlet is scored, and a score opens into its parts over time', async () => {
  await cluster.control.jobs.wake('measureHosts');
  const host = cluster.map.hosts()[0]!;
  const { health } = cluster.control;
  await cluster.until('the host to be scored', async () => {
    await cluster.control.jobs.wake('scoreHealth');
    const parts = (await health.current())?.hosts.get(host.id)?.parts;
    return parts?.some((p) => p.part === 'durability' && p.raw === 1) ?? false;
  });
  const picture = (await health.current())!;
  expect([...picture.shardlets.keys()]).toEqual(cluster.open(stream).map((s) => s.id));
  const [id, scored] = [...picture.shardlets][0]!;
  expect(scored.parts.map((p) => p.part)).toEqual([
    ...['reachable', ...Object.keys(healthSettingsSchema.parse({}).shardlet)],
  ]);
  expect(scored.parts.find((p) => p.part === 'idSets')).toMatchObject({ raw: 0, score: 100, weight: 5 });
  // nobody has sent anything: that is not known, rather than well
  expect(scored.parts.find((p) => p.part === 'latency')).toMatchObject({ raw: null, score: null });
  const now = Date.now();
  for (const resolution of ['minute', 'hour'] as const) {
    const history = await health.history({ kind: 'shardlet', id }, resolution, now - 7_200_000, now + 1);
    expect(history.at(-1)!.parts).toHaveLength(scored.parts.length);
  }
  expect(await health.history({ kind: 'host', id: 999 }, 'minute', 0, now)).toEqual([]);
});

test('a host that hangs scores 0, and its shardlets as well, until it answers', async () => {
  const host = cluster.map.hosts()[0]!;
  const scores = async () => {
    await cluster.control.jobs.wake('measureHosts');
    await cluster.control.jobs.wake('scoreHealth');
    const picture = await cluster.control.health.current();
    const ofShardlets = cluster.open(stream).map(({ id }) => picture?.shardlets.get(id)?.score);
    return [picture?.hosts.get(host.id)?.score, ...ofShardlets];
  };
  await cluster.hosts[0]!.kill('SIGSTOP');
  try {
    await cluster.until('all to score 0', async () => (await scores()).every((score) => score === 0));
  } finally {
    await cluster.hosts[0]!.kill('SIGCONT');
  }
  await cluster.until('all to be well again', async () =>
    (await scores()).every((score) => score !== null && score !== undefined && score > 80),
  );
}, 60_000);
