/** Consumer groups as their members see them, over HTTP, on a real Redis host. */

import { deleteStream, markGone } from '@foreshard/core/topology';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EdgeFixture, knownToken, type Reply } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;
let group: string;
let count = 0;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  edge.tokens.push(
    knownToken('reader', 'reader', ['read']),
    knownToken('intruder', 'intruder', ['consume']),
    knownToken('rotated', 'test', ['consume']),
  );
  await edge.createStream({ name: 'main', shardCount: 2 });
});
afterAll(() => edge?.stop());

beforeEach(async () => {
  group = `g${++count}`;
  await edge.createStream({ name: group, shardCount: 2 });
  await edge.post(`/v1/streams/${group}/events`, events(0, 20));
  expect((await call('/v1/groups', { name: group, stream: group })).status).toBe(201);
});

function events(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    ...{ specversion: '1.0', type: 'consumed', source: '/consuming' },
    ...{ id: String(from + i), subject: `key-${from + i}` },
  }));
}

async function call(path: string, body: object, token?: string): Promise<Reply> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await edge.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
const at = (path: string) => `/v1/groups/${group}/${path}`;

interface Batch {
  readonly shardlet: number;
  readonly assignment: number;
  readonly epoch: number;
  readonly through: number;
  readonly events: readonly { readonly seq: number; readonly event: { readonly id: string } }[];
}

const positionsOf = (batches: readonly Batch[]) =>
  batches.map(({ shardlet, assignment, epoch, through: seq }) => ({ shardlet, assignment, epoch, seq }));
const heldOf = (batches: readonly Batch[]) =>
  Object.fromEntries(
    batches.map(({ shardlet, assignment, through: seq }) => [shardlet, { seq, assignment }]),
  );
const idsOf = (batches: readonly Batch[]) => batches.flatMap((b) => b.events.map((e) => Number(e.event.id)));

