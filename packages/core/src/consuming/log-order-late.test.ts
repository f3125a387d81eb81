/** An answer that comes after its shardlet went to another assignment: what it holds is of before. */
import { expect, it } from 'vitest';
import type { ReadReply, ReplicaInfo } from '../hosts/index.ts';
import type { Round } from './batch-reader.ts';
import { LogOrderReader } from './log-order-reader.ts';
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
const settled = () => new Promise((resolve) => setTimeout(resolve, 1));

it('gives out nothing of it', async () => {
  const world = new ServiceWorld([1]);
  const pending: (() => void)[] = [];
  const reads = {
    async read(_: unknown, from: number): Promise<ReadReply> {
      await new Promise<void>((resolve) => pending.push(resolve));
      const records = [{ seq: from, ts: from, frame: new Uint8Array(8) }];
      const rest = { mode: 'open' as const, nextSeq: from + 1, lastSeq: from, last: from, atEnd: true };
      return { kind: 'records', epoch: 1, records, ...rest };
    },
  };
  const records = new RecordReader({ heads: world.heads, reads, refresh: async () => {}, ...time });
  const replica: ReplicaInfo = { shardlet: 1, epoch: 1, mode: 'open', firstSeq: 1, lastSeq: 8 };
  const tables = { hostLast: () => 1_000, replica: () => replica };
  const promises = { tables, ask: async () => true };
  const reader = new LogOrderReader({ map: world.map, records, promises, ...time });
  const seat = new Seat('m', time);
  seat.assign([1], []);
  const read = (mayWait: boolean, seq: number, assignment: number) => {
    const checkpoint: Checkpoint = {
      ...{ shardlet: 1, seq, epoch: 1, assignment, member: 'm', revoking: false, skipped: 0 },
    };
    const round: Round = {
      ...{ seat, limit: 10, after: new Map(), mayWait },
      checkpoint: () => checkpoint,
      stamp: () => undefined,
      lastSeq: () => 8,
    };
    return reader.read(round);
  };
  expect((await read(true, 5, 3)).batches).toEqual([]);
  const next = read(false, 7, 4);
  await settled();
  expect(pending).toHaveLength(2);
  for (const answer of pending) {
    answer();
    await settled();
  }
  const given = (await next).batches.map((b) => [b.assignment, b.records.map((record) => record.seq)]);
  expect(given).toEqual([[4, [8]]]);
});
