import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessorNotice } from '@foreshard/client/source';
import { expect } from 'vitest';
import { type Faults, kill, oneOf, runFaults, STRUCTURE_FAULTS } from './faults.fixture.ts';
import { ProcessorScene } from './processor-scene.fixture.ts';

const WARM_MS = 2_500;

const FAULTS: Faults<ProcessorScene> = {
  ...STRUCTURE_FAULTS,
  'kill a processor': (scene, random) => kill(scene.members, random),
  'kill another processor': (scene, random) => kill(scene.members, random),
  'lose checkpoints': async (scene, random) => {
    const contents = await scene.contents();
    for (let i = 0; i < 3; i++) {
      const content = oneOf(contents, random);
      if (content !== undefined) await scene.loseContent(content, random.next() < 0.5);
    }
    await kill(scene.members, random);
  },
};

/** One run from an empty cluster to the judgement. */
export async function stateSurvivesKills(
  postgresUrl: string,
  { seed, rounds, caughtUpWithinMs }: { seed: number; rounds: number; caughtUpWithinMs: number },
): Promise<void> {
  const scene = await ProcessorScene.start(postgresUrl);
  try {
    scene.begin();
    await sleep(WARM_MS);
    await runFaults(scene, FAULTS, { seed, rounds });
    expect((await scene.contents()).length, 'checkpoints were stored').toBeGreaterThan(0);
    await scene.finish(caughtUpWithinMs);
    const notices: ProcessorNotice[] = [];
    const judge = await scene.takeOver(notices);
    const log = await scene.log();
    expect(new Map([...judge.entries()].sort())).toEqual(new Map([...log].sort()));
    expect([...log.values()].flat().length).toBe(scene.sent);
    expect(notices.some(({ kind }) => kind === 'restored')).toBe(true);
    await judge.close();
    await effectsAreRight(scene, new Set([...log.values()].flat()));
  } finally {
    await scene.stop();
  }
}

/** Each event has its effect; more than one only where a member died before it had committed. */
async function effectsAreRight(scene: ProcessorScene, ids: ReadonlySet<string>): Promise<void> {
  const { rows } = await scene.ledger.query(
    'SELECT id, bool_or(again) AS again FROM tested_effect GROUP BY id',
  );
  expect(rows.filter(({ again }) => again)).toEqual([]);
  expect(new Set(rows.map(({ id }) => id))).toEqual(ids);
}
