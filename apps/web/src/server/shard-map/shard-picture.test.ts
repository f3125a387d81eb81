import type { Move } from '@foreshard/core/moves';
import { TelemetryStore } from '@foreshard/core/telemetry';
import { createStream, prepareMigration, settleOpening, TopologyMap } from '@foreshard/core/topology';
import { describe, expect, it } from 'vitest';
import { testMap, testStore } from '../cluster/test-cluster.ts';
import { recorded, T0_MS } from '../recorded.fixture.ts';
import { movesOf, pictureOf } from './shard-picture.ts';
import { storedBytes } from './stored-bytes.ts';

const HOUR_MS = 3_600_000;
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64')).buffer;
const load = (events: number) => ({ events, bytes: events * 100, refused: 0 });

describe('the picture of all shardlets', async () => {
  const map = await testMap();
  const [s1, s2, s3, s4] = [...map.shardlets()].map(({ id }) => id) as [number, number, number, number];

  it('lies host by host, in each by number, as packed columns', () => {
    const picture = pictureOf(
      map,
      null,
      new Map([[s3, load(7)]]),
      new Map([[s2, 500]]),
      new Map([[2, 'unreachable']]),
    );
    expect(picture.hosts).toEqual([
      { id: 1, name: 'redis-a', count: 2, condition: 'unmeasured' },
      { id: 2, name: 'redis-b', count: 2, condition: 'unreachable' },
    ]);
    expect([...new Float64Array(bytesOf(picture.ids))]).toEqual([s1, s3, s2, s4]);
    expect([...new Float32Array(bytesOf(picture.events))]).toEqual([0, 7, 0, 0]);
    expect([...new Float32Array(bytesOf(picture.bytesIn))]).toEqual([0, 700, 0, 0]);
    expect([...new Float32Array(bytesOf(picture.stored))]).toEqual([Number.NaN, Number.NaN, 500, Number.NaN]);
    expect([...new Uint16Array(bytesOf(picture.streamIndex))]).toEqual([0, 0, 0, 0]);
    expect(picture).toMatchObject({ total: 4, streams: ['main'], sizesKnown: true, mapVersion: map.version });
  });

  it('says that no size is known, and has hosts without shardlets', async () => {
    const store = await testStore();
    await store.decide(createStream({ name: 'small', shardCount: 1 }), 'test');
    const picture = pictureOf(
      new TopologyMap(await store.snapshot()),
      'small',
      new Map(),
      new Map(),
      new Map(),
    );
    expect(picture).toMatchObject({ total: 1, sizesKnown: false, streams: ['main', 'small'] });
    expect(picture.hosts.map(({ count }) => count).sort()).toEqual([0, 1]);
    expect([...new Uint16Array(bytesOf(picture.streamIndex))]).toEqual([1]);
  });

  it('tells open, moving and opening shardlets apart', async () => {
    const store = await testStore();
    const [first, second] = (await store.snapshot()).shardlets;
    for (const { id, epoch } of [first!, second!]) await store.decide(settleOpening(id, epoch), 'test');
    const { epoch } = (await store.snapshot()).shardlets[0]!;
    await store.decide(prepareMigration({ id: first!.id, epoch, dest: 2 }), 'test');
    const { states } = pictureOf(
      new TopologyMap(await store.snapshot()),
      null,
      new Map(),
      new Map(),
      new Map(),
    );
    // by host: the first and the third, then the second and the fourth
    expect([...new Uint8Array(bytesOf(states))]).toEqual([1, 2, 0, 2]);
  });
});

describe('running moves', async () => {
  const store = await testStore();
  const { id, epoch } = (await store.snapshot()).shardlets[0]!;
  await store.decide(settleOpening(id, epoch), 'test');
  const open = (await store.snapshot()).shardlets.find((one) => one.id === id)!;
  await store.decide(prepareMigration({ id, epoch: open.epoch, dest: 2 }), 'test');
  const map = new TopologyMap(await store.snapshot());
  const logged = (sourceSeq: number, copiedSeq: number) =>
    [{ shardlet: id, sourceSeq, copiedSeq, phase: 'copy', actor: 'me' }] as Move[];

  it('come from the topology, with how far they are from the log', () => {
    expect(movesOf(map, logged(8, 2))).toMatchObject([
      {
        ...{ shardlet: id, stream: 'main', source: 'redis-a', dest: 'redis-b', sourceId: 1, destId: 2 },
        ...{ isLogRead: true, progress: { phase: 'copy', copied: 0.25, actor: 'me' } },
      },
    ]);
  });

  it('have no more copied than all, and nothing known before their source was read', () => {
    expect(movesOf(map, logged(8, 9))[0]!.progress!.copied).toBe(1);
    expect(movesOf(map, logged(0, 0))[0]!.progress!.copied).toBeNull();
  });

  it('tell a log without them from one that cannot be read', () => {
    expect(movesOf(map, [])[0]).toMatchObject({ isLogRead: true, progress: null });
    expect(movesOf(map, undefined)[0]).toMatchObject({ isLogRead: false, progress: null });
  });
});

describe('stored bytes', () => {
  it('are those of the hours of the last day, once for a minute', async () => {
    const { telemetry, map, shardlets } = await recorded(60, [
      [0, 0, 10],
      [59, 0, 5],
      [30, 2, 1],
    ]);
    const nowMs = T0_MS + HOUR_MS;
    const bytes = await storedBytes(telemetry, map, nowMs);
    expect([...bytes]).toEqual(shardlets.map((id, i) => [id, [1_500, 0, 100, 0][i]]));
    expect(await storedBytes(telemetry, map, nowMs + 59_999)).toBe(bytes);
    const later = await storedBytes(telemetry, map, nowMs + 25 * HOUR_MS);
    expect([...later.values()]).toEqual([0, 0, 0, 0]);
  });

  it('are unknown while they cannot be read, and read again the next time', async () => {
    const map = await testMap();
    let reads = 0;
    const read = async () => {
      reads++;
      throw new Error('PostgreSQL is away');
    };
    const telemetry = new TelemetryStore({ blocks: { read }, map: () => map, nowMs: () => T0_MS });
    expect((await storedBytes(telemetry, map, T0_MS)).size).toBe(0);
    const before = reads;
    await storedBytes(telemetry, map, T0_MS + 1);
    expect(reads).toBeGreaterThan(before);
  });
});
