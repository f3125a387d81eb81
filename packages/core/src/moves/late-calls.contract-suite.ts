/** Calls of moves and of edges that arrive when everything has gone on without them. */
import { describe, expect } from 'vitest';
import { frameAt } from '../machines/cluster.fixture.ts';
import { drive, type Perform } from '../machines/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { abortingMachine } from './aborting.ts';
import { EVENTS, FINISHED, holdingBack, inSmallChunks, roll, type Scenario } from './moves.fixture.ts';
import { A, B, HeldBack } from './server-cluster.fixture.ts';

export function lateCalls(name: string, scenario: Scenario): void {
  describe(`${name}: calls that come late`, () => {
    scenario('after the commit and its drops change nothing', async (c, j) => {
      const [shardlet] = (await c.start(1)) as [Shardlet];
      await j.fill([shardlet], EVENTS);
      const child = await roll(c, shardlet);
      await j.fill([child], EVENTS);
      const held = new HeldBack(c);
      const { state } = await c.prepare(child, B);
      const epoch = state.kind === 'moving' ? state.nextEpoch : 0;
      const perform = inSmallChunks(c.performer());
      const untoward: Perform = async (action) => {
        if (action.kind !== 'ready') return holdingBack(held, perform)(action);
        const records = [{ seq: EVENTS + 1, ts: c.clock.nowMicros(), frame: frameAt(0, 'never sent') }];
        await held.send({ kind: 'ingest', host: B, shardlet: child.id, epoch, records, toCome: 0 });
        await held.send({ kind: 'truncate', host: B, shardlet: child.id, epoch, seq: 1 });
        return holdingBack(held, perform)(action);
      };
      expect(await c.carryOut(child, untoward)).toEqual(FINISHED);
      expect(await j.append(child, 'on B')).toBe(true);
      await c.dropGarbage();
      const before = await c.held();
      const answers = await held.deliver();
      expect(await c.held()).toEqual(before);
      const said = (kind: string) =>
        answers.filter((answer) => answer.kind === kind).map(({ reply }) => reply);
      for (const kind of ['ingest', 'truncate'])
        for (const reply of said(kind)) expect(reply).toEqual({ kind: 'stale', epoch, mode: 'open' });
      expect(said('ingest').length).toBeGreaterThan(1);
      expect(said('ready')).toEqual([{ kind: 'stale', epoch, mode: 'open' }]);
      expect(said('ingestIds')).toHaveLength(1);
      expect(said('seal')).toMatchObject([{ kind: 'stale', mode: 'dropped' }]);
    });

    scenario('after an abort change nothing', async (c, j) => {
      const [shardlet] = (await c.start(1)) as [Shardlet];
      await j.fill([shardlet], EVENTS);
      const held = new HeldBack(c);
      await c.prepare(shardlet, B);
      const fullThen: Perform = async (action) => {
        const perform = holdingBack(held, inSmallChunks(c.performer()));
        if (action.kind !== 'decide' || action.decision.name !== 'commitMigration') return perform(action);
        await drive(abortingMachine(c.map, c.now(shardlet), 'no'), perform);
        return c.performer()(action);
      };
      expect(await c.carryOut(shardlet, fullThen)).toMatchObject({ kind: 'stale' });
      expect(await j.append(shardlet, 'again on A')).toBe(true);
      // the epoch of the first abort is an old one then
      await c.prepare(shardlet, B);
      await drive(abortingMachine(c.map, c.now(shardlet), 'no'), c.performer());
      expect(await j.append(shardlet, 'still on A')).toBe(true);
      await c.dropGarbage();
      const before = await c.held();
      const kinds = (await held.deliver()).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['seal', 'raise', 'ready', 'ingest', 'createShadow']));
      expect(await c.held()).toEqual(before);
    });

    scenario(
      'after a move there, back and there again, with all drops at the end, change nothing',
      async (c, j) => {
        const [shardlet] = (await c.start(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const held = new HeldBack(c);
        const perform = holdingBack(held, c.performer());
        for (const dest of [B, A, B]) {
          expect(await c.move(shardlet, dest, perform)).toEqual(FINISHED);
          expect(await j.append(shardlet, `on ${dest} at ${c.now(shardlet).epoch}`)).toBe(true);
        }
        const before = await c.held();
        await held.deliver();
        expect(await c.held()).toEqual(before);
        await c.dropGarbage();
        expect(await c.idsOn(A, shardlet.id)).toEqual(['stale']);
      },
    );

    scenario(
      'after two more restructures, drops and the purge of tombstones create nothing',
      async (c, j) => {
        const [shardlet] = (await c.start(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const held = new HeldBack(c);
        const perform = holdingBack(held, c.performer());
        const child = await roll(c, shardlet, perform);
        await j.append(child, 'on A');
        expect(await c.move(child, B, perform)).toEqual(FINISHED);
        const grandchild = await roll(c, child, perform);
        await j.append(grandchild, 'on B');
        expect(await c.move(child, A, perform)).toEqual(FINISHED);
        expect(await c.move(grandchild, A, perform)).toEqual(FINISHED);
        await j.append(grandchild, 'on A');
        await c.dropGarbage();
        for (const host of c.hosts.values()) await host.createFloor(c.map.version + 1);
        const before = await c.held();
        const kinds = (await held.deliver()).map(({ kind }) => kind);
        expect(kinds).toEqual(
          expect.arrayContaining(['createOpen', 'createShadow', 'seal', 'open', 'ready']),
        );
        expect(await c.held()).toEqual(before);
      },
    );

    scenario(
      'from an edge with a frozen map are refused, and its shadow writes harm nobody',
      async (c, j) => {
        const [shardlet] = (await c.start(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const { state } = await c.prepare(shardlet, B);
        const epoch = state.kind === 'moving' ? state.nextEpoch : 0;
        let count = 0;
        const frozen = async () => {
          const id = `frozen-${count++}`;
          const reply = await c.append(shardlet, id);
          const hasMoved = c.now(shardlet).epoch !== shardlet.epoch;
          if (hasMoved || reply.kind !== 'appended') return expect(reply.kind).toBe('stale');
          j.of(shardlet).push(id);
          const frame = frameAt(shardlet.range.from.hi, id);
          await c.hosts
            .get(B)!
            .ingest(shardlet.id, epoch, [{ seq: reply.firstSeq, ts: reply.firstTs, frame }]);
        };
        const besides: Perform = async (action) => {
          await frozen();
          return c.performer()(action);
        };
        expect(await c.carryOut(shardlet, besides)).toEqual(FINISHED);
        for (const dest of [A, B]) expect(await c.move(shardlet, dest, besides)).toEqual(FINISHED);
        expect(j.of(shardlet).length).toBeGreaterThan(10);
        const wrong = [{ seq: 1, ts: 1, frame: frameAt(0, 'never sent') }];
        expect(await c.hosts.get(B)!.ingest(shardlet.id, epoch, wrong)).toMatchObject({ kind: 'stale' });
      },
    );
  });
}
