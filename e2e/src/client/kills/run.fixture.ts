import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { findFaults } from './check.fixture.ts';
import { type Faults, kill, runFaults, STRUCTURE_FAULTS } from './faults.fixture.ts';
import { Scene } from './scene.fixture.ts';

const WARM_MS = 1_000;

const FAULTS: Faults<Scene> = {
  ...STRUCTURE_FAULTS,
  'kill a member that polls': (scene, random) => kill(scene.members.pulled, random),
  'kill a member that is fed': (scene, random) => kill(scene.members.followed, random),
};
const COUNT = Object.keys(FAULTS).length;

/** One run from an empty cluster to the judgement. The seed decides what is killed when, not how processes interleave. */
export async function survivesKills(
  postgresUrl: string,
  { seed, rounds, caughtUpWithinMs }: { seed: number; rounds: number; caughtUpWithinMs: number },
): Promise<void> {
  const scene = await Scene.start(postgresUrl);
  try {
    scene.begin();
    await sleep(WARM_MS);
    const done = await runFaults(scene, FAULTS, { seed, rounds });
    expect(done).toHaveLength(rounds * COUNT);
    await scene.finish(caughtUpWithinMs);
    expect(await findFaults(scene)).toEqual([]);
    expect(scene.watches).toBeGreaterThan(rounds * COUNT);
    expect(scene.cacheHits).toBeGreaterThan(0);
  } finally {
    await scene.stop();
  }
}
