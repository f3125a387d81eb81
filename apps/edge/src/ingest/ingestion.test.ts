/** The way of events through the edge, on hosts in memory that can be made to refuse. */
import { MemoryHost, MemoryTopologyStore } from '@foreshard/core/adapters/memory';
import { type AppendGroup, type AppendReply, framePayload, HostUnreachable } from '@foreshard/core/hosts';
import { ManualClock } from '@foreshard/core/kernel';
import {
  addHost,
  beginReadmission,
  createStream,
  type Decision,
  deleteStream,
  readmitBatch,
  restructure,
  type Shardlet,
  settleOpening,
  settleRestructure,
} from '@foreshard/core/topology';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FollowedMap } from '../map/follower.ts';
import type { CallLimits } from './append-call.ts';
import { Ingestion } from './ingestion.ts';
import { DUPLICATE, EXPIRED, type Intake, REFUSED, STORED } from './intake.ts';
import { readEvents } from './read-events.ts';
import { replyTo } from './reply.ts';

const NOW = 1_760_000_000_000_000;
const HOLD_MS = 300;
const CALL_EVENTS = 50;
const CALL: CallLimits = { eventsMax: CALL_EVENTS, bytesMax: 100_000, groupsMax: 4, microsMax: 1_000_000 };
const DEDUP = { windowMicros: 900_000_000, leadMicros: 60_000_000 };

/** A host whose next appends can be answered by the test. */
class SteeredHost extends MemoryHost {
  readonly calls: AppendGroup[][] = [];
  next: (() => Promise<AppendReply[]>)[] = [];

  override async append(groups: readonly AppendGroup[]): Promise<AppendReply[]> {
    this.calls.push([...groups]);
    const steered = this.next.shift();
    return steered === undefined ? super.append(groups) : steered();
  }
}

let clock: ManualClock;
let store: MemoryTopologyStore;
let hosts: Map<number, SteeredHost>;
let follower: FollowedMap;
let ingestion: Ingestion;
let full: Set<number>;
/** hosts that have had their share of the stream */
let sated: Set<number>;
let faults: unknown[];
let acknowledged: number[][];

async function decide<R>(decision: Decision<R>): Promise<R> {
  const reply = await store.decide(decision, 'test');
  if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
  return reply.result;
}

async function openOnHost(shardlet: Shardlet): Promise<void> {
  const { id, epoch, stream, range, owner, state } = shardlet;
  const parents = state.kind === 'opening' && state.job.kind === 'create' ? state.job.parents : [];
  await hosts.get(owner)!.createOpen(id, epoch, { stream, range, dedup: DEDUP }, parents);
}

beforeEach(async () => {
  clock = new ManualClock(NOW);
  store = new MemoryTopologyStore(clock);
  hosts = new Map();
  full = new Set();
  sated = new Set();
  faults = [];
  acknowledged = [];
  for (const name of ['a', 'b']) {
    const { hostId } = await decide(
      addHost({ name, engine: 'redis', url: `redis://${name}`, incarnation: 'memory', durability: 'always' }),
    );
    hosts.set(hostId, new SteeredHost(clock));
  }
  await decide(createStream({ name: 'main', shardCount: 4 }));
  for (const shardlet of (await store.snapshot()).shardlets) {
    await openOnHost(shardlet);
    await decide(settleOpening(shardlet.id, shardlet.epoch));
  }
  await startEdge();
});

async function startEdge(call = CALL): Promise<void> {
  const parts = {
    store,
    notifier: { subscribe: async () => async () => {} },
    file: '/nonexistent/map.json',
    nowMs: () => clock.nowMicros() / 1_000,
    warn: () => {},
    reloaded: (reason: string) => expect.fail(reason),
  };
  follower = new FollowedMap({ topology: await store.snapshot(), isProven: true, from: 'store' }, parts);
  ingestion = new Ingestion({
    map: follower,
    hosts: { get: async (id) => hosts.get(id)! },
    isFull: (id) => full.has(id),
    takesShare: (stream, id) => stream !== 'main' || !sated.has(id),
    clock,
    limits: {
      hold: { eventsMax: 100, bytesMax: 100_000, waitMicrosMax: HOLD_MS * 1_000 },
      call,
    },
    observer: {
      stored() {},
      duplicates() {},
      refused() {},
      acknowledged: (...place) => acknowledged.push(place),
      called() {},
      unreachable() {},
      fault: (error) => faults.push(error),
    },
  });
}

