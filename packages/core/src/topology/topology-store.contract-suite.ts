/** What every topology store promises, whatever it keeps its rows in. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { END, range, START, WHOLE } from '../keyspace/index.ts';
import {
  addHost,
  createStream,
  deleteStream,
  describeHost,
  dropGarbage,
  type HostRequest,
  restructure,
  settleOpening,
} from './decisions/index.ts';
import { type Change, EMPTY_TOPOLOGY, type Garbage, type Shardlet } from './model.ts';
import { TopologyMap } from './topology-map.ts';
import type {
  Decision,
  DecisionReply,
  Needs,
  TopologyStore,
  TopologyView,
  Verdict,
} from './topology-store.ts';

export interface StoreUnderTest {
  /** handles of as many processes on one topology store, which is empty */
  readonly stores: readonly TopologyStore[];
  close(): Promise<void>;
}

const ME = 'a test';

export function decided<R>(reply: DecisionReply<R>): R {
  if (reply.kind === 'refused') throw new Error(`${reply.refusal.reason}: ${reply.refusal.detail}`);
  return reply.result;
}

export function hostNamed(name: string) {
  return addHost(hostNamedRequest(name));
}

function hostNamedRequest(name: string): HostRequest {
  const url = `redis://${name}.test:6379`;
  return { name, engine: 'redis', url, incarnation: `run-${name}`, durability: 'always' };
}

/** A decision made of its rule. */
export function rule<R>(needs: Needs, judge: (view: TopologyView) => Verdict<R>): Decision<R> {
  return { name: 'rule', needs, rule: judge };
}

/** Reads a number of the topology store and writes it back one higher: two of them at once must not lose one. */
export function increment(stream: number): Decision<number> {
  return rule({}, (view) => {
    const before = view.stream(stream)!;
    const retentionBytes = (before.retentionBytes ?? 1_000_000) + 1;
    return { kind: 'accept', puts: { streams: [{ ...before, retentionBytes }] }, result: retentionBytes };
  });
}

