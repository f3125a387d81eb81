/** What a process knows of news on memory hosts, on a clock that only moves when told to. */
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryHost } from '../adapters/memory/index.ts';
import { type EventHost, HostUnreachable, writeFrame } from '../hosts/index.ts';
import { ManualClock, MICROS_PER_MS, MICROS_PER_SECOND, seededRandom } from '../kernel/index.ts';
import { slices, WHOLE } from '../keyspace/index.ts';
import {
  type Change,
  changeSetSchema,
  EMPTY_TOPOLOGY,
  NO_FACTS,
  type Shardlet,
  TopologyMap,
} from '../topology/index.ts';
import { Frontiers } from './frontiers.ts';
import { Heads } from './heads.ts';

const DEDUP = { windowMicros: 10 * MICROS_PER_SECOND, leadMicros: MICROS_PER_SECOND };
const SETTINGS = { splitKeys: false, dedupWindowMs: 900_000, retentionMs: null, retentionBytes: null };

let nowMs: number;
let timers: { readonly atMs: number; readonly run: () => void }[];
let clock: ManualClock;
let hosts: Map<number, MemoryHost>;
let away: Set<number>;
let asked: number[];
let map: TopologyMap;
let frontiers: Frontiers;
let heads: Heads;
let news: number[];
let faults: unknown[];