interface Sent {
  id: string;
  partitionkey: string;
}

const event = (id: string, key = 'k'): Sent => ({ id, partitionkey: key });

function accept(events: Sent[], tokenTs = 0): Intake {
  const lines = events
    .map((e) => JSON.stringify({ specversion: '1.0', source: '/s', type: 't', ...e }))
    .join('\n');
  const stream = follower.topology.streamNamed('main')!;
  const accepted = { stream, tokenTs, nowMicros: clock.nowMicros(), eventBytesMax: 1_000 };
  return readEvents('lines', Buffer.from(lines), accepted);
}

/** Sends, and lets the clock run until every event has its outcome. */
async function send(events: Sent[], tokenTs = 0): Promise<Intake> {
  const intake = accept(events, tokenTs);
  ingestion.submit(intake);
  return settled(intake);
}

/** A call that has reached the host of the first event of `probe`, which answers it once released. */
async function callOnItsWay(probe: Intake, sent: Sent): Promise<{ target: SteeredHost; release(): void }> {
  const target = hosts.get(follower.topology.shardlet(shardletOf(probe))!.owner)!;
  const gate = Promise.withResolvers<void>();
  target.calls.length = 0;
  target.next.push(async () => {
    await gate.promise;
    return MemoryHost.prototype.append.call(target, target.calls[0]!);
  });
  ingestion.submit(accept([sent]));
  await vi.waitFor(() => expect(target.calls.length).toBe(1));
  return { target, release: gate.resolve };
}

/** They are held once the host has refused them. */
function untilHeld(count: number): Promise<void> {
  return vi.waitFor(() => expect(ingestion.heldEvents).toBe(count), { timeout: 10_000 });
}

async function settled(intake: Intake): Promise<Intake> {
  for (let turn = 0; turn < 2_000 && !intake.isSettled; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    clock.advance(1_000);
  }
  expect(intake.isSettled).toBe(true);
  return intake;
}

async function idsIn(shardlet: number): Promise<string[]> {
  const owner = follower.topology.shardlet(shardlet)!.owner;
  const reply = await hosts.get(owner)!.read(shardlet, 1, 0, { maxRecords: 1_000, maxBytes: 1e9 });
  if (reply.kind !== 'records') return [];
  return reply.records.map(({ frame }) => JSON.parse(Buffer.from(framePayload(frame)).toString()).id);
}

const statuses = (intake: Intake) => [...intake.status];
const codes = (intake: Intake) => [...intake.problems.values()].map((p) => p.code);
const shardletOf = (intake: Intake, i = 0) => intake.shardlet[i]!;

