/** Groups on real hosts and a real PostgreSQL: members die, shardlets split, every event counts once. */

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { actorOf } from '@foreshard/core/access';
import { request } from '@foreshard/core/adapters/outgoing-http';
import { AddressGuard, sign } from '@foreshard/core/adapters/webhooks';
import {
  type CommitResult,
  DeadLetters,
  type Group,
  GroupService,
  type HostPromises,
  isRefused,
  NO_HEADS,
  NO_PROMISES,
  type Poll,
  readsFromHosts,
} from '@foreshard/core/consuming';
import { Frontiers } from '@foreshard/core/heads';
import { range } from '@foreshard/core/keyspace';
import { restructure, type Shardlet } from '@foreshard/core/topology';
import { createDatabase } from '@foreshard/local';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { PostgresSink } from './postgres-sink.fixture.ts';
import { PushDelivery } from './push-delivery.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let cluster: RealCluster;
let stream: number;
let group: string;
let groups = 0;

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 2);
  // it opens, splits and merges
  await cluster.startWorker();
}, 60_000);
afterAll(() => cluster?.stop());
beforeEach(async () => {
  group = `group-${++groups}`;
  stream = await cluster.createStream({ name: group, shardCount: 4 });
  await cluster.until('the stream is open', () => cluster.open(stream).length === 4);
});

