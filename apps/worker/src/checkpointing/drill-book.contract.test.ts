/** Failed drills, from the control Redis to an alarm and out of it. */
import { DRILLS_BELIEVED_MS, FAILED_DRILLS_KEY } from '@foreshard/core/group-state';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { observeAlarms } from '../notifying/observe-alarms.ts';
import { RealCluster } from '../testing/real-cluster.ts';
import { drillBook } from './drill-book.ts';

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
}, 60_000);
afterAll(() => cluster.stop());

const atMs = Date.now();
const alarms = async (nowMs = atMs) => {
  const found = await observeAlarms({ ...cluster.control, follower: cluster.follower, nowMs: () => nowMs });
  return found.filter(({ kind }) => kind === 'alarm.checkpoint');
};

test('what failed raises an alarm until it is repaired', async () => {
  const book = drillBook(cluster.control.redis);
  expect(await book.read('g')).toEqual([]);
  const failed = [7, 9].map((shardlet) => ({
    shardlet,
    error: `The state of shardlet ${shardlet} lacks events.`,
    atMs,
  }));
  await book.write({ group: 'g', atMs, failed });
  await book.write({ group: 'other', atMs, failed: [] });
  expect(await drillBook(cluster.control.redis).read('g')).toEqual(failed);
  expect(await cluster.control.redis.ttl(FAILED_DRILLS_KEY)).toBeGreaterThan(86_000);
  const [alarm, ...others] = await alarms();
  expect(others).toEqual([]);
  expect(alarm).toMatchObject({
    ...{
      key: 'drill:g',
      level: 'bad',
      path: '/checkpoints?group=g',
      title: 'A restore drill of group g failed',
    },
    text: expect.stringContaining(
      'The state of shardlet 7 lacks events. It failed for 1 more of its shardlets.',
    ),
  });
  // nobody drills any more: the group is gone, or the worker is off
  expect(await alarms(atMs + DRILLS_BELIEVED_MS + 1)).toEqual([]);
  await book.write({ group: 'g', atMs, failed: failed.slice(0, 1) });
  expect((await alarms())[0]!.text).not.toContain('more of its shardlets');
  await book.write({ group: 'g', atMs, failed: [] });
  expect(await alarms()).toEqual([]);
});
