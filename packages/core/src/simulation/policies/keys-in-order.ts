/**
 * What the fast lane for hot keys does alone: keys pass in the order of their trace, each lies on one host by hash, and
 * those found hot are spread over all hosts by the ids of their events. Nothing is moved: the parts of a key begin empty
 * and take only what comes after. Two watches look at it, one for bursts and one for what lasts.
 */
import { seededRandom } from '../../kernel/index.ts';
import { HotKeyWatch } from '../../planning/index.ts';

export interface KeyOrder {
  readonly hosts: number;
  readonly seed: number;
  /** max/mean is taken over so many operations at a time */
  readonly windowOperations: number;
}

export interface KeyOrderResult {
  /** max/mean when every key stays where its hash puts it */
  readonly hash: number;
  readonly fastLane: number;
  /** max/mean when every single operation goes to a host by chance: what noise alone makes */
  readonly chance: number;
  readonly keysSplit: number;
}

/** an operation passes every millisecond, so the mean host has 1,000 a second over the hosts */
const OPERATIONS_PER_SECOND = 1_000;
/** parts of the mean host that a key may take: in bursts, and for long */
const BURST = { above: 1, windowMs: 200 };
const LASTING = { above: 0.02, windowMs: 20_000 };
const OPERATIONS_MIN = 8;
const FOLLOWED = 4_096;
/** from being found until the split is in effect */
const EFFECT_AFTER = 16;

export function keysInOrder(keys: Int32Array, { hosts, seed, windowOperations }: KeyOrder): KeyOrderResult {
  const random = seededRandom(seed);
  const home = new Map<number, number>();
  const spreadFrom = new Map<number, number>();
  const watches = [BURST, LASTING].map(
    ({ above, windowMs }) =>
      new HotKeyWatch({
        ratePerSecond: (above * OPERATIONS_PER_SECOND) / hosts,
        windowMs,
        followed: FOLLOWED,
        operationsMin: OPERATIONS_MIN,
      }),
  );
  const counts = {
    hash: new Unevenness(hosts),
    fastLane: new Unevenness(hosts),
    chance: new Unevenness(hosts),
  };
  const anyHost = () => Math.floor(random.next() * hosts);
  keys.forEach((key, at) => {
    let own = home.get(key);
    if (own === undefined) home.set(key, (own = anyHost()));
    counts.hash.add(own);
    counts.fastLane.add((spreadFrom.get(key) ?? Number.POSITIVE_INFINITY) <= at ? anyHost() : own);
    counts.chance.add(anyHost());
    for (const watch of watches)
      if (watch.observe(key, 1, at) !== undefined && !spreadFrom.has(key))
        spreadFrom.set(key, at + EFFECT_AFTER);
    if ((at + 1) % windowOperations === 0) for (const one of Object.values(counts)) one.close();
  });
  return {
    hash: counts.hash.mean,
    fastLane: counts.fastLane.mean,
    chance: counts.chance.mean,
    keysSplit: spreadFrom.size,
  };
}

class Unevenness {
  private readonly counts: Float64Array;
  private sum = 0;
  private windows = 0;

  constructor(hosts: number) {
    this.counts = new Float64Array(hosts);
  }

  get mean(): number {
    return this.windows > 0 ? this.sum / this.windows : 0;
  }

  add(host: number): void {
    this.counts[host]!++;
  }

  close(): void {
    let most = 0;
    let all = 0;
    for (const count of this.counts) {
      most = Math.max(most, count);
      all += count;
    }
    if (all > 0) this.sum += (most * this.counts.length) / all;
    this.windows++;
    this.counts.fill(0);
  }
}