describe('storing', () => {
  it('stores events of one key in the order sent, with the place the host gave', async () => {
    const intake = await send([event('1'), event('2'), event('3')]);
    expect(statuses(intake)).toEqual([STORED, STORED, STORED]);
    expect([...intake.seq]).toEqual([1, 2, 3]);
    expect(intake.ts[1]).toBe(intake.ts[0]! + 1);
    expect(await idsIn(shardletOf(intake))).toEqual(['1', '2', '3']);
  });

  it('tells the last event that a host acknowledged, and nothing of a repeat', async () => {
    const intake = await send([event('1'), event('2'), event('3')]);
    const { id, epoch, owner } = follower.topology.shardlet(shardletOf(intake))!;
    expect(acknowledged.at(-1)).toEqual([owner, id, epoch, 3, intake.ts[2]]);
    acknowledged = [];
    await send([event('1')]);
    expect(acknowledged).toEqual([]);
  });

  it('spreads keys over shardlets and hosts, one call a host', async () => {
    const intake = await send(Array.from({ length: 40 }, (_, i) => event(`${i}`, `key-${i}`)));
    expect(statuses(intake).every((s) => s === STORED)).toBe(true);
    for (const host of hosts.values()) expect(host.calls.length).toBe(1);
    expect(new Set(intake.shardlet).size).toBe(4);
  });

  it('puts what arrives for a shardlet while its call is on its way into the next call', async () => {
    const probe = await send([event('probe', 'key-0')]);
    const { target, release } = await callOnItsWay(probe, event('g0', 'key-0'));
    const intakes = Array.from({ length: 4 }, (_, i) => accept([event(`g${i + 1}`, 'key-0')]));
    for (const intake of intakes) ingestion.submit(intake);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(target.calls.length).toBe(1);
    release();
    for (const intake of intakes) await settled(intake);
    expect(target.calls.map((groups) => groups.map((g) => g.count))).toEqual([[1], [4]]);
    expect(await idsIn(shardletOf(probe))).toEqual(['probe', 'g0', 'g1', 'g2', 'g3', 'g4']);
  });

  it('sends what other shardlets wait for meanwhile, and nothing for those on their way', async () => {
    const probes = await send(Array.from({ length: 40 }, (_, i) => event(`p${i}`, `key-${i}`)));
    const owner = (i: number) => follower.topology.shardlet(shardletOf(probes, i))!.owner;
    const beside = Array.from({ length: 40 }, (_, i) => i).find(
      (i) => owner(i) === owner(0) && shardletOf(probes, i) !== shardletOf(probes),
    )!;
    const { target, release } = await callOnItsWay(probes, event('g', 'key-0'));
    target.next.push(() => new Promise(() => {}));
    ingestion.submit(accept([event('h0', 'key-0'), event('h1', `key-${beside}`)]));
    await vi.waitFor(() => expect(target.calls.length).toBe(2));
    expect(target.calls[1]!.map((g) => g.shardlet)).toEqual([shardletOf(probes, beside)]);
    ingestion.submit(accept([event('i', `key-${beside}`)]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(target.calls.length).toBe(2);
    release();
    await vi.waitFor(() => expect(target.calls.length).toBe(3));
    expect(target.calls[2]!.map((g) => g.shardlet)).toEqual([shardletOf(probes)]);
  });

  it.each([
    ['shardlets', { groupsMax: 1 }],
    ['events', { eventsMax: 7 }],
    ['bytes', { bytesMax: 700 }],
  ])('makes several calls of too many %s, and keeps the order of every key', async (_, limit) => {
    const call: CallLimits = { ...CALL, ...limit };
    await startEdge(call);
    const sent = Array.from({ length: 40 }, (_, i) => event(`${i}`, `key-${i % 10}`));
    const intake = await send(sent);
    expect(statuses(intake).every((s) => s === STORED)).toBe(true);
    const calls = [...hosts.values()].flatMap((host) => host.calls);
    expect(calls.length).toBeGreaterThanOrEqual(4);
    for (const groups of calls) {
      expect(groups.length).toBeLessThanOrEqual(call.groupsMax);
      expect(groups.reduce((sum, g) => sum + g.count, 0)).toBeLessThanOrEqual(call.eventsMax);
      expect(groups.reduce((sum, g) => sum + g.frames.length, 0)).toBeLessThanOrEqual(call.bytesMax);
    }
    for (const shardlet of new Set(intake.shardlet)) {
      const there = sent.filter((_, i) => intake.shardlet[i] === shardlet).map(({ id }) => id);
      expect(await idsIn(shardlet)).toEqual(there);
    }
  });

  it('answers a repeated event as a duplicate at its first place, and an old timed id as expired', async () => {
    const first = await send([event('1')]);
    const again = await send([event('1'), event('019a0000-0000-7000-8000-000000000000')]);
    expect(statuses(again)).toEqual([DUPLICATE, STORED]);
    expect(again.seq[0]).toBe(first.seq[0]);
    const old = await send([event('0179a000-0000-7000-8000-000000000000')]);
    expect(statuses(old)).toEqual([EXPIRED]);
    expect(codes(old)).toEqual(['event_expired']);
  });

  it('cuts a request larger than a call into several, in order', async () => {
    const intake = await send(Array.from({ length: 120 }, (_, i) => event(`${i}`)));
    expect((await idsIn(shardletOf(intake))).map(Number)).toEqual(Array.from({ length: 120 }, (_, i) => i));
  });

  it('gives every event a ts above the token', async () => {
    const token = clock.nowMicros() + 500_000;
    const intake = await send([event('1')], token);
    expect(intake.ts[0]).toBeGreaterThan(token);
  });

  it('waits for a token that is a little ahead, and refuses one that is far ahead', async () => {
    const near = clock.nowMicros() + 1_100_000;
    const intake = await send([event('1')], near);
    expect(intake.ts[0]).toBeGreaterThan(near);
    const far = await send([event('2')], clock.nowMicros() + 30_000_000);
    expect(codes(far)).toEqual(['overloaded']);
    expect(replyTo(far).retryAfterSeconds).toBe(30);
  });
});

describe('a stale map', () => {
  it('holds the events, fetches the map and stores them in the children, in order', async () => {
    const probe = await send([event('0')]);
    const parent = follower.topology.shardlet(shardletOf(probe))!;
    const { children } = await decide(
      restructure({ parents: [{ id: parent.id, epoch: parent.epoch }], children: [parent.range] }),
    );
    const host = hosts.get(parent.owner)!;
    const sealed = await host.seal(parent.id, parent.epoch);
    for (const child of children) await openOnHost(child);
    const intake = await send([event('1'), event('2'), event('3')]);
    expect(statuses(intake)).toEqual([STORED, STORED, STORED]);
    expect(shardletOf(intake)).toBe(children[0]!.id);
    expect(await idsIn(children[0]!.id)).toEqual(['1', '2', '3']);
    expect(sealed).toEqual({ kind: 'done', lastSeq: 1 });
    expect(ingestion.heldEvents).toBe(0);
  });

  it('keeps the order of events that arrive while others are held', async () => {
    const probe = await send([event('0')]);
    const parent = follower.topology.shardlet(shardletOf(probe))!;
    const host = hosts.get(parent.owner)!;
    await host.seal(parent.id, parent.epoch);
    const early = Array.from({ length: 60 }, (_, i) => event(`e${String(i).padStart(2, '0')}`));
    const intakes = [accept(early), accept([event('later')])];
    ingestion.submit(intakes[0]!);
    await untilHeld(60);
    ingestion.submit(intakes[1]!);
    expect(ingestion.heldEvents).toBe(61);
    const { children } = await decide(
      restructure({ parents: [{ id: parent.id, epoch: parent.epoch }], children: [parent.range] }),
    );
    await openOnHost(children[0]!);
    for (const intake of intakes) await settled(intake);
    expect(await idsIn(children[0]!.id)).toEqual([...early.map((e) => e.id), 'later']);
  });

  it('sends what was refused before what waited behind it, at a new epoch of the same shardlet', async () => {
    const probe = await send([event('probe')]);
    const { id, owner } = follower.topology.shardlet(shardletOf(probe))!;
    const host = hosts.get(owner)!;
    const before = follower.topology.shardlet(id)!.epoch;
    host.next.push(async () => {
      await decide(beginReadmission(owner, 'again'));
      await decide(readmitBatch(owner, 'again', [id], []));
      const { epoch } = (await store.snapshot()).shardlets.find((s) => s.id === id)!;
      await host.raise(id, epoch);
      return [{ kind: 'stale', epoch, mode: 'open' }];
    });
    const ids = Array.from({ length: CALL_EVENTS + 10 }, (_, i) => String(i));
    expect(statuses(await send(ids.map((i) => event(i)))).every((s) => s === STORED)).toBe(true);
    expect(await idsIn(id)).toEqual(['probe', ...ids]);
    expect(follower.topology.shardlet(id)!.epoch).toBeGreaterThan(before);
  });

  it('asks the host again though the map is right: the shardlet may be about to open', async () => {
    const probe = await send([event('0')]);
    const parent = follower.topology.shardlet(shardletOf(probe))!;
    const host = hosts.get(parent.owner)!;
    const lastSeq = 1;
    await host.seal(parent.id, parent.epoch);
    const { children } = await decide(
      restructure({ parents: [{ id: parent.id, epoch: parent.epoch }], children: [parent.range] }),
    );
    await decide(
      settleRestructure({
        parents: [{ id: parent.id, finalSeq: lastSeq, finalTs: clock.nowMicros() }],
        children: children.map((c) => c.id),
      }),
    );
    await follower.refresh();
    const intake = accept([event('1')]);
    ingestion.submit(intake);
    await untilHeld(1);
    await openOnHost(children[0]!);
    expect(statuses(await settled(intake))).toEqual([STORED]);
  });

  it('asks a copy that is about to open again at once, however long the cutover has lasted', async () => {
    const probe = await send([event('0')]);
    const { epoch, owner } = follower.topology.shardlet(shardletOf(probe))!;
    const host = hosts.get(owner)!;
    const refusedAt: number[] = [];
    const refuse = (mode: 'sealed' | 'ready') => async (): Promise<AppendReply[]> => {
      refusedAt.push(clock.nowMicros());
      return [{ kind: 'stale', epoch, mode }];
    };
    const intake = accept([event('1')]);
    clock.advance(100_000);
    host.next.push(refuse('sealed'), refuse('ready'), refuse('ready'));
    ingestion.submit(intake);
    expect(statuses(await settled(intake))).toEqual([STORED]);
    const [sealed, ready, again] = refusedAt as [number, number, number];
    expect(ready - sealed).toBeGreaterThanOrEqual(45_000);
    expect(again - ready).toBeLessThan(30_000);
  });

  it('gives up past the limit, those events only', async () => {
    const probe = await send([event('0', 'key-1'), event('0', 'key-2')]);
    const parent = follower.topology.shardlet(shardletOf(probe))!;
    expect(shardletOf(probe, 1)).not.toBe(parent.id);
    await hosts.get(parent.owner)!.seal(parent.id, parent.epoch);
    const intake = await send([event('1', 'key-1'), event('1', 'key-2')]);
    expect(statuses(intake)).toEqual([REFUSED, STORED]);
    expect(codes(intake)).toEqual(['overloaded']);
  });

  it('refuses what the hold buffer has no room for', async () => {
    const probe = await send([event('0')]);
    const parent = follower.topology.shardlet(shardletOf(probe))!;
    await hosts.get(parent.owner)!.seal(parent.id, parent.epoch);
    const intakes = Array.from({ length: 3 }, (_, n) =>
      accept(Array.from({ length: 40 }, (_, i) => event(`${n}-${i}`))),
    );
    for (const intake of intakes) ingestion.submit(intake);
    for (const intake of intakes) await settled(intake);
    const refused = intakes.flatMap((intake) => [...intake.problems.values()]);
    expect(refused.length).toBe(120);
    expect(refused.filter((p) => p.detail.startsWith('too many')).length).toBeGreaterThan(0);
  });

  it('refuses the events of a stream that was deleted while they were held', async () => {
    const probe = await send([event('0')]);
    const parent = follower.topology.shardlet(shardletOf(probe))!;
    await hosts.get(parent.owner)!.seal(parent.id, parent.epoch);
    const intake = accept([event('1')]);
    ingestion.submit(intake);
    await untilHeld(1);
    await decide(deleteStream(intake.stream.id));
    expect(codes(await settled(intake))).toEqual(['unknown_stream']);
  });
});

describe('a host in trouble', () => {
  const unreachable = async () => {
    throw new HostUnreachable('connection', 'cut');
  };

  it('repeats a call whose outcome is unknown, without storing anything twice', async () => {
    const probe = await send([event('0')]);
    const host = hosts.get(follower.topology.shardlet(shardletOf(probe))!.owner)!;
    host.calls.length = 0;
    host.next.push(async () => {
      await MemoryHost.prototype.append.call(host, host.calls[0]!);
      return unreachable();
    });
    const intake = await send([event('1'), event('2')]);
    expect(statuses(intake)).toEqual([DUPLICATE, DUPLICATE]);
    expect(await idsIn(shardletOf(intake))).toEqual(['0', '1', '2']);
  });

  it('repeats the call before what waited behind it', async () => {
    const probe = await send([event('probe')]);
    const host = hosts.get(follower.topology.shardlet(shardletOf(probe))!.owner)!;
    host.next.push(unreachable);
    const ids = Array.from({ length: 2 * CALL_EVENTS + 10 }, (_, i) => String(i));
    await send(ids.map((id) => event(id)));
    expect(await idsIn(shardletOf(probe))).toEqual(['probe', ...ids]);
  });

  it('gives a host that lags smaller calls, rather than give up every call and send it again', async () => {
    const [patienceMs, msPerEvent] = [30, 1];
    await startEdge({ ...CALL, microsMax: (patienceMs * 1_000) / 4 });
    const probe = await send([event('probe')]);
    const host = hosts.get(follower.topology.shardlet(shardletOf(probe))!.owner)!;
    let givenUp = 0;
    const late = async () => {
      const groups = host.calls.at(-1)!;
      const takesMs = groups.reduce((sum, { count }) => sum + count, 0) * msPerEvent;
      await new Promise((resolve) => setTimeout(resolve, Math.min(patienceMs, takesMs)));
      if (takesMs < patienceMs) return MemoryHost.prototype.append.call(host, groups);
      givenUp++;
      throw new HostUnreachable('timeout', 'no answer');
    };
    host.next = Array.from({ length: 1_000 }, () => late);
    const ids = Array.from({ length: 3 * CALL_EVENTS }, (_, i) => String(i));
    expect(new Set(statuses(await send(ids.map((id) => event(id)))))).toEqual(new Set([STORED]));
    expect(givenUp).toBe(1);
    expect(await idsIn(shardletOf(probe))).toEqual(['probe', ...ids]);
  });

  it('gives up past the limit, and then refuses at once until the host is back', async () => {
    const probe = await send([event('0')]);
    const owner = follower.topology.shardlet(shardletOf(probe))!.owner;
    const host = hosts.get(owner)!;
    host.next = Array.from({ length: 1_000 }, () => unreachable);
    expect(codes(await send([event('1')]))).toEqual(['host_unreachable']);
    clock.advance(HOLD_MS * 1_000);
    const refused = accept([event('2')]);
    ingestion.submit(refused);
    expect(refused.isSettled).toBe(true);
    // the longer it is away, the later clients should come back
    expect(replyTo(refused).retryAfterSeconds).toBeLessThan(5);
    clock.advance(40_000_000);
    const later = accept([event('2')]);
    ingestion.submit(later);
    expect(replyTo(later).retryAfterSeconds).toBeGreaterThanOrEqual(20);
    clock.advance(600_000_000);
    const muchLater = accept([event('2')]);
    ingestion.submit(muchLater);
    expect(replyTo(muchLater).retryAfterSeconds).toBe(30);
    host.next = [];
    ingestion.hostAnswers(owner);
    expect(statuses(await send([event('3')]))).toEqual([STORED]);
  });

  it('names a full host, before the engine refuses and when it does', async () => {
    const probe = await send([event('0')]);
    const owner = follower.topology.shardlet(shardletOf(probe))!.owner;
    full.add(owner);
    expect(codes(await send([event('1')]))).toEqual(['host_full']);
    full.clear();
    hosts.get(owner)!.limitBytes = 1;
    expect(codes(await send([event('2')]))).toEqual(['host_full']);
  });

  it('refuses as a quota what is beyond the share of a host, and only there', async () => {
    const probe = await send([event('0')]);
    sated.add(follower.topology.shardlet(shardletOf(probe))!.owner);
    expect(codes(await send([event('1')]))).toEqual(['quota_exceeded']);
    const refused = new Set(
      (await send(Array.from({ length: 40 }, (_, i) => event('2', `key-${i}`)))).status,
    );
    expect(refused.size).toBe(2);
    sated.clear();
    expect(statuses(await send([event('1')]))).toEqual([STORED]);
  });

  it('tells the cap of ids, and a fault of its own without words about it', async () => {
    const probe = await send([event('0')]);
    const host = hosts.get(follower.topology.shardlet(shardletOf(probe))!.owner)!;
    host.next = [async () => [{ kind: 'tooManyIds' }], async () => [{ kind: 'outside', index: 0 }]];
    expect(codes(await send([event('1')]))).toEqual(['too_many_ids']);
    expect(codes(await send([event('2')]))).toEqual(['internal']);
    host.next = [async () => Promise.reject(new Error('a secret'))];
    const intake = await send([event('3')]);
    expect(codes(intake)).toEqual(['internal']);
    expect([...intake.problems.values()][0]!.detail).not.toContain('secret');
    expect(faults.length).toBe(2);
  });
});