/** Hosts 1 and 2; stream 1 with shardlets 1 (on host 1) and 2 (on host 2), stream 2 with shardlet 3 (on host 1). */
beforeEach(async () => {
  [nowMs, timers, asked, news, faults] = [0, [], [], [], []];
  away = new Set();
  clock = new ManualClock(1_000 * MICROS_PER_SECOND);
  hosts = new Map([1, 2].map((id) => [id, new MemoryHost(clock)]));
  const shardlets = [shardlet(1, 1, 1), shardlet(2, 1, 2), shardlet(3, 2, 1)];
  map = new TopologyMap({
    ...EMPTY_TOPOLOGY,
    streams: [1, 2].map((id) => ({ id, name: `s${id}`, shardCount: 1, ...SETTINGS })),
    hosts: [1, 2].map(hostEntry),
    shardlets,
  });
  for (const { id, owner } of shardlets) await create(owner, id);
  const followed = { topology: map, onChange: map.onChange.bind(map) };
  frontiers = new Frontiers({ hosts: { get: hostOf }, map: followed, nowMs: () => nowMs });
  heads = new Heads({
    frontiers,
    map: followed,
    nowMs: () => nowMs,
    later(run, ms) {
      const timer = { atMs: nowMs + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    fault: (error) => faults.push(error),
  });
  heads.listen((id) => news.push(id));
});

function shardlet(id: number, stream: number, owner: number): Shardlet {
  const range = slices(WHOLE, 1)[0]!;
  return { id, stream, shard: 0, range, owner, epoch: 1, state: { kind: 'open' }, parents: [], lost: [] };
}

function hostEntry(id: number) {
  const fixed = { engine: 'redis', durability: 'always', state: 'active', ...NO_FACTS } as const;
  return { id, name: `h${id}`, url: `redis://h${id}`, incarnation: 'memory', generation: 0, ...fixed };
}

async function hostOf(id: number): Promise<EventHost> {
  asked.push(id);
  if (away.has(id)) throw new HostUnreachable('timeout', 'hangs');
  return hosts.get(id)!;
}

async function create(host: number, id: number, epoch = 1): Promise<void> {
  await hosts.get(host)!.createOpen(id, epoch, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
}

let events = 0;
async function append(host: number, id: number, epoch = 1): Promise<void> {
  const payload = new TextEncoder().encode('{}');
  const frames = new Uint8Array(32 + payload.length);
  writeFrame(frames, 0, ++events, Uint32Array.from([events, events, 7, 7]), payload, 0, payload.length);
  const edgeTs = clock.nowMicros();
  await hosts
    .get(host)!
    .append([{ shardlet: id, epoch, edgeTs, tokenTs: 0, dedup: DEDUP, frames, count: 1 }]);
}

function decide(puts: Partial<Pick<Change, 'hosts' | 'shardlets'>>): void {
  const whole = { ...changeSetSchema.parse({}), ...puts };
  map.apply({ ...whole, version: map.version + 1, at: 0, decision: 'test', actor: 'test' });
}

/** Answers are there at once. */
async function advance(ms: number): Promise<void> {
  const endMs = nowMs + ms;
  for (;;) {
    await setImmediate();
    const next = timers.toSorted((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined || next.atMs > endMs) break;
    timers = timers.filter((other) => other !== next);
    clock.advance((next.atMs - nowMs) * MICROS_PER_MS);
    nowMs = next.atMs;
    next.run();
  }
  nowMs = endMs;
}

describe('heads', () => {
  it('asks nobody while nobody waits', async () => {
    await advance(10_000);
    expect([asked, heads.lastSeq(1)]).toEqual([[], undefined]);
  });

  it('knows the last seqs of a stream as soon as its hosts have answered, and tells what is new', async () => {
    await append(1, 1);
    heads.follow(1);
    await advance(0);
    expect(asked).toEqual([1, 2]);
    expect([heads.lastSeq(1), heads.lastSeq(2), heads.lastSeq(9)]).toEqual([1, 0, undefined]);
    expect(news).toEqual([1, 2]);
    news = [];
    await append(2, 2);
    await advance(20);
    expect([news, heads.lastSeq(2)]).toEqual([[2], 1]);
  });

  it('asks 50 times a second while there is news and 10 times while there is none', async () => {
    heads.follow(2);
    await append(1, 3);
    await advance(100);
    expect(asked.length).toBe(6);
    await advance(10_000);
    asked = [];
    await advance(1_000);
    expect(asked.length).toBe(10);
    await append(1, 3);
    await advance(100);
    asked = [];
    for (let i = 0; i < 10; i++) {
      await append(1, 3);
      await advance(20);
    }
    expect(asked.length).toBe(10);
  });

  it('is not kept busy by a stream that nobody waits for', async () => {
    heads.follow(2);
    await advance(5_000);
    asked = [];
    for (let i = 0; i < 10; i++) {
      await append(1, 1);
      await advance(100);
    }
    expect([asked.length, news]).toEqual([10, [3]]);
  });

  it('goes on for two seconds after the last one has gone, and then forgets', async () => {
    const [first, second] = [heads.follow(1), heads.follow(1)];
    await advance(1_000);
    first();
    first();
    await advance(3_000);
    expect(heads.lastSeq(1)).toBe(0);
    second();
    await advance(1_900);
    const before = asked.length;
    heads.follow(1)();
    await advance(1_900);
    expect(asked.length).toBeGreaterThan(before);
    await advance(300);
    asked = [];
    await advance(5_000);
    expect([asked, heads.lastSeq(1)]).toEqual([[], undefined]);
  });

  it('shares the question of a reader that asks anyway', async () => {
    heads.follow(2);
    await advance(5_000);
    asked = [];
    const reader = frontiers.ask(1, true);
    expect(asked).toEqual([1]);
    expect(await frontiers.hear(1)).toBe(true);
    expect([await reader, asked]).toEqual([true, [1]]);
  });

  it('tells what this process was acknowledged without asking a host, but only where somebody waits', async () => {
    heads.noteAppended(1, 7);
    expect(news).toEqual([]);
    heads.follow(1);
    await advance(0);
    [news, asked] = [[], []];
    heads.noteAppended(1, 5);
    heads.noteAppended(1, 4);
    heads.noteAppended(3, 1);
    expect([news, asked, heads.lastSeq(1)]).toEqual([[1], [], 5]);
  });

  it('takes the last seq of the host once that has come as far', async () => {
    heads.follow(1);
    await advance(0);
    heads.noteAppended(1, 1);
    await append(1, 1);
    await advance(100);
    // the host went back: nothing is left of what was noted
    frontiers.wentBack(1);
    expect(heads.lastSeq(1)).toBe(undefined);
    hosts.set(1, new MemoryHost(clock));
    await create(1, 1);
    await advance(100);
    expect(heads.lastSeq(1)).toBe(0);
  });

  it('forgets what it noted when a host goes back', async () => {
    heads.follow(1);
    await advance(0);
    heads.noteAppended(1, 5);
    frontiers.readAnew(1);
    await advance(100);
    expect(heads.lastSeq(1)).toBe(0);
  });

  it('does not know the shardlets of a host that is silent for two seconds; the others go on', async () => {
    heads.follow(1);
    await advance(0);
    away.add(1);
    await advance(1_900);
    expect([heads.lastSeq(1), heads.answeredWithin(1, 2_000)]).toEqual([0, true]);
    await append(2, 2);
    await advance(300);
    expect([heads.lastSeq(1), heads.lastSeq(2), heads.answeredWithin(1, 2_000)]).toEqual([
      undefined,
      1,
      false,
    ]);
    away.clear();
    await append(1, 1);
    news = [];
    await advance(300);
    expect([heads.lastSeq(1), news]).toEqual([1, [1]]);
  });

  it('knows nothing of a shardlet before its host has carried out the decision', async () => {
    heads.follow(1);
    await advance(0);
    decide({ shardlets: [{ ...shardlet(1, 1, 2), epoch: 2 }] });
    expect(heads.lastSeq(1)).toBe(undefined);
    await hosts.get(2)!.createShadow(1, 2, { stream: 1, range: WHOLE, dedup: DEDUP });
    await advance(100);
    expect(heads.lastSeq(1)).toBe(undefined);
    decide({ shardlets: [{ ...shardlet(2, 1, 2), epoch: 3 }] });
    expect(heads.lastSeq(2)).toBe(undefined);
    await hosts.get(2)!.raise(2, 3);
    await advance(100);
    expect(heads.lastSeq(2)).toBe(0);
  });

  it('asks a host as soon as a shardlet comes to it, and no more when the last one has gone', async () => {
    heads.follow(2);
    await advance(3_000);
    expect(new Set(asked)).toEqual(new Set([1]));
    await create(2, 3, 2);
    decide({ shardlets: [{ ...shardlet(3, 2, 2), epoch: 2 }] });
    await append(2, 3, 2);
    await advance(0);
    expect(heads.lastSeq(3)).toBe(1);
    await advance(2_000);
    asked = [];
    await advance(1_000);
    expect(new Set(asked)).toEqual(new Set([2]));
  });

  it('voids the answers of a host whose generation has changed, also one that is under way', async () => {
    heads.follow(1);
    await advance(0);
    const underWay = frontiers.ask(1, false);
    decide({ hosts: [{ ...hostEntry(1), generation: 5 }] });
    expect([await underWay, heads.answeredWithin(1, 2_000), heads.lastSeq(1)]).toEqual([
      false,
      false,
      undefined,
    ]);
    await advance(100);
    expect([heads.answeredWithin(1, 2_000), heads.lastSeq(1)]).toEqual([true, 0]);
  });

  it('forgets what it noted as soon as the host is as far, also where the shardlet is behind later', async () => {
    heads.follow(1);
    await advance(0);
    heads.noteAppended(1, 1);
    await append(1, 1);
    await advance(100);
    await create(2, 1, 2);
    decide({ shardlets: [{ ...shardlet(1, 1, 2), epoch: 2 }] });
    await advance(100);
    expect(heads.lastSeq(1)).toBe(0);
  });

  it('goes on asking a host that a shardlet has just come to', async () => {
    heads.follow(2);
    await advance(100);
    await create(2, 3, 2);
    decide({ shardlets: [{ ...shardlet(3, 2, 2), epoch: 2 }] });
    await advance(0);
    asked = [];
    await advance(800);
    expect(asked.filter((host) => host === 2).length).toBeGreaterThan(5);
  });

  it('asks for a promise where one of those who wait for the next answer needs it', async () => {
    const promise = vi.spyOn(hosts.get(1)!, 'promise');
    const answers = [false, false, true].map((raise) => frontiers.ask(1, raise));
    expect(await Promise.all(answers)).toEqual([true, true, true]);
    expect([promise.mock.calls.length, asked]).toEqual([1, [1, 1]]);
  });

  it('asks for no promise while the host would give the one that it gave', async () => {
    const [promise, news] = [vi.spyOn(hosts.get(1)!, 'promise'), vi.spyOn(hosts.get(1)!, 'news')];
    await frontiers.ask(1, true);
    expect(frontiers.samePromiseForMs(1)).toBe(50);
    nowMs += 49;
    await append(1, 1);
    expect(await frontiers.ask(1, true)).toBe(true);
    expect([promise.mock.calls.length, news.mock.calls.length]).toEqual([1, 1]);
    expect(frontiers.tables.replica(1, 1)).toMatchObject({ lastSeq: 1 });
    nowMs += 1;
    await frontiers.ask(1, true);
    expect(promise.mock.calls.length).toBe(2);
  });

  it('asks for a promise at once of a host that began anew', async () => {
    const promise = vi.spyOn(hosts.get(1)!, 'promise');
    await frontiers.ask(1, true);
    frontiers.wentBack(1);
    await frontiers.ask(1, true);
    expect(promise.mock.calls.length).toBe(2);
  });

  it('has the same stamp as long as nothing happens, and none for a stream that nobody follows', async () => {
    expect(heads.stamp(1)).toBeUndefined();
    heads.follow(1);
    await advance(0);
    const before = heads.stamp(1);
    expect(before).toBeDefined();
    await advance(60_000);
    // of another stream
    await append(1, 3);
    await advance(200);
    expect(heads.stamp(1)).toBe(before);
    away.add(2);
    await advance(3_000);
    expect(heads.stamp(1)).toBeUndefined();
    // what host 2 has is not needed for it
    heads.follow(2);
    await advance(200);
    expect(heads.stamp(2)).toBeDefined();
  });

  it('knows the same last seqs wherever it has the same stamp', async () => {
    const random = seededRandom(7);
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)]!;
    let release = heads.follow(1);
    let epoch = 1;
    const steps: (() => unknown)[] = [
      () => append(1, 1, map.shardlet(1)!.epoch).catch(() => {}),
      () => append(2, 2),
      () => heads.noteAppended(2, Math.floor(random.next() * 20)),
      () => heads.noteAppended(3, Math.floor(random.next() * 20)),
      () => void (away.has(2) ? away.delete(2) : away.add(2)),
      () => frontiers.wentBack(2),
      () => frontiers.readAnew(1),
      () => decide({ shardlets: [{ ...shardlet(1, 1, pick([1, 2])), epoch: ++epoch }] }),
      async () => {
        release();
        await advance(3_000);
        await frontiers.ask(2, false);
        release = heads.follow(1);
      },
      ...[0, 30, 200, 900, 2_500].map((ms) => () => advance(ms)),
    ];
    heads.follow(2);
    const known = new Map<string, string>();
    let repeated = 0;
    for (let i = 0; i < 1_500; i++) {
      await pick(steps)();
      for (const stream of [1, 2]) {
        const stamp = heads.stamp(stream);
        if (stamp === undefined) continue;
        const now = stream === 1 ? `${heads.lastSeq(1)} ${heads.lastSeq(2)}` : `${heads.lastSeq(3)}`;
        const name = `${stream} ${stamp}`;
        if (known.has(name)) repeated++;
        expect(known.get(name) ?? now, `step ${i}`).toBe(now);
        known.set(name, now);
      }
    }
    expect(repeated).toBeGreaterThan(100);
    expect(new Set(known.values()).size).toBeGreaterThan(20);
  });

  it('goes on after a fault, and reports it', async () => {
    heads.follow(2);
    await advance(0);
    const whole = hosts.get(1)!;
    hosts.set(1, {
      news: async () => {
        throw new Error('a fault');
      },
    } as unknown as MemoryHost);
    await advance(100);
    expect(faults.length).toBe(1);
    hosts.set(1, whole);
    await append(1, 3);
    await advance(300);
    expect(heads.lastSeq(3)).toBe(1);
  });

  it('asks nobody any more when it is closed', async () => {
    heads.follow(1);
    await advance(0);
    heads.close();
    asked = [];
    heads.follow(1);
    await advance(5_000);
    expect(asked).toEqual([]);
  });
});
