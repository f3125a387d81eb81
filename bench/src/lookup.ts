/**
 * From a position to the id of its shardlet: the route table against a binary search over a sorted
 * Uint32Array of range starts beside an array of ids, at 1,000,000 shardlets. On the even map the yardstick
 * compares one half of the position; on the map clustered by many splits of a few spots one half does not
 * tell the ranges apart, so there it searches two arrays. And the time a change of 1,000 shardlets takes.
 */
import { type Range, range, slices, WHOLE } from '@foreshard/core/keyspace';
import { RouteTable } from '@foreshard/core/routing';
import type { Shardlet } from '@foreshard/core/topology';
import type { BenchOptions, BenchResult } from './bench.ts';
import { interleave, ratio, spread } from './measure/interleave.ts';

const LOOKUPS = 5_000_000;
const CHANGED = 1_000;
const CLUSTER_SPOTS = 16;

function shardlet(id: number, r: Range): Shardlet {
  return {
    id,
    stream: 1,
    shard: 0,
    range: r,
    owner: 1 + (id % 4),
    epoch: id,
    state: { kind: 'open' },
    parents: [],
    lost: [],
  };
}

/** Even slices, of which a few are cut again and again: half of all shardlets lie in 16 narrow spots. */
function clusteredRanges(shardlets: number): Range[] {
  const even = slices(WHOLE, shardlets / 2);
  const perSpot = Math.floor(shardlets / 2 / CLUSTER_SPOTS);
  const everySpot = Math.floor(even.length / CLUSTER_SPOTS);
  return even.flatMap((r, i) =>
    i % everySpot === 0 && i / everySpot < CLUSTER_SPOTS ? cutBelowKeys(r, perSpot) : [r],
  );
}

/** Narrow pieces at the start of the range, one key hash each and then inside one key, and the rest. */
function cutBelowKeys(r: Range, parts: number): Range[] {
  const starts = Array.from({ length: parts }, (_, i) => ({ hi: r.from.hi, lo: i * 65_536 }));
  return starts.map((from, i) => range(from, starts[i + 1] ?? r.to));
}

function queries(count: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) words[i] = Math.random() * 2 ** 32;
  return words;
}

/** Positions inside the ranges themselves, so that crowded spots are asked for as often as they have shardlets. */
function queriesInside(ranges: readonly Range[], count: number): { hi: Uint32Array; lo: Uint32Array } {
  const hi = new Uint32Array(count);
  const lo = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const { from } = ranges[Math.floor(Math.random() * ranges.length)]!;
    hi[i] = from.hi;
    lo[i] = from.lo;
  }
  return { hi, lo };
}

function perSecond(lookups: number, look: () => number): number {
  const startMs = performance.now();
  const checksum = look();
  const seconds = (performance.now() - startMs) / 1_000;
  if (!Number.isFinite(checksum)) throw new Error('a look-up found nothing');
  return lookups / seconds;
}

function binarySearch(starts: Uint32Array, hi: number): number {
  let from = 0;
  let to = starts.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (starts[middle]! <= hi) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

function lookAll(table: RouteTable, hi: Uint32Array, lo: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < hi.length; i++) sum += table.shardletAt(table.find(hi[i]!, lo[i]!));
  return sum;
}

function searchAll(starts: Uint32Array, ids: Float64Array, hi: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < hi.length; i++) sum += ids[binarySearch(starts, hi[i]!)]!;
  return sum;
}

function binarySearchHalves(startsHi: Uint32Array, startsLo: Uint32Array, hi: number, lo: number): number {
  let from = 0;
  let to = startsHi.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const h = startsHi[middle]!;
    if (h < hi || (h === hi && startsLo[middle]! <= lo)) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

function searchAllHalves(
  startsHi: Uint32Array,
  startsLo: Uint32Array,
  ids: Float64Array,
  hi: Uint32Array,
  lo: Uint32Array,
): number {
  let sum = 0;
  for (let i = 0; i < hi.length; i++) sum += ids[binarySearchHalves(startsHi, startsLo, hi[i]!, lo[i]!)]!;
  return sum;
}

/** Milliseconds to take over a roll of 1,000 shardlets spread over the map. */
function applyChange(
  table: RouteTable,
  ranges: readonly Range[],
  ids: number[],
  nextId: () => number,
): number {
  const step = Math.floor(ranges.length / CHANGED);
  const rows = Array.from({ length: CHANGED }, (_, i) => i * step);
  const before = rows.map((row) => shardlet(ids[row]!, ranges[row]!));
  const after = rows.map((row) => shardlet((ids[row] = nextId()), ranges[row]!));
  const startMs = performance.now();
  table.apply(before, after);
  return performance.now() - startMs;
}

export async function run({ rounds }: BenchOptions): Promise<BenchResult> {
  const shardlets = 1_000_000;
  const even = slices(WHOLE, shardlets);
  const clustered = clusteredRanges(shardlets);
  const evenTable = new RouteTable(even.map((r, i) => shardlet(i + 1, r)));
  const clusteredTable = new RouteTable(clustered.map((r, i) => shardlet(i + 1, r)));
  const starts = Uint32Array.from(even, (r) => r.from.hi);
  const clusteredHi = Uint32Array.from(clustered, (r) => r.from.hi);
  const clusteredLo = Uint32Array.from(clustered, (r) => r.from.lo);
  const searchedIds = Float64Array.from(even, (_, i) => i + 1);
  const hi = queries(LOOKUPS);
  const lo = queries(LOOKUPS);
  const inside = queriesInside(clustered, LOOKUPS);
  const ids = even.map((_, i) => i + 1);
  let lastId = shardlets;

  const results = await interleave(
    [
      {
        name: 'binary search',
        measure: async () => perSecond(LOOKUPS, () => searchAll(starts, searchedIds, hi)),
      },
      { name: 'route table', measure: async () => perSecond(LOOKUPS, () => lookAll(evenTable, hi, lo)) },
      {
        name: 'binary search, clustered',
        measure: async () =>
          perSecond(LOOKUPS, () =>
            searchAllHalves(clusteredHi, clusteredLo, searchedIds, inside.hi, inside.lo),
          ),
      },
      {
        name: 'route table, clustered',
        measure: async () => perSecond(LOOKUPS, () => lookAll(clusteredTable, inside.hi, inside.lo)),
      },
      {
        name: 'change of 1,000 (ms)',
        measure: async () => applyChange(evenTable, even, ids, () => ++lastId),
      },
    ],
    rounds + 1, // the first round warms the compiler up and is left out
  );
  for (const values of results.values()) values.shift();
  return {
    mode: {
      shardlets,
      lookups: LOOKUPS,
      positions: 'random over the whole space; clustered: at the start of a random shardlet',
      clustered: `half of the shardlets inside ${CLUSTER_SPOTS} keys`,
    },
    ratios: {
      'route table / binary search': ratio(results, 'route table', 'binary search'),
      'clustered: route table / binary search': ratio(
        results,
        'route table, clustered',
        'binary search, clustered',
      ),
      'change of 1,000 at 1M (ms)': spread(results.get('change of 1,000 (ms)')!),
    },
    marks: {
      'route table / binary search': '>= 3, goal 5',
      'clustered: route table / binary search': '>= 3',
      'change of 1,000 at 1M (ms)': '<= 20, goal 5',
    },
  };
}
