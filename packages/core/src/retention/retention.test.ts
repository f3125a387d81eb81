import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MICROS_PER_SECOND } from '../kernel/index.ts';
import { TestCluster } from '../machines/cluster.fixture.ts';
import { drive } from '../machines/index.ts';
import { restructure, type Shardlet } from '../topology/index.ts';
import {
  ageCutoff,
  type BytesByTime,
  bytesCutoff,
  bytesUpTo,
  excessBytes,
  totalUpTo,
  withPoint,
} from './retention.ts';
import { TRIM_STEP_RECORDS, trimmingMachine } from './trimming.ts';

const forEver = { retentionMs: null, retentionBytes: null, dedupWindowMs: 180_000 };

/** From the first to the last ts, evenly. */
function even(from: number, to: number, bytes: number): BytesByTime {
  return {
    points: [
      { ts: from, bytes: 0 },
      { ts: to, bytes },
    ],
  };
}

describe('the cutoff', () => {
  test('by age is a fixed time before the clock of the host, or nothing', () => {
    expect(ageCutoff({ ...forEver, retentionMs: 60_000 }, 100_000_000)).toBe(40_000_000);
    expect(ageCutoff(forEver, 100_000_000)).toBe(0);
  });

  test('by bytes takes the oldest of the stream, whatever shardlet they are in', () => {
    const old = even(1_000, 2_000, 100);
    const recent = even(2_000, 3_000, 100);
    expect(bytesCutoff([old, recent], 50)).toBe(1_500);
    expect(bytesCutoff([old, recent], 150)).toBe(2_500);
    expect(bytesCutoff([old, recent], 0)).toBe(0);
    expect(bytesCutoff([], 10)).toBe(0);
  });

  test('by bytes never lets more than the excess go', () => {
    const shardlet = fc
      .tuple(fc.nat(1_000_000), fc.integer({ min: 1, max: 1_000_000 }), fc.nat(1_000_000))
      .map(([from, length, bytes]) => even(from + 1, from + 1 + length, bytes));
    fc.assert(
      fc.property(fc.array(shardlet, { minLength: 1, maxLength: 20 }), fc.nat(5_000_000), (all, excess) => {
        const cutoff = bytesCutoff(all, excess);
        expect(totalUpTo(all, cutoff)).toBeLessThanOrEqual(excess);
        const held = all.reduce((sum, s) => sum + s.points.at(-1)!.bytes, 0);
        if (excess > 0 && held > excess) expect(totalUpTo(all, cutoff + 1)).toBeGreaterThan(excess);
      }),
    );
  });

  test('by bytes becomes sharper with every known point', () => {
    const dense = withPoint(even(0, 1_000, 100), 100, 90);
    expect(bytesUpTo(dense, 50)).toBe(45);
    expect(bytesCutoff([dense], 45)).toBe(50);
    expect(withPoint(dense, 100, 10)).toEqual(dense);
    expect(withPoint(dense, 2_000, 10)).toEqual(dense);
  });

  test('by bytes begins above the limit of the stream', () => {
    expect(excessBytes({ ...forEver, retentionBytes: 1_000_000 }, 1_500_000)).toBe(500_000);
    expect(excessBytes({ ...forEver, retentionBytes: 1_000_000 }, 900_000)).toBe(0);
    expect(excessBytes(forEver, 9e15)).toBe(0);
  });
});

/** Long enough after the events that deduplication does not need them any more. */
const LATER_MICROS = 3_600 * MICROS_PER_SECOND;

async function withEvents(count: number) {
  const cluster = new TestCluster();
  await cluster.addHost();
  const stream = await cluster.addStream(1);
  await cluster.finishAll();
  const shardlet = cluster.open(stream)[0]!;
  for (let i = 0; i < count; i++) {
    await cluster.append(shardlet, `event-${i}`);
    cluster.clock.advance(MICROS_PER_SECOND);
  }
  return { cluster, stream, shardlet, store: cluster.hosts.get(shardlet.owner)! };
}

async function roll(cluster: TestCluster, { id, epoch, range }: Shardlet) {
  await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
  await cluster.finishAll();
}

describe('trimming', () => {
  test('forgets what is up to the cutoff, and no more', async () => {
    const { cluster, shardlet, store } = await withEvents(10);
    const cutoff = cluster.clock.nowMicros() - 5.5 * MICROS_PER_SECOND;
    cluster.clock.advance(LATER_MICROS);
    expect(await drive(trimmingMachine(shardlet, cutoff), cluster.performer())).toEqual({ kind: 'finished' });
    expect(await store.describe(shardlet.id)).toMatchObject({ firstSeq: 6, lastSeq: 10 });
  });

  test('leaves to the host what deduplication still needs', async () => {
    const { cluster, shardlet, store } = await withEvents(10);
    const outcome = await drive(trimmingMachine(shardlet, cluster.clock.nowMicros()), cluster.performer());
    expect(outcome).toEqual({ kind: 'finished' });
    expect(await store.describe(shardlet.id)).toMatchObject({ firstSeq: 1, lastSeq: 10 });
  });

  test('goes in steps that do not hold up the host', async () => {
    const { cluster, shardlet, store } = await withEvents(TRIM_STEP_RECORDS + 10);
    cluster.clock.advance(LATER_MICROS);
    const steps: number[] = [];
    const perform = cluster.performer();
    await drive(trimmingMachine(shardlet, cluster.clock.nowMicros()), (action) => {
      if (action.kind === 'trim') steps.push(action.upTo);
      return perform(action);
    });
    expect(steps).toEqual([TRIM_STEP_RECORDS + 1, TRIM_STEP_RECORDS + 11]);
    expect(await store.describe(shardlet.id)).toMatchObject({ firstSeq: TRIM_STEP_RECORDS + 11 });
  });

  test('ends a closed shardlet when nothing of it is left, and not before', async () => {
    const { cluster, shardlet } = await withEvents(10);
    const half = cluster.clock.nowMicros() - 5.5 * MICROS_PER_SECOND;
    await roll(cluster, shardlet);
    cluster.clock.advance(LATER_MICROS);
    const closed = cluster.map.shardlet(shardlet.id)!;
    await drive(trimmingMachine(closed, half), cluster.performer());
    expect((await cluster.refresh()).shardlet(shardlet.id)!.state.kind).toBe('closed');
    await drive(trimmingMachine(closed, cluster.clock.nowMicros()), cluster.performer());
    const gone = (await cluster.refresh()).shardlet(shardlet.id)!;
    expect(gone.state).toMatchObject({ kind: 'gone', finalSeq: 10 });
    expect(cluster.map.garbage()).toMatchObject([{ shardlet: shardlet.id, epoch: shardlet.epoch }]);
  });

  test('never ends an open shardlet, however old its events', async () => {
    const { cluster, shardlet } = await withEvents(3);
    cluster.clock.advance(LATER_MICROS);
    await drive(trimmingMachine(shardlet, cluster.clock.nowMicros()), cluster.performer());
    expect((await cluster.refresh()).shardlet(shardlet.id)!.state.kind).toBe('open');
  });
});
