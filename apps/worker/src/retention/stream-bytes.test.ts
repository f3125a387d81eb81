import type { EventHost } from '@foreshard/core/hosts';
import type { Shardlet } from '@foreshard/core/topology';
import { describe, expect, it } from 'vitest';
import { streamBytesCutoff } from './stream-bytes.ts';

const SECOND = 1_000_000;
const START = 1_795_000_000 * SECOND;
const EVENT_BYTES = 1_000;
const EVENTS = 5_000;

/** Answers of a host for a shardlet with an event at each of these times; `last` goes on with its clock. */
function hostWith(times: readonly number[], last: number): EventHost {
  const known = {
    describe: async () => ({ firstSeq: 1, lastSeq: times.length, bytes: times.length * EVENT_BYTES, last }),
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
});
