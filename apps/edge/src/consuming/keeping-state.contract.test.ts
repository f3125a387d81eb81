/** Groups that keep state, over HTTP on real servers: checkpoints, their fence, and recoveries through changed structures. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@foreshard/core/kernel';
import { hashKey } from '@foreshard/core/keyspace';
import { deleteStream } from '@foreshard/core/topology';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { EdgeCluster, eventOf, until } from '../edge-process.fixture.ts';
import { contentOf, digestOf, StatefulMember } from './stateful-member.fixture.ts';

let cluster: EdgeCluster;
let folder: string;
let stream: string;
let count = 0;
let sent: { id: string; subject: string }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshard-checkpoints-'));
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.startEdge({ CHECKPOINT_STORE: `file://${folder}`, CHECKPOINT_BYTES_MAX: '100000' });
});
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  stream = `s${++count}`;
  sent = [];
  await cluster.createStream({ name: stream, shardCount: 1, splitKeys: false });
});

const asking = { url: () => cluster.edgeUrl, token: () => cluster.token };
const member = (name: string) => new StatefulMember(asking, stream, name);
const ask = (method: string, path: string, body?: object) => member('nobody').ask(method, path, body);
const create = (more: object = {}) =>
  ask('POST', '/v1/groups', { name: stream, stream, sessionMs: 120_000, checkpoints: {}, ...more });

/** Events of ten keys. */
async function append(events: number): Promise<void> {
  const more = Array.from({ length: events }, () => {
    const n = sent.length;
    const event = { id: String(n), subject: `key-${n % 10}` };
    sent.push(event);
    return event;
  });
  const { status } = await cluster.post(more.map(eventOf), `/v1/streams/${stream}/events`);
  expect(status).toBe(200);
}

/** What the state has to be, from all that was sent. */
function whole(): [string, string[]][] {
  const state = new Map<string, string[]>();
  for (const { id, subject } of sent) state.set(subject, [...(state.get(subject) ?? []), id]);
  return sorted(state);
}
const sorted = (state: Map<string, string[]>) => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

/** Until the members together have processed all. */
async function drain(...members: StatefulMember[]): Promise<void> {
  await until('everything is processed', async () => {
    for (const one of members) {
      await one.turn();
      await one.letGo();
    }
    const ids = members.flatMap((one) => [...one.state.values()].flat());
    return new Set(ids).size >= sent.length;
  });
}