export function describeTopologyStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the topology store ${name}`, () => {
    let under: StoreUnderTest;
    let store: TopologyStore;
    beforeEach(async () => {
      under = await open();
      store = under.stores[0]!;
    });
    afterEach(() => under.close());

    const decide = <R>(decision: Decision<R>) => store.decide(decision, ME).then(decided);
    const refusal = async (decision: Decision<unknown>) => {
      const reply = await store.decide(decision, ME);
      return reply.kind === 'refused' ? reply.refusal.reason : undefined;
    };
    const version = async () => (await store.snapshot()).version;
    const shardlets = async () => (await store.snapshot()).shardlets;
    /** One host, one stream of one open shardlet. */
    const small = async () => {
      const { hostId } = await decide(hostNamed('one'));
      const { streamId } = await decide(createStream({ name: 'small', shardCount: 1 }));
      const [opening] = await shardlets();
      return { hostId, streamId, shardlet: await decide(settleOpening(opening!.id, opening!.epoch)) };
    };

    it('begins empty at version 0', async () => {
      expect(await store.snapshot()).toEqual(EMPTY_TOPOLOGY);
      expect(await store.changesAfter(0, 10)).toEqual([]);
    });

    it('gives every accepted decision the next version, its values and its place in the change log', async () => {
      const reply = await store.decide(hostNamed('one'), 'someone');
      expect(reply).toMatchObject({ kind: 'decided', version: 1, result: { hostId: 1 } });
      const [change] = await store.changesAfter(0, 10);
      expect(change).toMatchObject({ version: 1, decision: 'addHost', actor: 'someone' });
      expect(change!.hosts).toEqual((await store.snapshot()).hosts);
      expect(await version()).toBe(1);
    });

    it('names the row of the audit log of the order that caused it, where there is one', async () => {
      await store.decide(hostNamed('one'), 'someone', '4711');
      await store.decide(hostNamed('two'), 'someone');
      const changes = await store.changesAfter(0, 10);
      expect(changes.map(({ auditRow }) => auditRow)).toEqual(['4711', undefined]);
    });

    it('keeps what is said of a host, and what was said of it when it joined', async () => {
      const { hostId } = decided(
        await store.decide(
          addHost({ ...hostNamedRequest('one'), zone: 'north', labels: { disk: 'ssd' } }),
          'someone',
        ),
      );
      decided(
        await store.decide(describeHost(hostId, { capacity: { eventsPerSecond: 2_500.5 } }), 'someone'),
      );
      expect((await store.snapshot()).hosts).toMatchObject([
        { id: hostId, zone: 'north', labels: { disk: 'ssd' }, capacity: { eventsPerSecond: 2_500.5 } },
      ]);
      const [, change] = await store.changesAfter(0, 10);
      expect(change).toMatchObject({ decision: 'describeHost', hosts: [{ zone: 'north' }] });
    });

    it('leaves no trace of a refused decision, not even a version or an id', async () => {
      await decide(hostNamed('one'));
      const wasteful = rule({}, (view) => {
        for (let i = 0; i < 10; i++) view.newStreamId();
        return { kind: 'refuse', refusal: { reason: 'not_allowed', detail: 'on second thoughts' } };
      });
      expect(await refusal(wasteful)).toBe('not_allowed');
      expect(await refusal(hostNamed('one'))).toBe('exists');
      expect(await version()).toBe(1);
      expect(await store.changesAfter(1, 10)).toEqual([]);
      expect((await decide(createStream({ name: 'a', shardCount: 1 }))).streamId).toBe(1);
    });

    it('leaves no trace of a rule that fails', async () => {
      const broken = rule({}, () => {
        throw new Error('a fault of the rule');
      });
      await expect(store.decide(broken, ME)).rejects.toThrow('a fault of the rule');
      expect(await version()).toBe(0);
      await decide(hostNamed('one'));
      expect(await version()).toBe(1);
    });

    it('fails a rule that looks at what it did not name', async () => {
      const { shardlet } = await small();
      const look = (needs: Needs, at: (view: TopologyView) => unknown) =>
        rule(needs, (view) => {
          at(view);
          return { kind: 'accept', puts: {}, result: null };
        });
      const unnamed = look({}, (view) => view.shardlet(shardlet.id));
      await expect(store.decide(unnamed, ME)).rejects.toThrow('without naming it');
      await expect(
        store.decide(
          look({}, (v) => v.garbage()),
          ME,
        ),
      ).rejects.toThrow('without naming it');
      await decide(look({ shardlets: [shardlet.id, 999] }, (view) => view.shardlet(999)));
    });

    it('shows a rule exactly the shardlets it named', async () => {
      const { hostId, streamId, shardlet } = await small();
      const two = await decide(hostNamed('two'));
      const other = await decide(createStream({ name: 'other', shardCount: 1, shardletsPerShard: 3 }));
      const shown = (needs: Needs) =>
        decide(rule(needs, (v) => ({ kind: 'accept', puts: {}, result: v.shardlets().map((s) => s.id) })));
      expect(await shown({})).toEqual([]);
      expect(await shown({ shardlets: [3, 1, 77] })).toEqual([1, 3]);
      expect(await shown({ shardletsOfStream: streamId })).toEqual([1]);
      expect(await shown({ shardletsOfStream: other.streamId, shardlets: [1] })).toEqual([1, 2, 3, 4]);
      expect(await shown({ shardletsOfHost: two.hostId })).toEqual([2, 4]);
      await decide(put({ ...shardlet, state: { kind: 'moving', dest: two.hostId, nextEpoch: 9 } }));
      expect(await shown({ shardletsOfHost: two.hostId })).toEqual([1, 2, 4]);
      expect(await shown({ shardletsOfHost: hostId })).toEqual([1, 3]);
    });

    it('keeps every kind of state, and positions of 64 bits, exactly', async () => {
      const { shardlet } = await small();
      const ended = { successors: [7, 8], finalSeq: 2 ** 53 - 1, finalTs: 1_790_000_000_000_001 };
      const states: Shardlet['state'][] = [
        { kind: 'open' },
        { kind: 'moving', dest: 1, nextEpoch: 2 ** 52 },
        { kind: 'opening', job: { kind: 'raise' } },
        { kind: 'opening', job: { kind: 'create', parents: [{ shardlet: 3, epoch: 4 }] } },
        { kind: 'opening', job: { kind: 'migrate', source: 1, sourceEpoch: 2, finalSeq: 3 } },
        { kind: 'closing', successors: [5] },
        { kind: 'closed', ...ended },
        { kind: 'closedMoving', dest: 1, nextEpoch: 3, ...ended },
        { kind: 'gone', ...ended },
      ];
      for (const state of states) {
        const after = { ...shardlet, state, lost: [{ epoch: 2, seq: 1 }] };
        await decide(put(after));
        expect(await shardlets()).toEqual([after]);
      }
      const edge = { hi: 0xffff_ffff, lo: 0xffff_fffe };
      const ranges = [range(START, edge), range(edge, END)];
      const two = await decide(newShardlets(shardlet, ranges));
      expect((await shardlets()).slice(1)).toEqual(two);
      expect(two.map((s) => s.range)).toEqual(ranges);
      expect(shardlet.range).toEqual(WHOLE);
    });

    it('is followed without a gap: the changes add up to the snapshot', async () => {
      const { streamId, shardlet } = await small();
      const halves = [range(START, { hi: 0x8000_0000, lo: 0 }), range({ hi: 0x8000_0000, lo: 0 }, END)];
      await decide(restructure({ parents: [{ id: shardlet.id, epoch: shardlet.epoch }], children: halves }));
      await decide(increment(streamId));
      const doomed = await decide(createStream({ name: 'doomed', shardCount: 2 }));
      for (const s of (await shardlets()).filter((s) => s.stream === doomed.streamId))
        await decide(settleOpening(s.id, s.epoch));
      await decide(deleteStream(doomed.streamId));
      const { garbage, ...before } = await store.snapshot();
      expect(garbage.length).toBe(2);
      const { host, shardlet: dropped, epoch } = garbage[0]!;
      await decide(dropGarbage([{ host, shardlet: dropped, epoch }]));
      expect(await store.snapshot()).toEqual({
        ...before,
        version: before.version + 1,
        garbage: [garbage[1]],
      });

      const map = new TopologyMap(EMPTY_TOPOLOGY);
      for (;;) {
        const changes = await store.changesAfter(map.version, 3);
        expect(changes.length).toBeLessThanOrEqual(3);
        if (changes.length === 0) break;
        for (const change of changes) map.apply(change);
      }
      expect(sorted(map.toTopology())).toEqual(sorted(await store.snapshot()));
    });

    it('lets many processes decide at once: versions without a gap, no update lost', async () => {
      const { streamId } = await small();
      const start = await version();
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          under.stores[i % under.stores.length]!.decide(increment(streamId), `decider ${i}`),
        ),
      );
      const versions = replies.map((r) => (r.kind === 'decided' ? r.version : 0)).sort((a, b) => a - b);
      expect(versions).toEqual(Array.from({ length: 50 }, (_, i) => start + 1 + i));
      expect((await store.snapshot()).streams[0]!.retentionBytes).toBe(1_000_050);
      const log = await store.changesAfter(start, 100);
      // the log tells the same order as the values
      expect(log.map((c) => c.streams[0]!.retentionBytes)).toEqual(
        versions.map((v) => 1_000_000 + v - start),
      );
    });

    it('answers `changed` to all but one of those who race for a shardlet', async () => {
      const { shardlet } = await small();
      const roll = restructure({ parents: [{ id: shardlet.id, epoch: shardlet.epoch }], children: [WHOLE] });
      const replies = await Promise.all(under.stores.map((s) => s.decide(roll, ME)));
      const reasons = replies.map((r) => (r.kind === 'refused' ? r.refusal.reason : r.kind));
      expect(reasons.filter((r) => r === 'decided').length).toBe(1);
      expect(reasons.filter((r) => r === 'changed').length).toBe(under.stores.length - 1);
    });

    it('never gives an id twice, also not that of something deleted', async () => {
      await decide(hostNamed('one'));
      const given: number[] = [];
      for (let i = 0; i < 3; i++) {
        const { streamId } = await decide(createStream({ name: 'again', shardCount: 2 }));
        const made = (await shardlets()).filter((s) => s.stream === streamId);
        given.push(streamId * 1_000, ...made.map((s) => s.id));
        for (const s of made) await decide(settleOpening(s.id, s.epoch));
        await decide(deleteStream(streamId));
      }
      expect(new Set(given).size).toBe(9);
    });

    it('creates a stream of 10,000 shardlets as one decision', async () => {
      await decide(hostNamed('one'));
      await decide(createStream({ name: 'large', shardCount: 100, shardletsPerShard: 100 }));
      const { shardlets: made, version } = await store.snapshot();
      expect(made.length).toBe(10_000);
      expect(version).toBe(2);
      expect((await store.changesAfter(1, 1))[0]!.shardlets).toEqual(made);
    });

    it('keeps apart garbage that differs only in its epoch', async () => {
      const garbage: Garbage[] = [3, 4].map((epoch) => ({ host: 1, shardlet: 2, epoch, since: 5 }));
      await decide(rule({}, () => ({ kind: 'accept', puts: { garbage }, result: null })));
      await decide(dropGarbage([{ host: 1, shardlet: 2, epoch: 3 }]));
      expect((await store.snapshot()).garbage).toEqual([garbage[1]]);
    });
  });
}

function put(shardlet: Shardlet): Decision<null> {
  return rule({ shardlets: [shardlet.id] }, () => ({
    kind: 'accept',
    puts: { shardlets: [shardlet] },
    result: null,
  }));
}

function newShardlets(like: Shardlet, ranges: readonly Shardlet['range'][]): Decision<Shardlet[]> {
  return rule({}, (view) => {
    const made = ranges.map((r) => ({ ...like, id: view.newShardletId(), epoch: view.version, range: r }));
    return { kind: 'accept', puts: { shardlets: made }, result: made };
  });
}

function sorted(topology: ReturnType<TopologyMap['toTopology']>): unknown {
  return { ...topology, shardlets: [...topology.shardlets].sort((a, b) => a.id - b.id) };
}

/** Often enough to see every order in which commits become visible. */
const FOLLOW_PAUSE_MS = 5;

/** A follower as an edge is one: it asks for what is after the last version it has. */
export async function follow(store: TopologyStore, until: () => boolean): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const last = until();
    const changes: readonly Change[] = await store.changesAfter(seen.at(-1) ?? 0, 100);
    seen.push(...changes.map((c) => c.version));
    if (last && changes.length === 0) return seen;
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_PAUSE_MS));
  }
}
