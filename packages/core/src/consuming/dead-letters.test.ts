/** Dead letters on hosts in memory: reported by members, decided about by people, read again by any process. */
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryGroupStore } from '../adapters/memory/index.ts';
import { framePayload } from '../hosts/index.ts';
import { range } from '../keyspace/index.ts';
import { TestCluster } from '../machines/cluster.fixture.ts';
import { createStream, restructure, type Shardlet, TopologyMap } from '../topology/index.ts';
import { DeadLetters } from './dead-letters.ts';
import { LetterLog } from './letter-log.ts';
import { REDRIVE_TYPE } from './letters.ts';
import { EMPTY_GROUP, type Group } from './model.ts';

const MEMBER = { member: 'm', subject: 'token:billing' };
const BY = { by: 'ada', note: 'tax is back', dryRun: false };
const BILLING: Group = { name: 'billing', stream: 1, sessionMs: 10_000, owner: 'token:billing' };

let cluster: TestCluster;
let groups: MemoryGroupStore;
let letters: DeadLetters;
let source: Shardlet;

beforeEach(async () => {
  cluster = new TestCluster();
  await cluster.addHost();
  const stream = await cluster.addStream(1);
  await cluster.finishAll();
  [source] = cluster.open(stream) as [Shardlet];
  groups = new MemoryGroupStore(cluster.clock);
  await groups.create({ ...BILLING, stream }, EMPTY_GROUP);
  letters = service();
  await new LetterLog(parts()).append(
    cluster.map.stream(stream)!.name,
    ['a', 'b', 'a', 'c'].map((key, i) => ({
      ...{ key, source: '/shop', id: String(i) },
      text: `{"specversion":"1.0","id":"${i}","source":"/shop","type":"t","subject":"${key}","data":{"n":12345678901234567890}}`,
    })),
  );
  await assign('billing', source.id, 3);
});

/** A worker opens what is made, as soon as somebody waits for it. */
const parts = () => ({
  ...{ groups, map: cluster.map, topology: cluster.store, actor: 'test' },
  host: async (id: number) => cluster.connect(id),
  nowMs: () => Math.floor(cluster.clock.nowMicros() / 1_000),
  refresh: () => cluster.refresh(),
  wake: async () => void (await cluster.finishAll()),
  async sleep(ms: number) {
    cluster.clock.advance(ms * 1_000);
    await cluster.finishAll();
  },
});
const service = () => new DeadLetters(parts());

async function assign(group: string, shardlet: number, assignment: number): Promise<void> {
  const checkpoint = { shardlet, seq: 0, epoch: 0, assignment, member: 'm', revoking: false, skipped: 0 };
  const members = [{ id: 'm', seenAtMs: 0, subject: 'token:billing', commits: 0 }];
  const checkpoints = new Map([[shardlet, checkpoint]]);
  await groups.change(group, () => ({ state: { version: 3, members, checkpoints }, result: 1 }));
}

const report = (seq: number, more: object = {}, group = 'billing') =>
  letters.report(group, MEMBER, {
    ...{ shardlet: source.id, seq, assignment: 3, reason: 'no tax rate', attempts: 5 },
    ...more,
  });
const billing = async () => (await groups.find('billing'))!.group;
const states = async (of = letters) =>
  (await of.list('billing')).letters.map(({ seq, state }) => [seq, state]);
const idOf = async (seq: number) =>
  (await letters.list('billing')).letters.find((one) => one.seq === seq)!.letter;

/** Of the stream of the letters, in order. */
async function stored() {
  const [shardlet] = cluster.open(letters.streamOf('billing')!.id);
  const reply = await cluster.connect(1).read(shardlet!.id, 1, 0, { maxRecords: 100, maxBytes: 1e6 });
  const records = reply.kind === 'records' ? reply.records : [];
  return records.map(({ seq, frame }) => ({
    ...{ shardlet: shardlet!.id, seq },
    event: JSON.parse(Buffer.from(framePayload(frame)).toString()),
  }));
}