const shardletsOf = async () => {
  const { shardlets, streams } = await cluster.control.topology.snapshot();
  const { id } = streams.find(({ name }) => name === stream)!;
  return shardlets.filter((one) => one.stream === id);
};
const open = async () => (await shardletsOf()).filter(({ state }) => state.kind === 'open');
async function order(path: string, body: object = {}): Promise<void> {
  const { status, body: answer } = await ask('POST', path, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
  await cluster.settled();
}
/** A shardlet that has too many ancestors for now stays as it is. */
const orderIfPossible = (path: string, body: object = {}) =>
  order(path, body).catch((error: Error) => {
    if (!error.message.includes('in_the_way')) throw error;
  });
const split = (shardlet: number, at = '8000000000000000') => order(`/v1/shardlets/${shardlet}/split`, { at });
const listed = async (query = '') =>
  (await ask('GET', `/v1/groups/${stream}/checkpoints${query}`)).body.checkpoints;

describe('a group that keeps state', () => {
  it('stores a checkpoint, and another member restores it and replays the rest', async () => {
    expect((await create()).body).toMatchObject({ checkpointing: { aim: 'backlog', keep_count: 3 } });
    await append(30);
    const first = member('a');
    await drain(first);
    const shardlet = (await open())[0]!.id;
    expect((await first.checkpoint(shardlet)).body).toMatchObject({
      ...{ shardlet, seq: 30, state: 'valid', store: 'folder', keys: 10, reason: 'asked', member: 'a' },
    });
    await append(20);
    await drain(first);
    await first.ask('POST', first.at('leave'), { member: 'a' });
    await append(5);
    const second = member('b');
    await drain(second);
    expect(sorted(second.state)).toEqual(whole());
    expect({ restored: second.restored, replayed: second.replayed }).toEqual({ restored: 1, replayed: 20 });
    expect(await listed()).toHaveLength(1);
    expect(await cluster.control.recoveries.after(stream, 0, 10)).toMatchObject([
      { shardlet, fromLog: false },
      { shardlet },
    ]);
  });

  it('is refused where one key may lie in several shardlets and nobody merges, and with the order of the log', async () => {
    const name = `${stream}-keys`;
    await cluster.createStream({ name, shardCount: 1, splitKeys: true });
    const make = (more: object) => ask('POST', '/v1/groups', { name, stream: name, ...more });
    expect(await make({ checkpoints: {} })).toMatchObject({
      status: 400,
      body: { code: 'invalid_parameter', detail: expect.stringContaining('splits single keys') },
    });
    expect((await make({ checkpoints: { merges: true }, order: 'log' })).status).toBe(400);
    expect((await make({ checkpoints: { merges: true } })).status).toBe(201);
    const alter = await ask('PATCH', `/v1/groups/${name}/checkpointing`, { merges: false });
    expect(alter).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } });
    const other = await ask('PATCH', `/v1/groups/${name}/checkpointing`, { keep_count: 9 });
    expect(other.body.checkpointing).toMatchObject({ keep_count: 9, merges: true, keep_hours: 24 });
  });

  it('begins its state where the group begins', async () => {
    await append(12);
    await create({ from: 'now' });
    const before = sent.length;
    await append(8);
    const one = member('a');
    await until('the rest is processed', async () => {
      await one.turn();
      return [...one.state.values()].flat().length >= 8;
    });
    await one.ask('POST', one.at('leave'), { member: 'a' });
    // without any checkpoint
    const other = member('b');
    await other.turn();
    expect([...other.state.values()].flat().sort()).toEqual(
      sent
        .slice(before)
        .map(({ id }) => id)
        .sort(),
    );
  });
});

