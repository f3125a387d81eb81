/** Duplicates whose events stayed on another host when their shardlet's successor moved: a real edge, worker and Redis hosts. */
import { prepareMigration, restructure } from '@foreshard/core/topology';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EdgeCluster, eventOf, until } from '../edge-process.fixture.ts';

let cluster: EdgeCluster;
beforeAll(async () => {
  cluster = await EdgeCluster.start(2, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 4 });
  await cluster.startEdge();
}, 120_000);
afterAll(async () => {
  for (const host of cluster?.hosts ?? []) await host.kill('SIGCONT');
  await cluster?.stop();
});

const openOnes = async () =>
  (await cluster.control.topology.snapshot()).shardlets.filter(({ state }) => state.kind === 'open');
const places = (answer: { body: { results: { shardlet: number; seq: number; ts: number | null }[] } }) =>
  answer.body.results.map(({ shardlet, seq, ts }) => ({ shardlet, seq, ts }));

it('answers with the time of the event, and with null while its host is away', async () => {
  const sent = Array.from({ length: 200 }, (_, i) => eventOf({ id: `e${i}`, subject: `key-${i % 20}` }));
  const stored = places(await cluster.post(sent));
  const ownerOf = new Map((await openOnes()).map(({ id, owner }) => [id, owner]));
  for (const { id, epoch, range } of await openOnes())
    await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
  await cluster.settled();
  for (const { id, epoch, owner } of await openOnes())
    await cluster.decide(prepareMigration({ id, epoch, dest: owner === 1 ? 2 : 1 }));
  await until('every successor has moved', async () => (await openOnes()).length === 4);
  await cluster.settled();

  const again = await cluster.post(sent);
  expect(again.body.results.every((r: { status: string }) => r.status === 'duplicate')).toBe(true);
  expect(places(again)).toEqual(stored);

  // what it knows it answers: the owner of a child answers the append, the owner of its parent hangs
  await cluster.hosts[1]!.kill('SIGSTOP');
  const onFirst = (await openOnes()).filter(({ owner }) => owner === 1).flatMap(({ parents }) => parents);
  const of = sent.filter((_, i) => onFirst.includes(stored[i]!.shardlet));
  expect(of.length).toBeGreaterThan(0);
  expect(onFirst.every((id) => ownerOf.get(id) === 2)).toBe(true);
  const startedMs = performance.now();
  const blind = await cluster.post(of);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(blind.status).toBe(200);
  expect(places(blind).every(({ seq, ts }) => seq > 0 && ts === null)).toBe(true);
});
