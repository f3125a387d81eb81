/** Copies that differ from their source: spoilt on the way, or because the source was trimmed meanwhile. */
import { describe, expect } from 'vitest';
import { DEDUP_LEAD_MICROS, DEDUP_WINDOW_DEFAULT_MICROS, type ReplicaDetails } from '../hosts/index.ts';
import type { Perform } from '../machines/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { EVENTS, FINISHED, inSmallChunks, PLACES, type Scenario } from './moves.fixture.ts';
import { A, B, standingStillAt } from './server-cluster.fixture.ts';

/** The first seq that a trim of the source leaves. */
const KEPT_FROM = 12;

export function differingCopies(name: string, scenario: Scenario): void {
  describe(`${name}: a copy that differs`, () => {
    scenario('is found and copied again, a record spoilt on its way and one from an edge', async (c, j) => {
      const [shardlet] = (await c.start(1)) as [Shardlet];
      await j.fill([shardlet], EVENTS);
      await c.prepare(shardlet, B);
      const reported: string[] = [];
      let chunks = 0;
      const spoiling: Perform = async (action) => {
        const perform = inSmallChunks(c.performer());
        if (action.kind === 'note' && action.step.what === 'differed') reported.push(action.step.detail);
        if (action.kind !== 'ingest') return perform(action);
        const spoilt = action.records.with(0, { ...action.records[0]!, ts: action.records[0]!.ts + 1 });
        if (chunks++ === 0) return perform({ ...action, records: spoilt } as typeof action);
        if (chunks === 3) await perform({ ...action, records: spoilt });
        return perform(action);
      };
      expect(await c.carryOut(shardlet, spoiling)).toEqual(FINISHED);
      expect(reported.length).toBeGreaterThanOrEqual(2);
    });

    scenario(
      'because the source is trimmed before any step ends as what the source has left',
      async (c, j) => {
        const shardlets = await c.start(PLACES);
        await j.fill(shardlets, EVENTS);
        await c.later(2 * (DEDUP_WINDOW_DEFAULT_MICROS + DEDUP_LEAD_MICROS));
        let places = 0;
        for (let reached = true; reached; places++) {
          reached = false;
          const shardlet = shardlets[places]!;
          await c.prepare(shardlet, B);
          let isSealed = false;
          let isInTime = false;
          const perform: Perform = async (action) => {
            if (action.kind === 'seal') isSealed = true;
            return inSmallChunks(c.performer())(action);
          };
          const trim = async () => {
            reached = true;
            await c.hosts.get(A)!.trim(shardlet.id, shardlet.epoch, KEPT_FROM);
            isInTime = !isSealed;
          };
          expect(await c.carryOut(shardlet, standingStillAt(places, perform, trim))).toEqual(FINISHED);
          const { firstSeq, lastSeq } = (await c.hosts.get(B)!.describe(shardlet.id)) as ReplicaDetails;
          expect(lastSeq).toBe(EVENTS);
          // what was compared before the last look may stay in the copy
          expect(isInTime ? [KEPT_FROM] : [1, KEPT_FROM]).toContain(firstSeq);
          j.of(shardlet).splice(0, firstSeq - 1);
        }
        expect(places).toBeGreaterThan(12);
      },
    );
  });
}