describe('a checkpoint', () => {
  let one: StatefulMember;
  let shardlet: number;

  beforeEach(async () => {
    await create();
    await append(20);
    one = member('a');
    await drain(one);
    shardlet = (await open())[0]!.id;
  });

  it('is never ahead of what is committed, nor of a later epoch', async () => {
    await append(3);
    await one.turn({ commits: false });
    expect(await one.announce(shardlet)).toEqual({ status: 409, body: { kind: 'ahead', committed: 20 } });
    await one.commit();
    const { epoch } = one.held.get(shardlet)!;
    expect((await one.announce(shardlet, { epoch: epoch + 1 })).body.code).toBe('invalid_parameter');
    expect((await one.announce(shardlet)).status).toBe(201);
  });

  it('is not taken once the stream of its group is deleted', async () => {
    await append(3);
    await one.turn({});
    const announced = await one.announce(shardlet);
    expect(announced.status).toBe(201);
    await cluster.decide(deleteStream((await open())[0]!.stream));
    const refusal = { status: 404, body: { code: 'unknown_stream' } };
    await expect.poll(() => one.announce(shardlet)).toMatchObject(refusal);
    const content = contentOf(one.held.get(shardlet)!.state);
    expect(await one.upload(announced.body.id, content)).toMatchObject(refusal);
  });

  it('is neither restored nor replayed once the stream is deleted, and nothing is changed', async () => {
    const { body: stored } = await one.checkpoint(shardlet);
    const { assignment } = one.held.get(shardlet)!;
    const before = await cluster.control.groups.find(stream);
    await cluster.decide(deleteStream((await open())[0]!.stream));
    const refusal = { status: 404, body: { code: 'unknown_stream' } };
    await expect.poll(() => one.recover(shardlet, assignment)).toMatchObject(refusal);
    const part = { shardlet, assignment, of: shardlet, after: 0, through: 20 };
    const replay = () => one.ask('POST', one.at('replay'), { member: 'a', ...part });
    await expect.poll(replay).toMatchObject(refusal);
    const content = one.at(`checkpoints/${stored.id}/content?member=a`);
    expect(await one.ask('GET', content)).toMatchObject(refusal);
    const times = { restoreMs: 1, bytes: 1, replayedEvents: 1, replayMs: 1, fromLog: false, lostEvents: 0 };
    const report = { member: 'a', shardlet, assignment, ...times };
    expect(await one.ask('POST', one.at('recovered'), report)).toMatchObject(refusal);
    expect(await cluster.control.groups.find(stream)).toEqual(before);
  });

  it('is refused with another content, and taken when the right one comes', async () => {
    const { body } = await one.announce(shardlet);
    const content = contentOf(one.held.get(shardlet)!.state);
    const wrong = Uint8Array.from(content, (byte, i) => (i === 5 ? byte ^ 1 : byte));
    expect(await one.upload(body.id, wrong)).toMatchObject({ status: 400 });
    expect(await one.upload(body.id, content.subarray(1))).toMatchObject({ status: 400 });
    expect(await listed('?state=valid')).toEqual([]);
    expect(await one.upload(body.id, content)).toMatchObject({ status: 200, body: { state: 'valid' } });
    // an answer that was lost
    expect(await one.upload(body.id, content)).toMatchObject({ status: 200, body: { id: body.id } });
    expect((await one.announce(shardlet, { bytes: 100_001 })).status).toBe(413);
  });

  it('never becomes valid when the shardlet went to another member meanwhile', async () => {
    const { body } = await one.announce(shardlet);
    const content = contentOf(one.held.get(shardlet)!.state);
    await one.ask('POST', one.at('leave'), { member: 'a' });
    const other = member('b');
    await other.turn();
    const { assignment } = other.held.get(shardlet)!;
    expect(await one.upload(body.id, content)).toEqual({ status: 409, body: { kind: 'fenced', assignment } });
    expect(await listed()).toEqual([]);
    expect((await readdir(join(folder, stream, String(shardlet))).catch(() => [])).length).toBe(0);
    expect((await one.announce(shardlet)).body).toEqual({ kind: 'fenced', assignment });
    expect((await one.recover(shardlet, 1)).body).toEqual({ kind: 'fenced', assignment });
    // one that was removed meanwhile
    const again = await other.announce(shardlet);
    await cluster.control.stateCheckpoints.condemn(stream, [again.body.id]);
    expect(await other.upload(again.body.id, content)).toEqual({ status: 409, body: { kind: 'gone' } });
  });

  it('is taken at another edge, when the first one was killed between the content and its validity', async () => {
    const { body } = await one.announce(shardlet);
    const content = contentOf(one.held.get(shardlet)!.state);
    const row = (await cluster.control.stateCheckpoints.find(stream, body.id))!;
    const stores = cluster.control.checkpointStores({ kind: 'folder', folder });
    // what the killed edge had done
    await stores.current.put(row.object, content);
    expect(await listed('?state=valid')).toEqual([]);
    expect((await one.upload(body.id, content)).status).toBe(200);
  });

  it('may only state what changed, up to eight in a row, and keeps those it is based on', async () => {
    await one.checkpoint(shardlet);
    for (let i = 0; i < 8; i++) {
      await append(1);
      await one.turn();
      expect((await one.checkpoint(shardlet, 'interval', true)).status).toBe(200);
    }
    expect(await one.checkpoint(shardlet, 'interval', true)).toMatchObject({ body: { code: 'conflict' } });
    const all = await listed();
    expect(all).toHaveLength(9);
    const [{ base }] = all;
    expect(await ask('DELETE', `/v1/groups/${stream}/checkpoints/${base}`)).toMatchObject({ status: 409 });
    await one.ask('POST', one.at('leave'), { member: 'a' });
    const other = member('b');
    await other.turn();
    expect(sorted(other.state)).toEqual(whole());
    expect(other.restored).toBe(9);
    const verified = await ask('POST', `/v1/groups/${stream}/checkpoints/${all[0].id}/verify`, {});
    expect(verified.body).toMatchObject({ ok: true, error: null, read: 9 });
  });

  it('is found to be damaged', async () => {
    const { body } = await one.checkpoint(shardlet);
    const { object } = (await cluster.control.stateCheckpoints.find(stream, body.id))!;
    const store = cluster.control.checkpointStores({ kind: 'folder', folder }).current;
    await store.put(object, Buffer.from('other'));
    const verify = () => ask('POST', `/v1/groups/${stream}/checkpoints/${body.id}/verify`, {});
    expect((await verify()).body).toMatchObject({ ok: false, error: expect.stringContaining('not sha-256') });
    await store.delete([object]);
    expect((await verify()).body).toMatchObject({
      ok: false,
      error: expect.stringContaining('not in the store'),
    });
    expect((await listed())[0]).toMatchObject({ verifyError: expect.stringContaining('not in the store') });
    expect((await ask('GET', `/v1/groups/${stream}/checkpoints/${body.id}`)).body.digest).toBe(body.digest);
  });

  it('is given to members of the group only, with its digest', async () => {
    const { body } = await one.checkpoint(shardlet);
    const path = `/v1/groups/${stream}/checkpoints/${body.id}/content`;
    const { plaintext } = await cluster.control.tokens.create({ name: `foreign-${count}` });
    const response = await fetch(`${cluster.edgeUrl}${path}?member=a`, {
      headers: { authorization: `Bearer ${plaintext}` },
    });
    expect(response.status).toBe(403);
    const own = await ask('GET', `${path}?member=a`);
    expect(digestOf(own.body)).toBe(body.digest);
  });
});