describe('a report', () => {
  it('makes the stream, and a letter with the event as it is stored', async () => {
    expect(await report(2)).toMatchObject({ kind: 'dead', repeated: false });
    const [stream] = [letters.streamOf('billing')!];
    expect([stream.name, stream.shardCount]).toEqual(['dead--billing', 1]);
    const { letter, event } = await letters.show('billing', await idOf(2));
    expect(letter).toMatchObject({
      ...{ state: 'dead', shardlet: source.id, seq: 2, key: 'b', reason: 'no tax rate', attempts: 5 },
      ...{ member: 'm', failures: 1, decided: undefined },
    });
    expect(event).toContain('"data":{"n":12345678901234567890}');
  });

  it('has the stream made in the name of who reports, and a group that asks for it in that of its creator', async () => {
    await report(2);
    await letters.prepare('shipping', { actor: 'ada@example.org', auditRow: '01a1ff5c' });
    const made = (await cluster.store.changesAfter(0, 1_000)).flatMap(({ streams, actor, auditRow }) =>
      streams.filter(({ name }) => name.startsWith('dead--')).map(({ name }) => [name, actor, auditRow]),
    );
    expect(made).toEqual([
      ['dead--billing', 'token:billing', undefined],
      ['dead--shipping', 'ada@example.org', '01a1ff5c'],
    ]);
  });

  it('is listed by a process whose map is from before the stream was opened', async () => {
    await cluster.store.decide(createStream({ name: 'dead--billing', shardCount: 1 }), 'test');
    const map = new TopologyMap(await cluster.store.snapshot());
    await report(2);
    const refresh = async () => {
      for (const change of await cluster.store.changesAfter(map.version, 1_000)) map.apply(change);
    };
    expect(await states(new DeadLetters({ ...parts(), map, refresh }))).toEqual([[2, 'dead']]);
  });

  it('of a shardlet that does not exist, or of another stream, says so', async () => {
    const wrong = { code: 'invalid_parameter', pointer: '/shardlet' };
    await expect(report(2, { shardlet: 999 })).rejects.toMatchObject({
      ...{ ...wrong, message: expect.stringMatching(/^There is no shardlet 999/) },
    });
    const other = await cluster.addStream(1);
    await cluster.finishAll();
    const [foreign] = cluster.open(other) as [Shardlet];
    await expect(report(2, { shardlet: foreign.id })).rejects.toMatchObject({
      ...{ ...wrong, message: expect.stringMatching(/another stream than the group "billing"/) },
    });
    expect(await states()).toEqual([]);
  });

  it('of a shardlet that nobody was given yet, also through a map that does not know it, is fenced', async () => {
    const map = new TopologyMap(await cluster.store.snapshot());
    const { id, epoch, range: whole } = source;
    const rolled = await cluster.store.decide(
      restructure({ parents: [{ id, epoch }], children: [whole] }),
      'test',
    );
    if (rolled.kind !== 'decided') throw new Error('refused');
    const refresh = async () => {
      for (const change of await cluster.store.changesAfter(map.version, 1_000)) map.apply(change);
    };
    const edge = new DeadLetters({ ...parts(), map, refresh });
    const shardlet = rolled.result.children[0]!.id;
    const said = { shardlet, seq: 1, assignment: 3, reason: 'x', attempts: 1 };
    expect(await edge.report('billing', MEMBER, said)).toEqual({ kind: 'fenced', assignment: 0 });
  });

  it('that is repeated changes nothing', async () => {
    const first = await report(2);
    expect(await report(2, { reason: 'again' })).toEqual({ ...first, repeated: true });
    expect((await letters.list('billing')).letters).toHaveLength(1);
  });

  it.each([
    ['another assignment', { assignment: 2 }],
    ['another member', { member: 'other' }],
  ])('is fenced for %s', async (_, more: { assignment?: number; member?: string }) => {
    const caller = { ...MEMBER, ...(more.member === undefined ? {} : { member: more.member }) };
    const asked = { shardlet: source.id, seq: 1, assignment: more.assignment ?? 3, reason: 'r', attempts: 1 };
    expect(await letters.report('billing', caller, asked)).toEqual({ kind: 'fenced', assignment: 3 });
    expect(letters.streamOf('billing')).toBeUndefined();
  });

  it('is refused for a member of somebody else, a group that is not there, and an event that is not', async () => {
    const asked = { shardlet: source.id, seq: 1, assignment: 3, reason: 'r', attempts: 1 };
    expect(await letters.report('billing', { ...MEMBER, subject: 'token:x' }, asked)).toEqual({
      refused: 'foreign',
    });
    expect(await letters.report('nope', MEMBER, asked)).toEqual({ refused: 'unknown' });
    await expect(report(5)).rejects.toMatchObject({ code: 'invalid_parameter', pointer: '/seq' });
    expect(letters.streamOf('billing')).toBeUndefined();
  });

  it('is refused for an event that is past its retention', async () => {
    await cluster.connect(1).trim(source.id, source.epoch, 3);
    cluster.clock.advance(3_600_000_000);
    await cluster.connect(1).trim(source.id, source.epoch, 3);
    await expect(report(2)).rejects.toMatchObject({ code: 'past_retention' });
  });

  it('waits for a stream that no worker has opened yet, and not for ever', async () => {
    const away = new DeadLetters({
      ...parts(),
      wake: async () => {},
      sleep: async (ms) => cluster.clock.advance(ms * 1_000),
    });
    const asked = { shardlet: source.id, seq: 1, assignment: 3, reason: 'r', attempts: 1 };
    await expect(away.report('billing', MEMBER, asked)).rejects.toMatchObject({ code: 'overloaded' });
    expect(await report(1)).toMatchObject({ kind: 'dead', repeated: false });
  });
});

