import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { findFaults } from './check.fixture.ts';
import {
  type Faults,
  FREEZES,
  freeze,
  kill,
  killHost,
  runFaults,
  STRUCTURE_FAULTS,
} from './faults.fixture.ts';
import { type Cast, Scene } from './scene.fixture.ts';

const WARM_MS = 1_000;

interface Play {
  readonly cast: Cast;
  readonly faults: Faults<Scene>;
}

export const BY_KEY: Play = {
  cast: { groups: ['pulled', 'followed', 'pushed'], redisHosts: 3, postgresHosts: 0 },
  faults: {
    ...STRUCTURE_FAULTS,
    'kill a member that polls': (scene, random) => kill(scene.members.pulled, random),
    'kill a member that is fed': (scene, random) => kill(scene.members.followed, random),
  },
};

/** With a host on PostgreSQL, whose promises are another matter. */
export const IN_LOG_ORDER: Play = {
  cast: { groups: ['ordered'], redisHosts: 2, postgresHosts: 1 },
  faults: {
    ...STRUCTURE_FAULTS,
    ...FREEZES,
    'kill the PostgreSQL host': ({ cluster }, random) => killHost(cluster.hosts.at(-1)!, random),
    'kill a member': (scene, random) => kill(scene.members.ordered, random),
    'freeze a member': (scene, random) => freeze(scene.members.ordered, random),
  },
};

interface Length {
  readonly seed: number;
  readonly rounds: number;
  readonly caughtUpWithinMs: number;
  /** comparisons of events of two shardlets, where a watch looks at the order of the log */
  readonly comparedMin?: number;
}

/** One run from an empty cluster to the judgement. The seed decides what is killed when, not how processes interleave. */
export async function survivesKills(
  postgresUrl: string,
  { cast, faults }: Play,
  { seed, rounds, caughtUpWithinMs, comparedMin = 0 }: Length,
): Promise<void> {
  const count = rounds * Object.keys(faults).length;
  const scene = await Scene.start(postgresUrl, cast);
  try {
    scene.begin();
    await sleep(WARM_MS);
    const done = await runFaults(scene, faults, { seed, rounds });
    expect(done).toHaveLength(count);
    await scene.finish(caughtUpWithinMs);
    expect(await findFaults(scene)).toEqual([]);
    expect((await scene.ledger.seen()).compared).toBeGreaterThanOrEqual(comparedMin);
    expect(scene.watches).toBeGreaterThan(count);
    // one group alone reads everything once: there is nothing to answer again
    if (cast.groups.length > 1) expect(scene.cacheHits).toBeGreaterThan(0);
  } finally {
    await scene.stop();
  }
}
