import type { EventHost } from '@foreshard/core/hosts';
import type { Shardlet } from '@foreshard/core/topology';
import { describe, expect, it } from 'vitest';
import { streamBytesCutoff } from './stream-bytes.ts';

const SECOND = 1_000_000;
const START = 1_795_000_000 * SECOND;
const EVENT_BYTES = 1_000;
const EVENTS = 5_000;

/** Answers of a host for a shardlet with an event at each of these times; `last` goes on with its clock. */
function hostWith(times: readonly number[], last: number, sizes = times.map(() => EVENT_BYTES)): EventHost {
  const sum = (from: number, to: number) =>
    sizes.slice(from - 1, to).reduce((bytes, size) => bytes + size, 0);
  const known = {
    describe: async () => ({ firstSeq: 1, lastSeq: times.length, bytes: sum(1, times.length), last }),
    bytesIn: async (_: number, from: number, to: number) => ({ kind: 'bytes', bytes: sum(from, to) }),
    read: async () => ({ kind: 'records', records: [{ ts: times[0] }] }),
    seek: async (_: number, ts: number) => ({ kind: 'seq', seq: 1 + times.filter((t) => t <= ts).length }),
  };
  return known as unknown as EventHost;
}

describe('the cutoff of a stream by its bytes', () => {
  const spread = (span: number) =>
    Array.from({ length: EVENTS }, (_, i) => START + Math.floor((i * span) / EVENTS));
  it.each([
    ['an even load', spread(1_000 * SECOND), START + 1_000 * SECOND],
    ['a burst and half an hour of nothing', spread(SECOND), START + 1_800 * SECOND],
    ['a burst, a month, and one event', [...spread(SECOND), START + 2.6e6 * SECOND], START + 2.6e6 * SECOND],
    ['one event, a month, and a burst', [START - 2.6e6 * SECOND, ...spread(SECOND)], START + SECOND],
  ])('leaves what the limit allows, and little more: %s', async (_, times, last) => {
    const [a, b] = [times.filter((_, i) => i % 2 === 0), times.filter((_, i) => i % 2 === 1)];
    const shardlets = [{ id: 1 }, { id: 2 }] as Shardlet[];
    const hosts = new Map(shardlets.map((s, i) => [s, hostWith([a, b][i]!, last)]));
    for (const kept of [0.2, 0.5, 0.9, 0.99]) {
      const retentionBytes = kept * times.length * EVENT_BYTES;
      const settings = { retentionBytes, retentionMs: null, dedupWindowMs: 900_000 };
      const cutoff = await streamBytesCutoff(settings, shardlets, (s) => hosts.get(s)!, last);
      const left = times.filter((ts) => ts > cutoff).length * EVENT_BYTES;
      expect(left).toBeGreaterThanOrEqual(retentionBytes);
      expect(left).toBeLessThan(retentionBytes + 0.02 * times.length * EVENT_BYTES);
    }
  });

  it.each([
    ['all of it lies in the last minutes', 1_800, START - SECOND],
    ['what may go is not enough', 1_800, START + 500 * SECOND],
  ])('asks once, and answers the latest time that counts, when %s', async (_, last, latest) => {
    let asked = 0;
    const host = hostWith(spread(1_000 * SECOND), START + last * SECOND);
    const seek = (...args: [number, number]) => {
      asked++;
      return host.seek(...args);
    };
    const settings = { retentionBytes: 1_000_000, retentionMs: null, dedupWindowMs: 900_000 };
    const shardlet = { id: 1 } as Shardlet;
    expect(
      await streamBytesCutoff(settings, [shardlet], () => ({ ...host, seek }) as EventHost, latest),
    ).toBe(latest);
    expect(asked).toBe(1);
  });

  it('asks nobody while no more than a thousandth of the limit has to go', async () => {
    const host = { ...hostWith(spread(SECOND), START + SECOND), seek: () => expect.fail('asked') };
    const settings = { retentionBytes: 4_995_500, retentionMs: null, dedupWindowMs: 900_000 };
    const shardlet = { id: 1 } as Shardlet;
    expect(await streamBytesCutoff(settings, [shardlet], () => host as EventHost, START)).toBe(0);
  });

  /** A large event every second, then many small ones within as long; `sizes` in the order of time. */
  const mixed = (large: number, small: number, isLargeFirst: boolean) => {
    const sizes = [...Array<number>(large).fill(10_000), ...Array<number>(small).fill(10)];
    if (!isLargeFirst) sizes.reverse();
    return { sizes, times: sizes.map((_, i) => START + i * 50_000) };
  };
  const shardlet = { id: 1 } as Shardlet;
  const settings = { retentionMs: null, dedupWindowMs: 900_000 };

  it.each([
    ['large ones then small ones', true],
    ['small ones then large ones', false],
  ])('counts events as large as they are: %s', async (_, isLargeFirst) => {
    const { sizes, times } = mixed(1_000, 20_000, isLargeFirst);
    const last = times.at(-1)!;
    const held = sizes.reduce((sum, size) => sum + size, 0);
    for (const kept of [0.1, 0.5, 0.9]) {
      const retentionBytes = kept * held;
      const host = hostWith(times, last, sizes);
      const cutoff = await streamBytesCutoff({ ...settings, retentionBytes }, [shardlet], () => host, last);
      const left = sizes.reduce((sum, size, i) => sum + (times[i]! > cutoff ? size : 0), 0);
      expect(left).toBeGreaterThanOrEqual(retentionBytes);
      expect(left).toBeLessThan(retentionBytes + 0.01 * held + 10_000);
    }
  });

  it('has about as many records looked at as the shardlet has, in all rounds together', async () => {
    const { sizes, times } = mixed(1_000, 20_000, true);
    const last = times.at(-1)!;
    const host = hostWith(times, last, sizes);
    let looked = 0;
    const bytesIn: EventHost['bytesIn'] = (id, from, to) => {
      expect(to).toBeGreaterThanOrEqual(from);
      expect(to).toBeLessThanOrEqual(times.length);
      looked += to - from + 1;
      return host.bytesIn(id, from, to);
    };
    await streamBytesCutoff(
      { ...settings, retentionBytes: 3_000_000 },
      [shardlet],
      () => ({ ...host, bytesIn }),
      last + 1,
    );
    expect(looked).toBeGreaterThan(0);
    expect(looked).toBeLessThanOrEqual(times.length);
  });

  it('lets nothing go when records it counts on are trimmed meanwhile', async () => {
    const { sizes, times } = mixed(1_000, 20_000, true);
    const last = times.at(-1)!;
    const bytesIn: EventHost['bytesIn'] = async () => ({ kind: 'gone', firstSeq: 500 });
    const host = { ...hostWith(times, last, sizes), bytesIn };
    const limit = { ...settings, retentionBytes: 1_000_000 };
    expect(await streamBytesCutoff(limit, [shardlet], () => host, last - 1_000_000)).toBe(0);
  });

  it('does not count what came after it was measured', async () => {
    const times = Array.from({ length: 100 }, (_, i) => START + i * SECOND);
    const host = hostWith(times, times.at(-1)!);
    const seek: EventHost['seek'] = async (id, ts) => {
      const found = await host.seek(id, ts);
      return found.kind === 'seq' && found.seq === 101 ? { ...found, seq: 150 } : found;
    };
    const limit = { ...settings, retentionBytes: 50_000 };
    const cutoff = await streamBytesCutoff(
      limit,
      [shardlet],
      () => ({ ...host, seek }),
      START + 1_000 * SECOND,
    );
    expect(times.filter((ts) => ts > cutoff)).toHaveLength(50);
  });
});