describe('a decision', () => {
  beforeEach(async () => {
    for (const seq of [1, 2, 3]) await report(seq);
  });

  it('to redrive makes the group that reads it, and appends the events in their order', async () => {
    expect(await letters.decide(await billing(), 'redrive', 'all', BY)).toEqual({
      ...{ changed: 3, unchanged: 0, left: 0 },
    });
    expect(await groups.find('billing.redrive')).toMatchObject({
      group: { redriveOf: 'billing', owner: 'token:billing', stream: letters.streamOf('billing')!.id },
    });
    const redriven = (await stored()).filter(({ event }) => event.type === REDRIVE_TYPE);
    expect(redriven.map(({ event }) => [event.data.seq, event.data.event.id, event.data.by])).toEqual([
      [1, '0', 'ada'],
      [2, '1', 'ada'],
      [3, '2', 'ada'],
    ]);
    expect(await states()).toEqual([
      [1, 'redriven'],
      [2, 'redriven'],
      [3, 'redriven'],
    ]);
  });

  it('is seen by every process, and made once', async () => {
    const other = service();
    expect(await states(other)).toHaveLength(3);
    const id = await idOf(2);
    const both = await Promise.all([
      letters.decide(await billing(), 'discard', [id], BY),
      other.decide(await billing(), 'redrive', [id], BY),
    ]);
    expect(both.map(({ changed }) => changed).sort()).toEqual([0, 1]);
    expect(both.map(({ unchanged }) => unchanged).sort()).toEqual([0, 1]);
    expect(await states(other)).toEqual(await states());
  });

  it('to discard can be taken back, and nothing is decided twice', async () => {
    const ids = [await idOf(1)];
    expect(await letters.decide(await billing(), 'discard', ids, BY)).toMatchObject({ changed: 1 });
    expect(await letters.decide(await billing(), 'discard', ids, BY)).toMatchObject({
      changed: 0,
      unchanged: 1,
    });
    expect((await letters.list('billing')).counts).toEqual({ dead: 2, redriven: 0, discarded: 1 });
    const dryRun = { ...BY, dryRun: true };
    // one that was discarded only where it is named
    expect(await letters.decide(await billing(), 'redrive', 'all', dryRun)).toMatchObject({ changed: 2 });
    expect(await letters.decide(await billing(), 'redrive', ids, dryRun)).toMatchObject({ changed: 1 });
    expect(await letters.decide(await billing(), 'restore', ids, BY)).toMatchObject({ changed: 1 });
    expect((await letters.list('billing')).counts).toEqual({ dead: 3, redriven: 0, discarded: 0 });
  });

  it('that is tried says how many, and changes nothing', async () => {
    const before = await stored();
    const dryRun = { ...BY, dryRun: true };
    expect(await letters.decide(await billing(), 'redrive', 'all', dryRun)).toMatchObject({ changed: 3 });
    expect(await stored()).toEqual(before);
    expect(await groups.find('billing.redrive')).toBeUndefined();
  });

  it('is refused for a letter that is not there, and where another group has the name', async () => {
    await expect(letters.decide(await billing(), 'discard', ['1:9:9'], BY)).rejects.toMatchObject({
      code: 'not_found',
    });
    await groups.create({ name: 'billing.redrive', stream: 1, sessionMs: 1_000 }, EMPTY_GROUP);
    await expect(letters.decide(await billing(), 'redrive', 'all', BY)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await states()).toEqual([1, 2, 3].map((seq) => [seq, 'dead']));
  });

  it('to redrive an event that fails again makes the same letter dead again', async () => {
    await letters.decide(await billing(), 'redrive', [await idOf(2)], BY);
    const { shardlet, seq } = (await stored()).find(({ event }) => event.type === REDRIVE_TYPE)!;
    await assign('billing.redrive', shardlet, 8);
    const again = { shardlet, seq, assignment: 8, reason: 'still no rate' };
    expect(await report(seq, again, 'billing.redrive')).toMatchObject({
      kind: 'dead',
      letter: await idOf(2),
    });
    const { letter, event } = await letters.show('billing', await idOf(2));
    expect(letter).toMatchObject({ state: 'dead', failures: 2, reason: 'still no rate', seq: 2, key: 'b' });
    expect(event).toContain('"id":"1"');
    // what is no redrive has nothing to process
    await expect(report(1, { ...again, seq: 1 }, 'billing.redrive')).rejects.toMatchObject({
      code: 'invalid_parameter',
    });
    expect(await letters.decide(await billing(), 'redrive', [await idOf(2)], BY)).toMatchObject({
      changed: 1,
    });
  });
});

it('letters keep their order over a split of their stream, and a process that has read before goes on', async () => {
  await report(1);
  expect(await states()).toEqual([[1, 'dead']]);
  const [parent] = cluster.open(letters.streamOf('billing')!.id);
  const middle = { hi: 0x8000_0000, lo: 0 };
  const children = [range(parent!.range.from, middle), range(middle, parent!.range.to)];
  await cluster.decide(restructure({ parents: [{ id: parent!.id, epoch: parent!.epoch }], children }));
  await cluster.finishAll();
  await report(2);
  await report(3);
  await letters.decide(await billing(), 'redrive', 'all', BY);
  expect((await letters.list('billing')).counts).toEqual({ dead: 0, redriven: 3, discarded: 0 });
  expect((await service().list('billing')).letters).toHaveLength(3);
});
