/** What a reader may not give out, whatever the service around it has or has not judged yet. */
import { describe, expect, it } from 'vitest';
import type { ReadReply } from '../hosts/index.ts';
import { BatchReader, type Round } from './batch-reader.ts';
import type { Batch } from './batches.ts';
import type { Checkpoint } from './model.ts';
import { RecordReader } from './record-reader.ts';
import { Seat } from './seat.ts';
import { ServiceWorld } from './service-world.fixture.ts';

const time = {
  nowMs: () => performance.now(),
  later(run: () => void, ms: number) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A member that has shardlet 1 and committed 5 of its 9 events at epoch 1. */
function setUp() {
  const world = new ServiceWorld([1]);
  world.append(1, 9);
  const { map } = world;
  const asked: number[] = [];
  /** reads wait for it */
  const host = { answers: Promise.resolve(), isEmpty: false };
  const reads = {
    async read(_: unknown, from: number): Promise<ReadReply> {
      asked.push(from);
      await host.answers;
      const records = host.isEmpty ? [] : [{ seq: from, ts: 1, frame: new Uint8Array(8) }];
      const lastSeq = host.isEmpty ? from - 1 : from;
      const rest = { mode: 'open' as const, nextSeq: lastSeq + 1, lastSeq, last: 1, atEnd: true };
      return { kind: 'records', epoch: map.shardlet(1)!.epoch, records, ...rest };
    },
  };
  const records = new RecordReader({ heads: world.heads, reads, refresh: async () => {}, ...time });
  const reader = new BatchReader({ map, records, ...time });
  const checkpoint: Checkpoint = {
    ...{ shardlet: 1, seq: 5, epoch: 1, assignment: 3, member: 'm', revoking: false, skipped: 0 },
  };
  const seat = new Seat('m', time);
  seat.assign([1], []);
  const read = (more: Partial<Checkpoint> = {}, mayWait = false) => {
    const round: Round = {
      ...{ seat, limit: 1, after: new Map(), mayWait },
      checkpoint: () => ({ ...checkpoint, ...more }),
      stamp: () => undefined,
      lastSeq: () => undefined,
    };
    return reader.read(round);
  };
  return { world, map, asked, read, host, seat };
}

describe('a reader of batches', () => {
  it('goes on behind what is committed', async () => {
    const { read, asked } = setUp();
    expect((await read()).batches).toMatchObject([{ through: 6, assignment: 3, epoch: 1 }]);
    expect(asked[0]).toBe(6);
  });

  it('reads nothing behind a position that has yet to be set back: its numbers are other events now', async () => {
    const { world, map, read, asked } = setUp();
    world.lose(1, 2);
    world.catchUp(map);
    expect((await read()).batches).toEqual([]);
    expect(asked).toEqual([]);
    // as soon as it is set back
    expect((await read({ seq: 2, epoch: 2, assignment: 4 })).batches).toMatchObject([
      { through: 3, epoch: 2 },
    ]);
  });

  it.each([
    ['is given out where it still fits', {}, { asked: [6], through: 6, assignment: 3 }],
    ['is void in another assignment', { assignment: 4 }, { asked: [6, 6], through: 6, assignment: 4 }],
    ['is void behind another position', { seq: 7 }, { asked: [6, 8], through: 8, assignment: 3 }],
  ])('what came too late for a poll %s', async (_, more, expected) => {
    const { read, asked, host } = setUp();
    let answer = () => {};
    host.answers = new Promise((resolve) => {
      answer = resolve;
    });
    expect((await read({}, true)).batches).toEqual([]);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 1));
    const { batches } = await read(more);
    const [{ through, assignment }] = batches as [Batch];
    expect({ asked, through, assignment }).toEqual(expected);
  });

  it.each([
    ['an event', false, 6],
    ['nothing', true, 5],
  ])(
    'that found %s asks again at once where there was news meanwhile, and else later',
    async (_, isEmpty, seq) => {
      for (const isNews of [false, true]) {
        const { read, asked, host, seat } = setUp();
        host.isEmpty = isEmpty;
        host.answers = new Promise((resolve) => setTimeout(resolve, 5)).then(() => {
          if (isNews) seat.news(1);
        });
        await read();
        await read({ seq });
        expect(asked).toEqual(isNews ? [6, seq + 1] : [6]);
      }
    },
  );

  it('reads nothing of what the member is asked to let go of', async () => {
    const { read, asked } = setUp();
    expect((await read({ revoking: true })).batches).toEqual([]);
    expect(asked).toEqual([]);
  });
});
