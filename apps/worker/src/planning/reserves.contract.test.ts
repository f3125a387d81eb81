/** From what a worker reported to room that is kept for it, and to its end when that worker is gone, on real servers. */
import { OWN_CLUSTER, type RecommendationRecord } from '@foreshard/core/advising';
import type { SliceReport } from '@foreshard/core/anticipating';
import { MINUTE_MS } from '@foreshard/core/telemetry';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { PlannedCluster } from './planned-cluster.fixture.ts';

const TEST_MS = 60_000;
const POSITIONS = 2 ** 32;
const QUIET = 10;
const EXPECTED_MS = 20 * MINUTE_MS;
const ENDS_MS = 30 * MINUTE_MS;

let planned: PlannedCluster;

beforeAll(async () => {
  planned = await PlannedCluster.start(inject('postgresUrl'), { hosts: 2, shards: 8 });
}, TEST_MS);
afterAll(() => planned?.cluster.stop());

/** As the worker that learns does, once. */
async function announce(target: readonly [number, number]): Promise<void> {
  const { slices } = planned.cluster.control;
  const settings = { share: 1, slices: 1, memoryBytes: 1_000_000, attributes: [] };
  await slices.divide(new Map([[planned.stream, settings]]));
  await slices.attend('learner');
  const claimed = await slices.claim({ stream: planned.stream, slice: 0 }, 'learner', MINUTE_MS);
  const atMs = planned.nowMs();
  const figures = {
    ...{ announced: 10, came: 8, falseAlarms: 2, bursts: 10, burstsAnnounced: 8 },
    ...{ precision: 0.8, recall: 0.8, leadMinutes: 20, brier: 0.2 },
  };
  const surge = {
    ...{ id: 1, type: 'sold-out', source: [0, 0.0625] as const, target, announcedAtMs: atMs },
    ...{ expectedAtMs: atMs + EXPECTED_MS, endsAtMs: atMs + ENDS_MS, cameAtMs: null, probability: 0.9 },
    ...{ eventsPerSecond: 80, minutes: 30, hits: 18, causes: 20, byChance: 0.5 },
  };
  const hits = { events: 0, hit1: 0, hit3: 0, frequent1: 0, frequent3: 0 };
  const report: SliceReport = {
    ...{ atMs, learned: 1, dropped: 0, behind: 0, keys: 1, types: 1, hits, expected: [], shardlets: [] },
    counts: { total: 0, types: [], events: [], preceded: [], pairs: [] },
    surges: { announced: [surge], figures, links: 1, linksByChance: 0 },
  };
  await slices.renew(claimed!, MINUTE_MS, report);
}

async function open(): Promise<readonly RecommendationRecord[]> {
  const { recommendations } = planned.cluster.control;
  return recommendations.list({ cluster: OWN_CLUSTER, states: ['open'], limit: 100 });
}

it('moves ahead of what is announced, and no longer when it has not come', { timeout: TEST_MS }, async () => {
  const { map } = planned.cluster;
  const host = map.hosts()[0]!.id;
  const { range } = [...map.leaves(planned.stream)].find(({ owner }) => owner === host)!;
  await planned.setPolicy({ anticipation: { reserve: 0.5 } });
  await planned.load(() => QUIET);
  await planned.tick();
  expect(await open()).toEqual([]);
  await announce([range.from.hi / POSITIONS, range.to.hi / POSITIONS]);
  await planned.setPolicy({});
  await planned.tick();
  expect(await open()).toEqual([]);
  await planned.setPolicy({ anticipation: { reserve: 0.5 } });
  await planned.tick();
  const kept = await open();
  expect(kept.length).toBeGreaterThan(0);
  expect(kept[0]!.body).toMatchObject({ action: 'move', source: String(host) });
  expect(kept[0]!.body.reason).toContain('keeps room for a burst that "sold-out" in keys 0.000 to 0.063');
  // nobody reports any more, and nobody takes it back
  await planned.load(() => QUIET, ENDS_MS + MINUTE_MS);
  await planned.tick();
  expect(await open()).toEqual([]);
});
