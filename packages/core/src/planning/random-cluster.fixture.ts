/** Clusters of any shape, for properties that hold for all of them. */
import { type Random, seededRandom } from '../kernel/index.ts';
import { type ClusterState, clusterStateSchema } from './cluster-state.ts';

export function randomState(seed: number): ClusterState {
  const random = seededRandom(seed);
  const hosts = 2 + below(random, 12);
  const shardlets = below(random, 80);
  const name = (host: number) => `h${host}`;
  return clusterStateSchema.parse({
    version: 1,
    now: '2026-03-01T17:00:00Z',
    hosts: Array.from({ length: hosts }, (_, h) => ({
      id: name(h),
      zone: `z${below(random, 3)}`,
      state: h === 0 ? 'active' : ['active', 'active', 'active', 'draining', 'dead'][below(random, 5)],
      health: below(random, 101),
      labels: h % 2 === 0 ? { disk: 'ssd' } : {},
      capacity: { eventsPerSecond: 500 + below(random, 1_000), memoryBytes: 1e9 },
    })),
    shardlets: Array.from({ length: shardlets }, (_, s) => {
      const rate = 400 * random.next() ** 3;
      return {
        id: `s${s}`,
        host: name(below(random, hosts)),
        load: { eventsPerSecond: rate, memoryBytes: 5e7 * random.next() },
        bytes: 9e6 * random.next(),
        frozen: below(random, 10) === 0,
        keyMaySplit: below(random, 2) === 0,
        topKeyShare: random.next(),
        movesLastDay: below(random, 4),
        ...(below(random, 5) === 0 ? { pinnedTo: { disk: 'ssd' } } : {}),
        ...(below(random, 2) === 0 ? { spreadGroup: `g${below(random, 4)}` } : {}),
        ...(below(random, 3) === 0
          ? { lastMovedAt: '2026-03-01T16:30:00Z', cameFrom: name(below(random, hosts)) }
          : {}),
        forecast: [{ aheadMinutes: 30, quantiles: { '0.5': rate, '0.9': rate * (1 + random.next()) } }],
      };
    }),
  });
}

function below(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}
