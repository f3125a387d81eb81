import { expect, test } from 'vitest';
import { INHERITED_ID_SETS_MAX } from '../hosts/index.ts';
import { T0_MICROS, TestCluster } from '../machines/cluster.fixture.ts';
import { restructure, type Shardlet } from '../topology/index.ts';
import { tooManyIdSets } from './lineage-limit.ts';

const WINDOW_MS = 15 * 60_000;

async function rolled(times: number): Promise<{ cluster: TestCluster; shardlet: Shardlet; nowMs: number }> {
  const cluster = new TestCluster();
  await cluster.addHost();
  const stream = await cluster.addStream(1);
  await cluster.finishAll();
  for (let n = 0; n < times; n++) {
    const [{ id, epoch, range }] = cluster.open(stream) as [Shardlet];
    await cluster.append(cluster.map.shardlet(id)!, `event-${n}`);
    await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
    await cluster.finishAll();
  }
  return { cluster, shardlet: cluster.open(stream)[0]!, nowMs: T0_MICROS / 1_000 };
}

test('a shardlet is rolled until its child would look in more sets than allowed, and then it has to wait', async () => {
  const before = await rolled(INHERITED_ID_SETS_MAX - 1);
  expect(tooManyIdSets(before.cluster.map, [before.shardlet.id], before.nowMs)).toBeUndefined();
  const { cluster, shardlet, nowMs } = await rolled(INHERITED_ID_SETS_MAX);
  const refusal = tooManyIdSets(cluster.map, [shardlet.id], nowMs);
  expect(refusal).toMatchObject({
    reason: 'in_use',
    detail: expect.stringMatching(/17 id sets, 16 at most/),
  });
  expect(refusal!.detail).toContain(`ask again in ${WINDOW_MS / 1_000} s`);
});

test('what is forgotten does not count any more', async () => {
  const { cluster, shardlet, nowMs } = await rolled(INHERITED_ID_SETS_MAX + 5);
  expect(tooManyIdSets(cluster.map, [shardlet.id], nowMs + WINDOW_MS + 1_000)).toBeUndefined();
});
