/** What a poll makes of hosts that hang: each question to one takes its whole time limit. */
import { expect, it } from 'vitest';
import { type EventHost, HostUnreachable } from '../hosts/index.ts';
import { range } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { GroupService, type Poll } from './group-service.ts';
import { EMPTY_GROUP, type Group, type GroupState } from './model.ts';

const GROUP: Group = { name: 'g', stream: 1, sessionMs: 1_000 };
const WHOLE = range({ hi: 0, lo: 0 }, { hi: 0x1_0000_0000, lo: 0 });

/** Shardlets 1 to n; `owners`: of each, and which of them answer. */
function service(owners: readonly number[], answering: readonly number[]) {
  const shardlets: Shardlet[] = owners.map((owner, i) => ({
    ...{ id: i + 1, stream: 1, shard: 0, range: WHOLE, owner, epoch: 1 },
    ...{ state: { kind: 'open' }, parents: [], lost: [] },
  }));
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false, ...settings };
  const map = new TopologyMap({ ...EMPTY_TOPOLOGY, version: 1, streams: [stream], shardlets });
  let state: GroupState = EMPTY_GROUP;
  const asked: number[] = [];
  const host = async (id: number) => {
    asked.push(id);
    if (!answering.includes(id)) throw new HostUnreachable('timeout', 'hangs');
    const records = [{ seq: 1, ts: 1, frame: new Uint8Array() }];
    return { read: async () => ({ kind: 'read', epoch: 1, records }) } as unknown as EventHost;
  };
  const groups = new GroupService({
    ...{ map, host, refresh: async () => {} },
    store: {
      ...{ create: async () => 'created', remove: async () => true, list: async () => [GROUP] },
      find: async () => ({ group: GROUP, state }),
      async change(_name, change) {
        const { state: after, result } = change(GROUP, state, 0);
        state = after;
        return result;
      },
    },
  });
  const poll = async () => {
    asked.length = 0;
    const reply = await groups.poll('g', { member: 'm', subject: 's', limit: 100, after: new Map() });
    return (reply as Poll).batches.map((batch) => batch.shardlet.id);
  };
  return { poll, asked };
}

it('asks a host that hangs once, and goes on with the others', async () => {
  const { poll, asked } = service([1, 1, 1, 2, 2], [2]);
  expect(await poll()).toEqual([4, 5]);
  expect(asked).toEqual([1, 2, 2]);
});

it('ends its round at the second host that hangs, and begins the next one elsewhere', async () => {
  const { poll, asked } = service([1, 2, 3, 4], [3, 4]);
  expect(await poll()).toEqual([]);
  expect(asked).toEqual([1, 2]);
  expect(await poll()).toEqual([3, 4]);
  expect(asked).toEqual([2, 3, 4, 1]);
});
