/** What clients send again, or in order, around a move: ids and tokens travel with the shardlet. */
import { describe, expect } from 'vitest';
import {
  DEDUP_LEAD_MICROS,
  DEDUP_WINDOW_DEFAULT_MICROS,
  type EventHost,
  framePosition,
} from '../hosts/index.ts';
import { MICROS_PER_SECOND, seededRandom } from '../kernel/index.ts';
import { frameAt } from '../machines/cluster.fixture.ts';
import type { Shardlet } from '../topology/index.ts';
import { FINISHED, middleOf, roll, type Scenario, split } from './moves.fixture.ts';
import { A, B } from './server-cluster.fixture.ts';

export function retriesAroundMoves(name: string, scenario: Scenario): void {
  describe(`${name}: a retry`, () => {
    scenario(
      'of an event whose answer was lost before a split is known to the child that has moved',
      async (c, j) => {
        const [shardlet] = (await c.start(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const { host, proxy } = await c.line(A);
        proxy.cutAtPiece('toClient', 1);
        await expect(c.appendBy(host, shardlet, 'unanswered')).rejects.toMatchObject({
          name: 'HostUnreachable',
        });
        j.of(shardlet).push('unanswered');
        const [child] = (await split(c, shardlet, middleOf(shardlet))) as [Shardlet];
        expect(await c.move(child, B)).toEqual(FINISHED);
        expect(await c.append(c.now(child), 'unanswered')).toMatchObject({
          stored: 0,
          duplicates: [{ shardlet: shardlet.id, seq: 6 }],
        });
        expect(await j.append(child, 'new')).toBe(true);
      },
    );

    scenario(
      'by another edge, of calls whose answers are lost at random, finds each event once',
      async (c, j) => {
        const [shardlet] = (await c.start(1)) as [Shardlet];
        const { host, proxy } = await c.line(A);
        const random = seededRandom(7);
        let lost = 0;
        for (let i = 0; i < 60; i++) {
          const id = `event-${i}`;
          proxy.cutAtPiece('toClient', random.next() < 0.5 ? 1 : Infinity);
          const reply = await c.appendBy(host, shardlet, id).catch(() => undefined);
          if (reply === undefined) lost++;
          const known = await c.append(shardlet, id);
          if (reply !== undefined) expect(known).toMatchObject({ stored: 0, duplicates: [{ seq: i + 1 }] });
          expect(known).toMatchObject({ kind: 'appended' });
          j.of(shardlet).push(id);
        }
        expect(lost).toBeGreaterThan(10);
        expect(await c.move(shardlet, B)).toEqual(FINISHED);
      },
    );

    for (const aheadSeconds of [30, -30])
      scenario(
        `just inside the window is known on a host whose clock is ${aheadSeconds} s off`,
        async (c, j) => {
          const [shardlet] = (await c.start(1)) as [Shardlet];
          await c.setAhead(B, aheadSeconds * MICROS_PER_SECOND);
          await j.append(shardlet, 'before the roll');
          const child = await roll(c, shardlet);
          await j.append(child, 'after the roll');
          await c.later(DEDUP_WINDOW_DEFAULT_MICROS / 2);
          expect(await c.move(child, B)).toEqual(FINISHED);
          await c.later(DEDUP_WINDOW_DEFAULT_MICROS / 2 - MICROS_PER_SECOND);
          const known = async (id: string) => await c.append(c.now(child), id);
          expect(await known('before the roll')).toMatchObject({ stored: 0, duplicates: [{ seq: 1 }] });
          expect(await known('after the roll')).toMatchObject({ stored: 0, duplicates: [{ seq: 1 }] });
          expect(await j.append(child, 'new')).toBe(true);
        },
      );

    scenario('of a timed id after its window is refused by the host it has moved to', async (c, j) => {
      const [shardlet] = (await c.start(1)) as [Shardlet];
      await c.setAhead(B, -30 * MICROS_PER_SECOND);
      const idTimes = [c.clock.nowMicros()];
      const send = (host: EventHost, id: string, times: number[]) =>
        c.appendBy(host, c.now(shardlet), id, { idTimes: times });
      expect(await send(c.hosts.get(A)!, 'timed', idTimes)).toMatchObject({ stored: 1 });
      j.of(shardlet).push('timed');
      expect(await c.move(shardlet, B)).toEqual(FINISHED);
      for (let windows = 0; windows < 3; windows++) {
        await c.later(DEDUP_WINDOW_DEFAULT_MICROS);
        await j.append(shardlet, `window-${windows}`);
      }
      const onB = c.hosts.get(B)!;
      expect(await send(onB, 'timed', idTimes)).toMatchObject({ stored: 0, expired: [0] });
      const ahead = [c.clock.nowMicros() + 2 * DEDUP_LEAD_MICROS];
      expect(await send(onB, 'from the future', ahead)).toMatchObject({ stored: 1 });
      j.of(shardlet).push('from the future');
    });
  });

  describe(`${name}: a hot key that is split`, () => {
    scenario('keeps the order of a client that hands back its token, and only that', async (c, j) => {
      const [shardlet] = (await c.start(1, { splitKeys: true })) as [Shardlet];
      const hot = 0x4000_0000;
      const [low, high] = (await split(c, shardlet, { hi: hot, lo: 0x8000_0000 })) as [Shardlet, Shardlet];
      expect(await c.move(high, B)).toEqual(FINISHED);
      await c.setAhead(B, -MICROS_PER_SECOND / 2);
      const send = async (id: string, tokenTs: number) => {
        const frames = frameAt(hot, id);
        const isLow = framePosition(frames).lo < 0x8000_0000;
        const target = c.now(isLow ? low : high);
        const more = { frames, tokenTs, edgeTs: c.clock.nowMicros() };
        const reply = await c.appendBy(c.hosts.get(target.owner)!, target, id, more);
        if (reply.kind !== 'appended') throw new Error(`answered ${reply.kind}`);
        j.of(target).push(id);
        return { ts: reply.firstTs, owner: target.owner };
      };
      const sent: { ts: number; owner: number }[] = [];
      for (let i = 0; i < 30; i++) sent.push(await send(`with-${i}`, sent.at(-1)?.ts ?? 0));
      expect(new Set(sent.map(({ owner }) => owner))).toEqual(new Set([A, B]));
      const times = sent.map(({ ts }) => ts);
      expect(times.toSorted((a, b) => a - b)).toEqual(times);
      expect(new Set(times).size).toBe(times.length);
    });
  });
}
