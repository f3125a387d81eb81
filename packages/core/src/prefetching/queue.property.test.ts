/** What holds of the queue whatever is wanted, taken, cancelled and landed. */
import { expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { isCertain, PrefetchQueue, type QueueLimits, SOURCES, type Wanted } from './queue.ts';

const LIMITS: QueueLimits = { entriesMax: 12, bytesInFlightMax: 1_000, callsInFlightMax: 3, graceMs: 50 };
const SEEDS = 60;
const STEPS = 300;
const THRESHOLD = 0.3;

interface Flight {
  readonly id: string;
  readonly bytes: number;
}

function walk(seed: number, check: (queue: PrefetchQueue, flights: readonly Flight[]) => void) {
  const random = seededRandom(seed);
  const pick = (count: number) => Math.floor(random.next() * count);
  const queue = new PrefetchQueue(LIMITS);
  let flights: Flight[] = [];
  for (let nowMs = 0; nowMs < STEPS; nowMs++) {
    const [shardlet, from] = [pick(4), pick(5)];
    const wanted: Wanted = {
      ...{ id: `${shardlet}/${from}`, shardlet, from, source: SOURCES[pick(4)]!, claim: `member-${pick(3)}` },
      ...{ why: '', neededAtMs: nowMs + pick(100), probability: random.next(), bytes: pick(600) },
    };
    const act = pick(10);
    if (act < 5) {
      const isTaken = queue.add(wanted, THRESHOLD);
      if (wanted.probability < THRESHOLD) expect(isTaken).toBe(false);
    } else if (act < 7) flights.push(...queue.take(nowMs).map(({ id, bytes }) => ({ id, bytes })));
    else if (act < 8) queue.cancel(wanted.claim, shardlet);
    else if (act < 9) queue.needed(wanted.id);
    else if (flights.length > 0) {
      const landed = flights[pick(flights.length)]!;
      flights = flights.filter((one) => one !== landed);
      queue.landed(landed.id);
    }
    check(queue, flights);
  }
  return queue;
}

it('keeps its limits of entries, calls and bytes in flight, and never fetches an object twice at a time', () => {
  for (let seed = 0; seed < SEEDS; seed++)
    walk(seed, (queue, flights) => {
      expect(queue.list().length).toBeLessThanOrEqual(LIMITS.entriesMax);
      expect(flights.length).toBeLessThanOrEqual(LIMITS.callsInFlightMax);
      const bytes = flights.reduce((sum, one) => sum + one.bytes, 0);
      if (flights.length > 1) expect(bytes).toBeLessThanOrEqual(LIMITS.bytesInFlightMax);
      expect(new Set(flights.map(({ id }) => id)).size).toBe(flights.length);
      const inFlight = queue.list().filter((one) => one.isInFlight);
      expect(inFlight.map(({ id }) => id).sort()).toEqual(flights.map(({ id }) => id).sort());
    });
});

it('takes what is certain before what is expected, each by its predicted arrival, and nothing late', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const queue = walk(seed, (queue) => {
      const waiting = queue.list().filter((one) => !one.isInFlight);
      const ranks = waiting.map(({ source, neededAtMs }) => (isCertain(source) ? 0 : 1e9) + neededAtMs);
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      for (const { probability } of waiting) expect(probability).toBeGreaterThanOrEqual(THRESHOLD);
    });
    expect(queue.take(1e6)).toEqual([]);
  }
});
