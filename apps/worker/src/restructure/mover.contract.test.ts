/** Moves between real servers, by workers that are killed, told to pause, and told to stop. */
import { prepareMigration, type Shardlet } from '@foreshard/core/topology';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { RealCluster } from '../testing/real-cluster.ts';

let cluster: RealCluster;

beforeEach(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 2);
});
afterEach(() => cluster.stop());

async function withEvents(count: number): Promise<Shardlet> {
  const stream = await cluster.createStream({ name: 'main', shardCount: 1 });
  await cluster.until('it is open', () => cluster.open(stream).length === 1);
  const [shardlet] = cluster.open(stream) as [Shardlet];
  for (let i = 0; i < count; i++) await cluster.append(shardlet, `event-${i}`);
  return shardlet;
}

async function moveTo(dest: number, { id, epoch }: Shardlet): Promise<number> {
  const { state } = await cluster.decide(prepareMigration({ id, epoch, dest }));
  return state.kind === 'moving' ? state.nextEpoch : 0;
}

test('a worker carries a move out and tells each of its steps', async () => {
  await cluster.startWorker();
  const shardlet = await withEvents(200);
  const id = await moveTo(2, shardlet);
  await cluster.control.jobs.wake('move');
  await cluster.until('it is there', () => {
    const { owner, state } = cluster.map.shardlet(shardlet.id)!;
    return owner === 2 && state.kind === 'open';
  });
  const now = cluster.map.shardlet(shardlet.id)!;
  expect(await cluster.read(now)).toEqual(Array.from({ length: 200 }, (_, i) => `event-${i}`));
  expect(await cluster.append(now, 'event-7')).toMatchObject({ duplicates: [{ seq: 8 }] });
  const { moves } = cluster.control;
  await cluster.until('it is told', async () => (await moves.find(id))?.result === 'moved');
  const steps = (await moves.journal(id)).map((step) => step.what);
  expect(steps).toEqual(['shadow created', 'verified', 'sealed', 'ready', 'committed', 'opened']);
  expect(await moves.find(id)).toMatchObject({
    kind: 'open',
    source: 1,
    dest: 2,
    records: 200,
    phase: 'done',
  });
});
