/** A move whose worker stands still before each of its steps in turn, while others do something. */
import { describe, expect } from 'vitest';
import { drive } from '../machines/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { abortingMachine } from './aborting.ts';
import { FINISHED, type Journal, PLACES, type Scenario } from './moves.fixture.ts';
import { A, B, type ServerCluster, standingStillAt } from './server-cluster.fixture.ts';

/** What others do while a worker stands still before each of its steps in turn, each time on another shardlet. */
async function atEveryStep(
  cluster: ServerCluster,
  journal: Journal,
  others: (shardlet: Shardlet) => Promise<void>,
  ends: (shardlet: Shardlet, reached: boolean) => void,
) {
  const shardlets = await cluster.start(PLACES);
  await journal.fill(shardlets, 3);
  let places = 0;
  for (let reached = true; reached; places++) {
    reached = false;
    const shardlet = shardlets[places]!;
    await cluster.prepare(shardlet, B);
    const meanwhile = async () => {
      reached = true;
      await others(shardlet);
      expect(await journal.append(shardlet, 'meanwhile')).toBe(true);
    };
    await cluster.carryOut(shardlet, standingStillAt(places, cluster.performer(), meanwhile));
    expect(await journal.append(shardlet, 'after')).toBe(true);
    ends(cluster.now(shardlet), reached);
  }
  expect(places).toBeGreaterThan(12);
}

export function movesAtEveryStep(name: string, scenario: Scenario): void {
  describe(`${name}: a move`, () => {
    scenario('is carried out once when a worker stands still before any step and another is done', (c, j) =>
      atEveryStep(
        c,
        j,
        async (shardlet) => {
          await c.complete(shardlet);
          await c.dropGarbage();
        },
        ({ owner }) => expect(owner).toBe(B),
      ),
    );

    scenario('is over for a worker that stood still until the shardlet had come back', (c, j) =>
      atEveryStep(
        c,
        j,
        async (shardlet) => {
          await c.complete(shardlet);
          expect(await c.move(shardlet, A)).toEqual(FINISHED);
        },
        ({ owner }, reached) => expect(owner).toBe(reached ? A : B),
      ),
    );

    scenario(
      'is either aborted or committed when both are wanted at once, whatever the step',
      async (c, j) => {
        const owners = new Set<number>();
        const abort = async (shardlet: Shardlet) => {
          await c.refresh();
          const moving = c.now(shardlet);
          if (moving.state.kind === 'moving')
            expect(await drive(abortingMachine(c.map, moving, 'no'), c.performer())).toMatchObject({
              kind: 'aborted',
            });
          else await c.finishAll();
          await c.dropGarbage();
        };
        await atEveryStep(c, j, abort, ({ owner }) => owners.add(owner));
        expect(owners).toEqual(new Set([A, B]));
      },
    );
  });
}