describe('a group over HTTP', () => {
  it('has its lag before anybody has polled, and of a part that nobody has had', async () => {
    const lags = async () => {
      const { body } = await edge.get(`/v1/group-summaries?search=${group}`);
      const summary = body.groups.find(({ name }: { name: string }) => name === group);
      return [(await edge.get(`/v1/groups/${group}`)).body.lag, summary.lag];
    };
    expect(await lags()).toEqual([20, 20]);
    const { body } = await call(at('poll'), { member: 'a' });
    await call(at('commit'), { member: 'a', positions: positionsOf(body.batches) });
    expect(await lags()).toEqual([0, 0]);
    await call('/v1/groups', { name: `${group}-now`, stream: group, from: 'now' });
    expect((await edge.get(`/v1/groups/${group}-now`)).body.lag).toBe(0);
  });

  it('gives every event out until it is committed, and shows how far it is', async () => {
    const { body } = await call(at('poll'), { member: 'a' });
    expect(idsOf(body.batches).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect((await edge.get(`/v1/groups/${group}`)).body).toMatchObject({
      lag: 20,
      members: [{ shardlets: 2 }],
    });
    const committed = await call(at('commit'), { member: 'a', positions: positionsOf(body.batches) });
    expect([committed.status, committed.body.results]).toEqual([
      200,
      [{ kind: 'committed' }, { kind: 'committed' }],
    ]);
    expect((await call(at('poll'), { member: 'a' })).body.batches).toEqual([]);
    expect((await edge.get(`/v1/groups/${group}`)).body).toMatchObject({ lag: 0, stream: group });
  });

  it('shows by how much a checkpoint is beyond the end of what its host holds, and not as no lag', async () => {
    const restore = await edge.remember(1);
    await edge.post(`/v1/streams/${group}/events`, events(20, 20));
    const { batches } = (await call(at('poll'), { member: 'a' })).body;
    await call(at('commit'), { member: 'a', positions: positionsOf(batches) });
    await restore();
    const { lag, shardlets } = (await edge.get(`/v1/groups/${group}`)).body;
    const beyond = shardlets.map((s: { beyondEnd?: number }) => s.beyondEnd ?? 0);
    expect([lag, beyond.reduce((a: number, b: number) => a + b)]).toEqual([null, 20]);
  });

  it('goes on behind what a member holds, and shares with another when it is asked to', async () => {
    const first = (await call(at('poll'), { member: 'a', limit: 3 })).body.batches as Batch[];
    const after = heldOf(first);
    const more = (await call(at('poll'), { member: 'a', after })).body.batches as Batch[];
    expect(idsOf([...first, ...more]).length).toBe(20);
    expect((await call(at('poll'), { member: 'b' })).body.assigned).toEqual([]);
    await call(at('poll'), { member: 'a' });
    expect((await call(at('poll'), { member: 'b' })).body.assigned.length).toBe(1);
  });

  it('answers a commit of another assignment with 409', async () => {
    const { batches } = (await call(at('poll'), { member: 'a' })).body;
    await call(at('leave'), { member: 'a' });
    await call(at('poll'), { member: 'b' });
    const late = await call(at('commit'), { member: 'a', positions: positionsOf(batches) });
    expect(late.status).toBe(409);
    expect(late.body.results).toMatchObject([{ kind: 'fenced' }, { kind: 'fenced' }]);
  });

  it('begins at the checkpoint again where a member gets back what another one had meanwhile', async () => {
    const { batches: held } = (await call(at('poll'), { member: 'a' })).body;
    await call(at('leave'), { member: 'a' });
    await call(at('poll'), { member: 'b' });
    await call(at('leave'), { member: 'b' });
    // a was not told: its commits of what it holds would be refused
    const again = (await call(at('poll'), { member: 'a', after: heldOf(held) })).body.batches as Batch[];
    expect(idsOf(again).sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('goes past a parent that is gone while a member is on it, to the child, and tells how much that was', async () => {
    const [held] = (await call(at('poll'), { member: 'a', limit: 2 })).body.batches as [Batch];
    await call(at('commit'), { member: 'a', positions: positionsOf([held]) });
    const leaf = edge.leaves(group).find(({ id }) => id === held.shardlet)!;
    const other = edge.leaves(group).find(({ id }) => id !== held.shardlet)!;
    const [child] = await edge.restructure([leaf], [leaf.range]);
    const late = Array.from({ length: 20 }, (_, i) => ({
      ...{ specversion: '1.0', type: 'consumed', source: '/consuming', id: `${100 + i}` },
      subject: `key-${i}`,
    }));
    await edge.post(`/v1/streams/${group}/events`, late);
    await edge.decide(markGone(leaf.id));
    await (await edge.host(leaf.owner)).drop(leaf.id, leaf.epoch);
    await edge.caughtUp();

    const given: Batch[] = [];
    while (given.length === 0 || !given.some((b) => b.shardlet === child!.id)) {
      const { batches } = (await call(at('poll'), { member: 'a', wait: 1_000 })).body;
      await call(at('commit'), { member: 'a', positions: positionsOf(batches) });
      given.push(...batches);
    }
    expect(new Set(given.map((b) => b.shardlet))).toEqual(new Set([other.id, child!.id]));
    const ofChild = given.filter((b) => b.shardlet === child!.id);
    expect(idsOf(ofChild).every((id) => id >= 100)).toBe(true);
    expect(new Set(idsOf(given)).size).toBe(idsOf(given).length);
    const { shardlets, lag } = (await edge.get(`/v1/groups/${group}`)).body;
    const { skipped, seq } = shardlets.find((s: { shardlet: number }) => s.shardlet === leaf.id);
    expect([skipped, lag]).toEqual([seq - held.through, 0]);
    expect(skipped).toBeGreaterThan(0);
    const tooLate = await call(at('commit'), { member: 'a', positions: positionsOf([held]) });
    expect(tooLate.body.results).toMatchObject([{ kind: 'fenced' }]);
  });

  it('gives a grandchild out after its grandparent, wherever a poll begins and with nothing in between', async () => {
    // two rolls in a row: the generation in between has no event
    const grandparent = edge.leaves(group)[0]!;
    const [empty] = await edge.restructure([grandparent], [grandparent.range]);
    const [grandchild] = await edge.restructure([empty!], [empty!.range]);
    await edge.post(`/v1/streams/${group}/events`, events(100, 20));
    await edge.caughtUp();
    const given: Batch[] = [];
    for (let turn = 0; turn < 100 && idsOf(given).length < 40; turn++) {
      const { batches } = (await call(at('poll'), { member: 'a', limit: 1 })).body;
      await call(at('commit'), { member: 'a', positions: positionsOf(batches) });
      given.push(...batches);
    }
    expect(new Set(idsOf(given)).size).toBe(40);
    const order = given.map((b) => b.shardlet);
    expect(order).toContain(grandchild!.id);
    expect(order.lastIndexOf(grandparent.id)).toBeLessThan(order.indexOf(grandchild!.id));
  });

  it('refuses positions that nobody was given, and takes nothing of such a commit', async () => {
    const { batches } = (await call(at('poll'), { member: 'a' })).body;
    const [good] = positionsOf(batches);
    const foreign = edge.leaves('main')[0]!.id;
    const before = (await edge.get(`/v1/groups/${group}`)).body.shardlets;
    for (const [wrong, detail] of [
      [{ ...good!, seq: 1_000 }, 'beyond the end'],
      [{ ...good!, shardlet: foreign }, 'another stream'],
      [{ ...good!, shardlet: 999_999 }, 'no such shardlet'],
      [{ ...good!, seq: 1, epoch: good!.epoch + 1 }, 'epoch of the position is in the future'],
    ] as const) {
      const { status, body } = await call(at('commit'), { member: 'a', positions: [good, wrong] });
      expect([status, body.code, body.pointer]).toEqual([400, 'invalid_position', '/positions/1']);
      expect(body.detail).toContain(detail);
    }
    expect((await edge.get(`/v1/groups/${group}`)).body.shardlets).toMatchObject(
      before.map(({ shardlet, seq, assignment }: Record<string, number>) => ({ shardlet, seq, assignment })),
    );
    expect((await call(at('commit'), { member: 'a', positions: [good] })).status).toBe(200);
  });

  it('takes nothing once its stream is deleted, and may be left and removed', async () => {
    const { batches } = (await call(at('poll'), { member: 'a' })).body;
    const before = (await edge.get(`/v1/groups/${group}`)).body.shardlets;
    await edge.decide(deleteStream(edge.leaves(group)[0]!.stream));
    await edge.caughtUp();
    const refusal = { status: 404, body: { code: 'unknown_stream' } };
    expect(await call(at('poll'), { member: 'a' })).toMatchObject(refusal);
    expect(await call(at('commit'), { member: 'a', positions: positionsOf(batches) })).toMatchObject(refusal);
    const { shardlet, assignment, through: seq } = batches[0];
    const report = { member: 'a', shardlet, assignment, seq, reason: 'no tax rate' };
    expect(await call(at('dead-letters'), report)).toMatchObject(refusal);
    expect((await edge.fetch(`${at('stream')}?member=a`, {})).status).toBe(404);
    expect((await edge.get(`/v1/groups/${group}`)).body.shardlets).toMatchObject(
      before.map(({ shardlet, seq }: Record<string, number>) => ({ shardlet, seq })),
    );
    expect((await call(at('leave'), { member: 'a' })).status).toBe(204);
    expect((await edge.fetch(`/v1/groups/${group}`, { method: 'DELETE' })).status).toBe(200);
  });

  it('leaves out what the member has when it names the version, and names the edge to prefer', async () => {
    const { body } = await call(at('poll'), { member: 'a' });
    expect([body.assigned.length, body.preferredEdge]).toEqual([2, edge.url]);
    const { version } = body;
    const again = (await call(at('poll'), { member: 'a', version })).body;
    expect([again.version, again.assigned]).toEqual([version, undefined]);
    await call(at('poll'), { member: 'b' });
    const changed = (await call(at('poll'), { member: 'a', version })).body;
    expect(changed.version).toBeGreaterThan(version);
    expect(changed.assigned).toBeDefined();
  });

  it('waits for events as long as it is told to', async () => {
    const { batches } = (await call(at('poll'), { member: 'a' })).body;
    await call(at('commit'), { member: 'a', positions: positionsOf(batches) });
    const waiting = call(at('poll'), { member: 'a', wait: 10_000 });
    const startedMs = Date.now();
    setTimeout(() => {
      const event = { specversion: '1.0', type: 't', source: '/s', id: 'new', subject: 'k' };
      void edge.post(`/v1/streams/${group}/events`, [event]);
    }, 200);
    expect((await waiting).body.batches[0].events[0].event.id).toBe('new');
    expect(Date.now() - startedMs).toBeLessThan(3_000);
  });

  it('feeds a member by server-sent events, each batch once, going on after its commit', async () => {
    const end = new AbortController();
    const response = await edge.fetch(at('stream?member=sse'), { signal: end.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const got = () => [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as Batch);
    while (idsOf(got()).length < 20) text += (await reader.read()).value;
    expect(idsOf(got()).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const last = new Map(got().map((b) => [b.shardlet, b]));
    const reply = await call(at('commit'), { member: 'sse', positions: positionsOf([...last.values()]) });
    expect(reply.status).toBe(200);
    end.abort();
  });

  it('feeds a member from its checkpoints again after another one had its shardlets', async () => {
    const end = new AbortController();
    const response = await edge.fetch(at('stream?member=sse'), { signal: end.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const got = () => [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as Batch);
    const read = async () => {
      text += (await reader.read()).value;
    };
    while (idsOf(got()).length < 20) await read();
    // it is fed when it reads: meanwhile its session may end
    await call(at('leave'), { member: 'sse' });
    await call(at('poll'), { member: 'b' });
    await call(at('leave'), { member: 'b' });
    await edge.post(`/v1/streams/${group}/events`, events(20, 20));
    const before = got().length;
    const anew = () => idsOf(got().slice(before));
    while (anew().length < 40) await read();
    end.abort();
    expect(anew().sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  it('is closed to a token that may only read, which still sees how far it is', async () => {
    for (const [path, body] of [
      ['/v1/groups', { name: 'readers', stream: group }],
      [at('poll'), { member: 'a' }],
      [at('commit'), { member: 'a', positions: [{ shardlet: 1, seq: 1, epoch: 1, assignment: 1 }] }],
      [at('leave'), { member: 'a' }],
    ] as const) {
      const { status, body: problem } = await call(path, body, 'reader');
      expect([status, problem.code, problem.detail]).toEqual([
        ...[403, 'forbidden'],
        expect.stringContaining('groups:consume'),
      ]);
    }
    const asReader = { headers: { authorization: 'Bearer reader' } };
    expect((await edge.fetch(at('stream?member=a'), asReader)).status).toBe(403);
    expect((await edge.fetch(`/v1/groups/${group}`, asReader)).status).toBe(200);
    expect((await edge.fetch('/v1/groups', asReader)).status).toBe(200);
  });

  it('refuses whoever poses as the member of another token, and changes nothing', async () => {
    const { batches } = (await call(at('poll'), { member: 'a' })).body;
    // also right after the member itself, which needs no sign of life then
    const { version } = (await call(at('poll'), { member: 'a' })).body;
    const before = (await edge.get(`/v1/groups/${group}`)).body;
    const positions = positionsOf(batches);
    for (const [path, body] of [
      ['poll', { member: 'a', version }],
      ['poll', { member: 'a' }],
      ['commit', { member: 'a', positions }],
      ['leave', { member: 'a' }],
    ] as const) {
      const { status, body: problem } = await call(at(path), body, 'intruder');
      expect([status, problem.code]).toEqual([403, 'foreign_member']);
    }
    const asIntruder = { headers: { authorization: 'Bearer intruder' } };
    expect((await edge.fetch(at('stream?member=a'), asIntruder)).status).toBe(403);
    expect((await edge.get(`/v1/groups/${group}`)).body).toEqual(before);
    expect(before.members).toMatchObject([{ id: 'a', subject: 'token:test' }]);
    expect((await call(at('commit'), { member: 'a', positions })).status).toBe(200);
  });

  it('goes on under a token that replaces another, by its name', async () => {
    const { batches } = (await call(at('poll'), { member: 'a' })).body;
    const positions = positionsOf(batches);
    expect((await call(at('commit'), { member: 'a', positions }, 'rotated')).status).toBe(200);
    expect((await call(at('leave'), { member: 'a' }, 'rotated')).status).toBe(204);
  });

  it('has 256 members at most, and room again when one ends', async () => {
    for (let i = 0; i < 256; i++)
      expect((await call(at('poll'), { member: `m${i}`, limit: 1 })).status).toBe(200);
    const { status, body } = await call(at('poll'), { member: 'late' });
    expect([status, body.code, body.detail]).toEqual([409, 'limit_reached', expect.stringContaining('256')]);
    expect((await call(at('poll'), { member: 'm7', limit: 1 })).status).toBe(200);
    // who never joined may end
    expect((await call(at('leave'), { member: 'late' })).status).toBe(204);
    await call(at('leave'), { member: 'm8' });
    expect((await call(at('poll'), { member: 'late' })).status).toBe(200);
  });

  it.each([
    ['/v1/groups/nowhere/poll', { member: 'a' }, 404, 'unknown_group'],
    ['/v1/groups', { name: 'Not A Name' }, 400, 'invalid_parameter'],
    ['/v1/groups', { name: 'ok', stream: 'nowhere' }, 404, 'unknown_stream'],
    ['/v1/groups/nowhere/commit', { member: 'a' }, 400, 'invalid_parameter'],
  ])('answers %s of %o with %i %s', async (path, body, status, code) => {
    const reply = await call(path, body);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it('is begun once', async () => {
    expect((await call('/v1/groups', { name: group, stream: group })).body.code).toBe('conflict');
  });

  it('is one of 1,000 at most', async () => {
    const { groups } = (await edge.get('/v1/groups')).body;
    for (let i = groups.length; i < 1_000; i++)
      expect((await call('/v1/groups', { name: `many-${i}`, stream: group })).status).toBe(201);
    const { status, body } = await call('/v1/groups', { name: 'one-more', stream: group });
    expect([status, body.code, body.detail]).toEqual([409, 'limit_reached', expect.stringContaining('1000')]);
    expect((await call('/v1/groups', { name: group, stream: group })).body.code).toBe('conflict');
  });
});