describe('a structure that changes', () => {
  let one: StatefulMember;

  beforeEach(async () => {
    await create();
    await append(40);
    one = member('a');
    await drain(one);
  });
  const only = async () => (await open())[0]!.id;

  it('gives out children once the member has let go of the parent with a last checkpoint', async () => {
    const parent = await only();
    await split(parent);
    await append(20);
    await one.turn();
    await one.turn();
    const entry = one.assigned.find((each) => each.shardlet === parent);
    expect(entry).toMatchObject({ revoking: true, finalSeq: 40, seq: 40 });
    expect(one.assigned).toHaveLength(1);
    // another member changes nothing: the state is not handed over yet
    const other = member('b');
    await other.turn();
    expect(other.assigned).toEqual([]);
    await one.letGo();
    await drain(one, other);
    expect(one.held.size + other.held.size).toBe(2);
    expect(sorted(new Map([...one.state, ...other.state]))).toEqual(whole());
    expect(one.replayed + other.replayed).toBe(0);
    expect((await listed()).map((each: { reason: string }) => each.reason)).toContain('final');
  });

  it('is survived by the state when nobody takes a last checkpoint, through several generations', async () => {
    const parent = await only();
    await one.checkpoint(parent);
    await append(10);
    await one.turn();
    await split(parent);
    for (const { id } of await open()) await order(`/v1/shardlets/${id}/roll`);
    await append(10);
    // it dies without a word: its children and theirs go to somebody else
    await one.ask('POST', one.at('leave'), { member: 'a' });
    const other = member('b');
    await drain(other);
    expect(sorted(other.state)).toEqual(whole());
    expect(other.restored).toBe(2);
    await order('/v1/merge', { shardlets: (await open()).map(({ id }) => id) });
    await append(10);
    await other.ask('POST', other.at('leave'), { member: 'b' });
    const third = member('c');
    await drain(third);
    expect(sorted(third.state)).toEqual(whole());
    expect(third.replayed).toBeGreaterThan(0);
  });

  it('restores both parents of a merge from their last checkpoints', async () => {
    await split(await only());
    await drain(one);
    await one.turn();
    await append(10);
    await drain(one);
    await order('/v1/merge', { shardlets: (await open()).map(({ id }) => id) });
    await append(10);
    await drain(one);
    expect(sorted(one.state)).toEqual(whole());
    expect(one.held.size).toBe(1);
    expect(one.replayed).toBe(0);
  });

  it('goes back to an older checkpoint when a newer one is gone', async () => {
    const shardlet = await only();
    await one.checkpoint(shardlet);
    await append(10);
    await one.turn();
    const { body } = await one.checkpoint(shardlet);
    expect((await ask('DELETE', `/v1/groups/${stream}/checkpoints/${body.id}`)).body.result).toBe('removed');
    await one.ask('POST', one.at('leave'), { member: 'a' });
    const other = member('b');
    await drain(other);
    expect(sorted(other.state)).toEqual(whole());
    expect(other.replayed).toBe(10);
  });
});