function service(promises: HostPromises = NO_PROMISES): GroupService {
  return new GroupService({
    store: cluster.control.groups,
    map: cluster.map,
    refresh: () => cluster.follower.upToDate(),
    host: (id) => cluster.pool.get(id),
    heads: NO_HEADS,
    promises,
    reads: readsFromHosts((id) => cluster.pool.get(id)),
    nowMs: () => performance.now(),
    later(run, ms) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
}

const letters = () =>
  new DeadLetters({
    ...{ groups: cluster.control.groups, topology: cluster.control.topology, map: cluster.map },
    ...{ actor: 'test', nowMs: Date.now, sleep: (ms: number) => sleep(ms) },
    host: (id) => cluster.pool.get(id),
    wake: () => cluster.control.jobs.wake('reconcile'),
    refresh: () => cluster.follower.upToDate(),
  });

const create = (from: 'oldest' | 'now') => service().create({ name: group, stream, sessionMs: 1_000 }, from);
const subject = actorOf({ kind: 'token', name: 'consumer' });
const poll = (member: string, limit = 100) => pollAt(service(), member, limit);
async function pollAt(edge: GroupService, member: string, limit: number): Promise<Poll> {
  const reply = await edge.poll(group, { member, subject, limit, after: new Map() });
  if (isRefused(reply)) throw new Error(`refused: ${reply.refused}`);
  return reply;
}
async function commit(member: string, polled: Poll): Promise<readonly CommitResult[]> {
  const reply = await service().commit(group, commitOf(member, polled));
  if (isRefused(reply)) throw new Error(`refused: ${reply.refused}`);
  return reply;
}

const commitOf = (member: string, { batches }: Poll) => ({
  ...{ member, subject },
  positions: batches.map((b) => ({
    shardlet: b.shardlet.id,
    seq: b.through,
    epoch: b.epoch,
    assignment: b.assignment,
  })),
});

/** Two edges that stay: what they keep of the group gets old as members go from one to the other. */
let edges: GroupService[] = [];

/** Appends to every open shardlet, again where it is being restructured. */
async function send(rounds: number, name = 'e'): Promise<string[]> {
  return (await stored(rounds, name)).map(({ id }) => id);
}

/** In the order of the log, which is that of sending but for hosts that have promised to be ahead of their clock. */
async function sentByTime(rounds: number): Promise<string[]> {
  const all = await stored(rounds, 'e');
  return all.sort((a, b) => a.ts - b.ts || a.shardlet - b.shardlet).map(({ id }) => id);
}

async function stored(rounds: number, name: string) {
  const sent: { id: string; ts: number; shardlet: number }[] = [];
  for (let i = 0; i < rounds; i++)
    for (const at of cluster.open(stream)) {
      const id = `${name}-${i}-${at.range.from.hi}`;
      const reply = await cluster.append(at, id).catch(() => undefined);
      if (reply?.kind === 'appended') sent.push({ id, ts: reply.firstTs, shardlet: at.id });
    }
  return sent;
}

async function rolled(shardlet: Shardlet): Promise<void> {
  const parents = [{ id: shardlet.id, epoch: shardlet.epoch }];
  await cluster.decide(restructure({ parents, children: [shardlet.range] }));
  const closed = () => cluster.map.shardlet(shardlet.id)!.state.kind === 'closed';
  await cluster.until('the roll is over', closed);
}

async function split(shardlet: Shardlet): Promise<void> {
  const { from, to } = shardlet.range;
  const middle = { hi: Math.floor((from.hi + to.hi) / 2), lo: 0 };
  const children = [range(from, middle), range(middle, to)];
  await cluster.decide(restructure({ parents: [{ id: shardlet.id, epoch: shardlet.epoch }], children }));
  const closed = () => cluster.map.shardlet(shardlet.id)!.state.kind === 'closed';
  await cluster.until('the parent is closed', closed);
}

describe('a group', () => {
  test('gets every event of every shardlet, and goes on where it has committed', async () => {
    const sent = await send(5);
    expect(await create('oldest')).toBe('created');
    expect(await create('oldest')).toBe('taken');
    const first = await poll('a', 7);
    expect(first.batches.flatMap((b) => b.records).length).toBe(7);
    // not committed: the same again
    expect((await poll('a', 1_000)).batches.flatMap((b) => b.records).length).toBe(sent.length);
    await commit('a', await poll('a', 1_000));
    expect((await poll('a')).batches).toEqual([]);
  });

  test('that begins now gets only what comes after', async () => {
    await send(3, 'old');
    await create('now');
    await send(2, 'new');
    const records = (await poll('a')).batches.flatMap((b) => b.records);
    expect(records.length).toBe(8);
  });

  test('refuses the commit of a zombie, whose shardlets another member has', async () => {
    await send(2);
    await create('oldest');
    const zombie = await poll('zombie');
    await sleep(1_100);
    const next = await poll('next');
    expect(next.assigned.length).toBe(4);
    const late = await commit('zombie', zombie);
    expect(late.map((r) => r.kind)).toEqual(['fenced', 'fenced', 'fenced', 'fenced']);
    expect((await commit('next', next)).map((r) => r.kind)).toEqual(Array(4).fill('committed'));
    // the zombie comes back as an ordinary member, and gets a share as soon as the other lets go
    await poll('zombie');
    await poll('next');
    expect((await poll('zombie')).assigned.length).toBe(2);
  });

  test('gives children out only when their parent is processed', async () => {
    await create('oldest');
    const [parent] = cluster.open(stream);
    await cluster.append(parent!, 'of-the-parent');
    await split(parent!);
    const before = await poll('a');
    const children = cluster.open(stream).filter((s) => s.parents.includes(parent!.id));
    expect(children.length).toBe(2);
    for (const child of children) await cluster.append(child, `of-${child.id}`);
    const assigned = before.assigned.map((c) => c.shardlet);
    expect(assigned).toContain(parent!.id);
    for (const child of children) expect(assigned).not.toContain(child.id);
    await commit('a', before);
    await poll('a');
    const after = await poll('a');
    expect(after.assigned.map((c) => c.shardlet)).toEqual(expect.arrayContaining(children.map((c) => c.id)));
    expect(after.batches.length).toBe(2);
  });

  test('with a transactional sink every event has its effect once and in order, while members die and go between edges, and shardlets split and roll', async () => {
    const sink = await PostgresSink.open(
      await createDatabase(inject('postgresUrl'), `sink_${process.pid}_${groups}`),
    );
    await create('oldest');
    let ending = false;
    let names = 0;
    const lifetimes = { die: 0 };
    /** Dies at any point between poll and commit, and comes back under another name. */
    edges = [service(), service()];
    const consumer = async () => {
      for (let member = `m-${++names}`; ; ) {
        const at = edges[Math.floor(Math.random() * 2)]!;
        const got = await pollAt(at, member, 20);
        for (const batch of got.batches) {
          await sleep(Math.random() * 20);
          const taken = await sink.take(batch);
          if (!taken || Math.random() < 0.2) continue;
          const one = { ...got, batches: [batch] };
          await edges[Math.floor(Math.random() * 2)]!.commit(group, commitOf(member, one));
        }
        if (ending && got.batches.length === 0) return;
        // by what was delivered, not by time: the dead hold their shardlets for a session, and if they died faster
        // than that nobody alive would ever have any
        if (!ending && got.batches.length > 0 && Math.random() < 0.25) {
          lifetimes.die++;
          member = `m-${++names}`;
        }
        await sleep(5);
      }
    };
    const consumers = [consumer(), consumer(), consumer()];
    const sent: string[] = [];
    for (let round = 0; round < 4; round++) {
      sent.push(...(await send(10, `r${round}`)));
      await split(cluster.open(stream)[round]!);
      // the same twice in a row: a generation in between that has hardly an event
      for (let roll = 0; roll < 2; roll++) await rolled(cluster.open(stream)[round]!);
    }
    sent.push(...(await send(10, 'last')));
    await vi.waitFor(async () => expect((await sink.effects()).length).toBe(sent.length), {
      timeout: 30_000,
      interval: 200,
    });
    ending = true;
    await Promise.all(consumers);
    const effects = await sink.effects();
    expect(effects.map((e) => e.id).sort()).toEqual(sent.sort());
    expect(lifetimes.die).toBeGreaterThan(0);
    const done = new Map<number, number>();
    for (const { shardlet, seq } of effects) {
      expect(seq).toBe((done.get(shardlet) ?? 0) + 1);
      for (const parent of cluster.map.shardlet(shardlet)!.parents)
        expect(done.get(parent) ?? 0).toBe(
          (cluster.map.shardlet(parent)!.state as { finalSeq: number }).finalSeq,
        );
      done.set(shardlet, seq);
    }
    await sink.close();
  }, 60_000);

  test('goes on while the control Redis has lost everything', async () => {
    await create('oldest');
    await send(1);
    const before = await poll('a');
    await cluster.control.redis.flushall();
    expect((await commit('a', before)).every((r) => r.kind === 'committed')).toBe(true);
    await send(1, 'after');
    expect((await poll('a')).batches.length).toBe(4);
  });
});

describe('a group with an address', () => {
  let server: Server;
  let url: string;
  let answer: number;
  let received: { headers: IncomingHttpHeaders; body: string }[];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      received.push({ headers: request.headers, body });
      response.writeHead(answer).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`;
  });
  afterAll(() => server.close());

  test('is not delivered to where nothing may be sent', async () => {
    [answer, received] = [200, []];
    await send(3);
    await create('oldest');
    const { port } = new URL(url);
    for (const address of [url, `http://localhost:${port}/hook`]) {
      const statuses: number[] = [];
      const delivery = new PushDelivery({
        ...{
          request,
          sign,
          guard: new AddressGuard([]),
          service: service(),
          letters: letters(),
          log: silent,
        },
        groups: {
          list: async () => [
            { name: group, stream, sessionMs: 1_000, push: { url: address, secret: SECRET } },
          ],
        },
        member: 'worker',
        ...{ nowMs: Date.now, random: () => 0.5 },
        observe: (_, status) => statuses.push(status),
      });
      await delivery.deliver();
      expect([statuses.every((status) => status === 0), statuses.length > 0]).toEqual([true, true]);
    }
    expect(received).toEqual([]);
  });

  test('gets every event, parents before children, while shardlets split and roll and a worker ends', async () => {
    [answer, received] = [200, []];
    await create('oldest');
    const worker = (member: string) =>
      new PushDelivery({
        ...{ request, sign, guard: new AddressGuard(['127.0.0.0/8']), member, log: silent },
        groups: {
          list: async () => [{ name: group, stream, sessionMs: 1_000, push: { url, secret: SECRET } }],
        },
        ...{
          service: service(),
          letters: letters(),
          nowMs: Date.now,
          random: Math.random,
          observe: () => {},
        },
      });
    const workers = [worker('one'), worker('two')];
    for (const each of workers) each.start();
    const sent: string[] = [];
    for (let round = 0; round < 2; round++) {
      sent.push(...(await send(6, `p${round}`)));
      await split(cluster.open(stream)[round]!);
      for (let roll = 0; roll < 2; roll++) await rolled(cluster.open(stream)[round]!);
      if (round === 0) await workers[0]!.stop();
    }
    sent.push(...(await send(6, 'end')));
    /** in the order in which they came first */
    const came = () => {
      const first = new Map<string, number>();
      for (const { headers, body } of received)
        for (const { id } of JSON.parse(body) as { id: string }[])
          if (!first.has(id)) first.set(id, Number(headers['foreshard-shardlet']));
      return first;
    };
    await vi.waitFor(() => expect(came().size).toBe(sent.length), { timeout: 30_000, interval: 100 });
    await workers[1]!.stop();
    expect([...came().keys()].sort()).toEqual(sent.sort());
    const order = [...came().values()];
    for (const shardlet of new Set(order))
      for (const parent of cluster.map.shardlet(shardlet)!.parents)
        expect(order.lastIndexOf(parent)).toBeLessThan(order.indexOf(shardlet));
  }, 60_000);

  test('with the order of the log gets events by time, one post at a time, and waits where one is refused', async () => {
    [answer, received] = [503, []];
    // one after the other, each on another shardlet
    const sent = await sentByTime(4);
    await service().create({ name: group, stream, sessionMs: 1_000, order: 'log' }, 'oldest');
    const frontiers = new Frontiers({
      hosts: { get: (id) => cluster.pool.get(id) },
      map: { topology: cluster.map, onChange: cluster.map.onChange.bind(cluster.map) },
      nowMs: () => performance.now(),
    });
    let nowMs = Date.now();
    const delivery = new PushDelivery({
      ...{ request, sign, guard: new AddressGuard(['127.0.0.0/8']) },
      groups: {
        list: async () => [
          { name: group, stream, sessionMs: 1_000, order: 'log', push: { url, secret: SECRET } },
        ],
      },
      ...{ service: service(frontiers), letters: letters(), member: 'worker', log: silent },
      ...{ nowMs: () => nowMs, random: () => 0.5, observe: () => {} },
    });
    const came = () => received.flatMap(({ body }) => JSON.parse(body).map(({ id }: { id: string }) => id));
    await vi.waitFor(async () => {
      await delivery.deliver();
      expect(came()).toEqual([sent[0]]);
    });
    await delivery.deliver();
    // not before its time, and nothing in its place
    expect(came()).toEqual([sent[0]]);
    [answer, received] = [200, []];
    nowMs += 60_000;
    await vi.waitFor(async () => {
      await delivery.deliver();
      expect(came()).toEqual(sent);
    });
    await delivery.stop();
  }, 60_000);

  test('is delivered to, signed and in order; what is refused comes again, and nothing twice', async () => {
    [answer, received] = [503, []];
    const sent = await send(3);
    // without its address in the store: the worker process of this cluster would deliver it as well
    await create('oldest');
    let nowMs = Date.now();
    const statuses: number[] = [];
    const delivery = new PushDelivery({
      ...{ request, sign, guard: new AddressGuard(['127.0.0.0/8']) },
      groups: {
        list: async () => [{ name: group, stream, sessionMs: 1_000, push: { url, secret: SECRET } }],
      },
      ...{ service: service(), letters: letters() },
      member: 'worker',
      log: silent,
      nowMs: () => nowMs,
      random: () => 0.5,
      observe: (_, status) => statuses.push(status),
    });
    await delivery.deliver();
    expect(statuses).toEqual([503, 503, 503, 503]);
    // not before its time
    await delivery.deliver();
    expect(received.length).toBe(4);
    answer = 200;
    nowMs += 1_000;
    await delivery.deliver();
    const taken = received.slice(4);
    expect(taken.map((r) => r.headers['webhook-id']).sort()).toEqual(
      received
        .slice(0, 4)
        .map((r) => r.headers['webhook-id'])
        .sort(),
    );
    for (const { headers, body } of taken) {
      const signedAtMs = Number(headers['webhook-timestamp']) * 1_000;
      const expected = sign(SECRET, headers['webhook-id'] as string, signedAtMs, body);
      expect(headers).toMatchObject(expected);
      expect(headers['content-type']).toBe('application/cloudevents-batch+json');
    }
    expect(taken.flatMap((r) => JSON.parse(r.body).map((e: { id: string }) => e.id)).sort()).toEqual(
      sent.sort(),
    );
    await delivery.deliver();
    expect(received.length).toBe(8);
    await delivery.stop();
    expect((await cluster.control.groups.find(group))!.state.members).toEqual([]);
  });

  test('gives up an event that is refused so often, goes on, and delivers it again when it is re-driven', async () => {
    received = [];
    const refusing = new Set<string>();
    const picky = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const ids = JSON.parse(body).map((event: { id: string }) => event.id) as string[];
      const isTaken = !ids.some((id) => refusing.has(id));
      if (isTaken) received.push({ headers: request.headers, body });
      response.writeHead(isTaken ? 200 : 422).end();
    });
    await new Promise<void>((resolve) => picky.listen(0, '127.0.0.1', resolve));
    const { port } = picky.address() as { port: number };
    const sent = await send(5);
    refusing.add(sent[6]!);
    await create('oldest');
    let nowMs = Date.now();
    const asPushed = (one: Group): Group =>
      one.name === group
        ? { ...one, push: { url: `http://127.0.0.1:${port}/`, secret: SECRET }, attempts: 3 }
        : one;
    const delivery = new PushDelivery({
      ...{ request, sign, guard: new AddressGuard(['127.0.0.0/8']) },
      groups: {
        list: async () =>
          (await cluster.control.groups.list()).filter(({ name }) => name.startsWith(group)).map(asPushed),
      },
      ...{ service: service(), letters: letters(), member: 'worker', log: silent },
      ...{ nowMs: () => nowMs, random: () => 0.5, observe: () => {} },
    });
    const rounds = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await delivery.deliver();
        nowMs += 60_000;
      }
    };
    const takenIds = () =>
      received.flatMap(({ body }) => JSON.parse(body).map((event: { id: string }) => event.id)).sort();
    await rounds(15);
    const others = sent.filter((id) => !refusing.has(id)).sort();
    expect(takenIds()).toEqual(others);
    const [letter, ...more] = (await letters().list(group)).letters;
    expect([letter, more]).toMatchObject([
      { state: 'dead', attempts: 3, reason: 'The receiver answered 422.', member: 'worker' },
      [],
    ]);
    refusing.clear();
    const { group: stored } = (await cluster.control.groups.find(group))!;
    await letters().decide(stored, 'redrive', 'all', { by: 'ada', note: '', dryRun: false });
    await rounds(3);
    expect(takenIds()).toEqual([...sent].sort());
    expect((await letters().list(group)).counts).toEqual({ dead: 0, redriven: 1, discarded: 0 });
    await delivery.stop();
    picky.close();
  }, 60_000);
});
