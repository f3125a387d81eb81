/**
 * Where to cut a shardlet so that both sides carry about the same load, from a sample of its recent events.
 * The middle of the range is right only by accident: keys are hashed evenly, their load is not. One key that
 * carries most of it cannot be relieved by any cut between keys; then that is said, and the cut goes through
 * the key where the stream allows it.
 */
import { comparePositions, type Position, type Range, range } from '../keyspace/index.ts';

/** From this share of the load on, a single key is what is hot, not the range. */
export const HOT_KEY_SHARE = 0.5;
/** Fewer events say nothing about where load lies. */
export const SAMPLE_LEAST = 20;

export interface LoadAt {
  readonly position: Position;
  /** events or bytes: any unit, the same for all */
  readonly load: number;
}

/** As a sketch of hot keys tells it: a key and at least how many events it had. */
export interface KeyEvents {
  readonly keyHash: number;
  readonly events: number;
}

/**
 * Points that stand for a key inside its own positions, and for all keys that the sketch does not name. One key alone
 * is a sample: what is known to be hot is not cut in the middle of its range.
 */
const POINTS_OF_KEY = 32;
const POINTS_OF_REST = 64;

/** The load of the named keys where they are, that of all others evenly over the range. */
export function loadOfKeys({ from, to }: Range, keys: readonly KeyEvents[], events: number): LoadAt[] {
  const here = keys.filter(({ keyHash: hi }) => hi >= from.hi && hi < Math.max(to.hi, from.hi + 1));
  const named = here.reduce((sum, key) => sum + key.events, 0);
  const ofKeys = here.flatMap(({ keyHash: hi, events }) =>
    spread(POINTS_OF_KEY, 0, WORD, (lo) => ({ position: { hi, lo }, load: events / POINTS_OF_KEY })),
  );
  const rest = Math.max(0, events - named) / POINTS_OF_REST;
  if (rest === 0) return ofKeys;
  const ofRest = spread(POINTS_OF_REST, from.hi, to.hi, (hi) => ({ position: { hi, lo: 0 }, load: rest }));
  return [...ofKeys, ...ofRest];
}

const WORD = 0x1_0000_0000;

function spread<T>(count: number, from: number, to: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(Math.floor(from + ((i + 0.5) * (to - from)) / count)));
}

export interface SplitPlan {
  /** neighbours that cover the range; one: it cannot be cut */
  readonly children: readonly Range[];
  /** of the load that was observed, in the order of the children */
  readonly shares: readonly number[];
  readonly basis: 'load' | 'middle';
  readonly hotKey?: { readonly keyHash: number; readonly share: number };
  /** why it was cut there, or not at all, for people */
  readonly explanation: string;
}

export function planSplit(whole: Range, sample: readonly LoadAt[], splitKeys: boolean): SplitPlan {
  const total = sample.reduce((sum, { load }) => sum + load, 0);
  if (sample.length < SAMPLE_LEAST || total === 0) return middle(whole, splitKeys);
  const byKey = loadByKey(sample);
  const hottest = byKey.reduce((a, b) => (b.load > a.load ? b : a));
  const share = hottest.load / total;
  if (share >= HOT_KEY_SHARE || byKey.length === 1)
    return aroundHotKey(whole, sample, hottest.hi, share, splitKeys);
  const at = { hi: balancedKey(byKey, total), lo: 0 };
  return planned(
    whole,
    [at],
    sample,
    'load',
    'cut between two keys where half of the observed load lies on either side',
  );
}

interface KeyLoad {
  readonly hi: number;
  readonly load: number;
}

function loadByKey(sample: readonly LoadAt[]): KeyLoad[] {
  const loads = new Map<number, number>();
  for (const { position, load } of sample) loads.set(position.hi, (loads.get(position.hi) ?? 0) + load);
  return [...loads].map(([hi, load]) => ({ hi, load })).sort((a, b) => a.hi - b.hi);
}

/** The key at which the second half begins. REQUIRES two keys; never answers the first. */
function balancedKey(byKey: readonly KeyLoad[], total: number): number {
  let below = byKey[0]!.load;
  let best = byKey[1]!;
  let bestGap = Number.POSITIVE_INFINITY;
  for (const key of byKey.slice(1)) {
    const gap = Math.abs(total - 2 * below);
    if (gap < bestGap) [best, bestGap] = [key, gap];
    below += key.load;
  }
  return best.hi;
}

function aroundHotKey(
  whole: Range,
  sample: readonly LoadAt[],
  keyHash: number,
  share: number,
  splitKeys: boolean,
): SplitPlan {
  const percent = Math.round(share * 100);
  const hotKey = { keyHash, share };
  const text = `one key (hash ${keyHash.toString(16).padStart(8, '0')}) carries ${percent} % of the load`;
  if (splitKeys) {
    const own = sample.filter(({ position }) => position.hi === keyHash).map(({ position }) => position.lo);
    const at = { hi: keyHash, lo: median(own) };
    const plan = planned(whole, [at], sample, 'load', `${text}: cut inside it, as the stream allows`);
    return { ...plan, hotKey };
  }
  const cuts = [
    { hi: keyHash, lo: 0 },
    { hi: keyHash + 1, lo: 0 },
  ];
  const explanation = `${text}, and the stream does not allow to cut inside a key: it is set apart, which frees the other keys but not this one`;
  return { ...planned(whole, cuts, sample, 'load', explanation), hotKey };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(1, sorted[Math.floor(sorted.length / 2)]!);
}

function middle(whole: Range, splitKeys: boolean): SplitPlan {
  const width = whole.to.hi - whole.from.hi;
  const explanation = 'too few events to tell where the load lies: cut in the middle';
  if (width >= 2) {
    const at = { hi: whole.from.hi + Math.floor(width / 2), lo: 0 };
    return planned(whole, [at], [], 'middle', explanation);
  }
  const to = whole.to.lo === 0 ? 0x1_0000_0000 : whole.to.lo;
  const at = { hi: whole.from.hi, lo: Math.floor((whole.from.lo + to) / 2) };
  return planned(whole, splitKeys ? [at] : [], [], 'middle', explanation);
}

/** Cuts that do not fall inside the range fall away. */
function planned(
  whole: Range,
  cuts: readonly Position[],
  sample: readonly LoadAt[],
  basis: SplitPlan['basis'],
  explanation: string,
): SplitPlan {
  const inside = cuts.filter((p) => comparePositions(whole.from, p) < 0 && comparePositions(p, whole.to) < 0);
  const edges = [whole.from, ...inside, whole.to];
  const children = edges.slice(1).map((to, i) => range(edges[i]!, to));
  const total = sample.reduce((sum, { load }) => sum + load, 0);
  const shares = children.map((child) => (total === 0 ? 1 / children.length : loadIn(child, sample) / total));
  if (children.length > 1) return { children, shares, basis, explanation };
  return { children, shares, basis, explanation: `${explanation}; but no cut is left inside its range` };
}

function loadIn({ from, to }: Range, sample: readonly LoadAt[]): number {
  let load = 0;
  for (const { position, load: l } of sample)
    if (comparePositions(from, position) <= 0 && comparePositions(position, to) < 0) load += l;
  return load;
}
