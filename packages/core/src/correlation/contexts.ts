/**
 * The contexts in which the next event of a key is looked for, and which of them a context refines. What a context knows
 * counts only as far as it differs from what its parent knows already.
 *
 *   root - order 0
 *        - key
 *        - order 1 - order 2 - ... - order 8
 *                  - set of types seen, gap before the last event, key (each with the last type)
 *                  - each attribute of the last event (with the last type) - the same with the last two types
 *                  - all attributes (with the last type)
 */
import { NO_TYPE } from './event-types.ts';
import { combined } from './hashing.ts';
import { type KeyHistories, NO_GAP, ORDERS_MAX } from './key-histories.ts';

/** the distribution of all types, which is no context of its own */
export const ROOT = -1;
/** a context that this history does not have */
export const ABSENT = 0;

const ORDER_0 = 0;
const ORDER_1 = 1;

/** of the long and the short memory */
type Weights = readonly [number, number];

export interface ContextKind {
  readonly name: string;
  /** its place in the list, always before its own */
  readonly parent: number;
  /** followed by many types, so its list is long */
  readonly isWide: boolean;
  /** in a mix before anything was learned */
  readonly weights: Weights;
}

/** Starting weights of orders 0 to 3, and of each longer one: the longer repeat the shorter. */
const ORDER_WEIGHTS: readonly Weights[] = [
  [0, 0],
  [0.7, 0.2],
  [0.5, 0.1],
  [0.3, 0],
];
const LONG_ORDER_WEIGHTS: Weights = [0.2, 0];

export function contextKinds(attributes: readonly string[]): readonly ContextKind[] {
  const kinds: ContextKind[] = Array.from({ length: ORDERS_MAX + 1 }, (_, order) => ({
    name: `order ${order}`,
    parent: order <= ORDER_1 ? ROOT : order - 1,
    isWide: order <= ORDER_1,
    weights: ORDER_WEIGHTS[order] ?? LONG_ORDER_WEIGHTS,
  }));
  kinds.push({ name: 'set', parent: ORDER_1, isWide: false, weights: [0.3, 0] });
  kinds.push({ name: 'gap', parent: ORDER_1, isWide: false, weights: [0.15, 0] });
  kinds.push({ name: 'key', parent: ROOT, isWide: true, weights: [0, 0] });
  kinds.push({ name: 'key, order 1', parent: ORDER_1, isWide: false, weights: [0.15, 0] });
  for (const name of attributes) {
    kinds.push({ name, parent: ORDER_1, isWide: true, weights: [0.5, 0.1] });
    kinds.push({ name: `${name}, order 2`, parent: kinds.length - 1, isWide: false, weights: [0.2, 0] });
  }
  if (attributes.length > 1)
    kinds.push({ name: 'all attributes', parent: ORDER_1, isWide: false, weights: [0.2, 0] });
  return kinds;
}

const START = 0x51ab;

/** Writes the hash of each context of a key; ABSENT where it has none. */
export function hashContexts(histories: KeyHistories, slot: number, hashes: Int32Array): void {
  const { types, attributeCount, seen } = histories;
  const first = slot * ORDERS_MAX;
  const length = histories.lengths[slot]!;
  const start = histories.isWhole[slot] === 1 ? START : 0;
  let hash = 1;
  hashes[ORDER_0] = hash;
  for (let k = 0; k < ORDERS_MAX; k++) {
    hash = combined(hash, k < length ? types[first + k]! + 1 : START);
    hashes[k + 1] = k > length || (k === length && start === 0) ? ABSENT : hash;
  }
  const last = length > 0 ? types[first]! : NO_TYPE;
  const last2 = length > 1 ? types[first + 1]! : NO_TYPE;
  let i = ORDERS_MAX + 1;
  hashes[i++] =
    length === 0 ? ABSENT : combined(combined(combined(2, seen[2 * slot]!), seen[2 * slot + 1]!), last);
  hashes[i++] = histories.gaps[slot] === NO_GAP ? ABSENT : combined(combined(3, histories.gaps[slot]!), last);
  hashes[i++] = combined(4, histories.hashes[slot]!);
  hashes[i++] = length === 0 ? ABSENT : combined(combined(5, histories.hashes[slot]!), last);
  let all = 6;
  for (let a = 0; a < attributeCount; a++) {
    const value = histories.attributes[slot * attributeCount + a]!;
    all = combined(all, value);
    const one = combined(combined(7 + a, value), last);
    hashes[i++] = length === 0 ? ABSENT : one;
    hashes[i++] = length === 0 ? ABSENT : combined(one, last2);
  }
  if (attributeCount > 1) hashes[i++] = length === 0 ? ABSENT : combined(all, last);
}
