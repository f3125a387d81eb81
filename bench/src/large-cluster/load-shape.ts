/**
 * The load of a large made-up cluster: many quiet shardlets and few busy ones, a day and a week that wander around
 * the world with the key, one hot range, one burst. A function of shardlet and time only, so that every part of the
 * cluster (recorded hours, live seconds, sizes of hosts) tells the same story, and two runs show the same picture.
 */
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Shardlets in neighbouring places have their day at the same time. */
const REGIONS = 64;

export interface LoadShape {
  readonly shardlets: number;
  /** events per second of the shardlet at a place (0 is the lowest range) */
  rate(place: number, ms: number): number;
  /** places, the busiest first */
  readonly byPopularity: Uint32Array;
}

/** @param eventsPerSecond of the whole cluster, on average */
export function loadShape(shardlets: number, eventsPerSecond: number, nowMs: number): LoadShape {
  const popularity = Float64Array.from({ length: shardlets }, (_, place) => popularityOf(place, shardlets));
  const scale = eventsPerSecond / popularity.reduce((sum, value) => sum + value, 0);
  const burst = burstOf(shardlets, nowMs);
  return {
    shardlets,
    byPopularity: Uint32Array.from(popularity.keys()).sort((a, b) => popularity[b]! - popularity[a]!),
    rate(place, ms) {
      const region = Math.floor((place * REGIONS) / shardlets);
      return scale * popularity[place]! * season(region, ms) * burst(place, ms);
    },
  };
}

/** A factor of some thousand between the quietest and the busiest; one narrow range far above that, with a third of all load. */
function popularityOf(place: number, shardlets: number): number {
  const share = place / shardlets;
  const hot = share > 0.314 && share < 0.318 ? 150 : 1;
  return hot * Math.exp(-7 * noise(place, 1));
}

/** One at noon of the region, a fifth at its midnight, less on weekends. */
function season(region: number, ms: number): number {
  const day = ms / DAY_MS + (0.4 * region) / REGIONS;
  const hours = 0.6 + 0.4 * Math.cos(2 * Math.PI * (day - 0.5));
  const weekday = Math.floor(day + 4) % 7;
  return hours * (weekday === 0 || weekday === 6 ? 0.65 : 1);
}

/** Three hours, two and a half days ago, of a tenth of the keys. */
function burstOf(shardlets: number, nowMs: number): (place: number, ms: number) => number {
  const fromMs = Math.floor((nowMs - 2.5 * DAY_MS) / HOUR_MS) * HOUR_MS;
  const [first, last] = [0.72 * shardlets, 0.82 * shardlets];
  return (place, ms) => (ms >= fromMs && ms < fromMs + 3 * HOUR_MS && place >= first && place < last ? 6 : 1);
}

/** 0 to 1, the same for the same numbers (Mulberry32). */
export function noise(a: number, b: number): number {
  let t = (Math.imul(a + 1, 0x9e37_79b1) ^ Math.imul(b + 1, 0x85eb_ca6b)) >>> 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