it('keeps the parts of a key that was cut in two, and merges them', async () => {
  stream = `cut-${count}`;
  await cluster.createStream({ name: stream, shardCount: 1, splitKeys: true });
  await create({ checkpoints: { merges: true } });
  await append(40);
  const one = member('a');
  await drain(one);
  const high = hashKey('key-3').toString(16).padStart(8, '0');
  await split((await open())[0]!.id, `${high}80000000`);
  await append(100);
  await drain(one);
  expect([...one.held.values()].filter(({ state }) => state.has('key-3'))).toHaveLength(2);
  // one part from its last checkpoint, the other from the log
  await one.checkpoint((await open())[0]!.id);
  await append(20);
  await one.turn();
  await order('/v1/merge', { shardlets: (await open()).map(({ id }) => id) });
  await append(20);
  await one.ask('POST', one.at('leave'), { member: 'a' });
  const other = member('b');
  await drain(other);
  const anyOrder = (all: [string, string[]][]) => all.map(([key, ids]) => [key, [...ids].sort()]);
  expect(anyOrder(sorted(other.state))).toEqual(anyOrder(whole()));
  expect(Math.min(other.restored, other.replayed)).toBeGreaterThan(0);
});

describe('members that come and go', () => {
  const NAMES = ['a', 'b', 'c'];
  const STEPS = 40;

  it.each([1, 2])(
    'keep each event once, whatever dies, splits, merges and is lost (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const below = (count: number) => Math.floor(random.next() * count);
      const one = <T>(of: readonly T[]): T => of[below(of.length)]!;
      await create();
      const living = new Map<string, StatefulMember>([['a', member('a')]]);
      let replayed = 0;
      let restored = 0;
      const forget = (gone: StatefulMember) => {
        replayed += gone.replayed;
        restored += gone.restored;
        living.delete(gone.member);
      };
      const steps: readonly (() => Promise<unknown>)[] = [
        () => append(1 + below(15)),
        () => append(1 + below(15)),
        () => one([...living.values()]).turn({ commits: random.next() < 0.8 }),
        () => one([...living.values()]).turn(),
        () =>
          one([...living.values()])
            .turn()
            .then(() => one([...living.values()]).letGo()),
        async () => {
          const each = one([...living.values()]);
          const [shardlet] = [...each.held.keys()];
          if (shardlet !== undefined) await each.checkpoint(shardlet, 'interval', random.next() < 0.5);
        },
        async () => {
          const gone = one([...living.values()]);
          // without a last checkpoint; what it has is free at once
          await gone.ask('POST', gone.at('leave'), { member: gone.member });
          forget(gone);
          const name = NAMES.find((each) => !living.has(each))!;
          living.set(name, member(name));
        },
        async () => {
          const name = NAMES.find((each) => !living.has(each));
          if (name !== undefined) living.set(name, member(name));
        },
        async () => {
          const { id, range: r } = one(await open());
          const middle = r.from.hi + Math.floor((r.to.hi - r.from.hi) / 2);
          if (middle > r.from.hi)
            await orderIfPossible(`/v1/shardlets/${id}/split`, {
              at: `${middle.toString(16).padStart(8, '0')}00000000`,
            });
        },
        async () => orderIfPossible(`/v1/shardlets/${one(await open()).id}/roll`),
        async () => {
          const all = (await open()).sort((x, y) => x.range.from.hi - y.range.from.hi);
          const at = below(Math.max(1, all.length - 1));
          if (all.length > 1)
            await orderIfPossible('/v1/merge', { shardlets: [all[at]!.id, all[at + 1]!.id] });
        },
        async () => {
          const all = await listed('?state=valid');
          if (all.length > 0)
            await ask('DELETE', `/v1/groups/${stream}/checkpoints/${one<{ id: string }>(all).id}`);
        },
      ];
      await append(10);
      for (let step = 0; step < STEPS; step++) await one(steps)();
      await append(5);
      await drain(...living.values());
      const all = [...living.values()].flatMap((each) => [...each.state]);
      expect(sorted(new Map(all))).toEqual(whole());
      for (const each of [...living.values()]) forget(each);
      // it was worth something only if states came back
      expect(replayed + restored).toBeGreaterThan(0);
    },
  );
});
