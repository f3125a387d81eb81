/**
 * The fast lane for hot keys, beside any policy: a key that takes too much of a host is spread below the key at once.
 * Reactive by its nature, and the same for every policy it is put beside.
 */
import type { PolicyPlayer } from './policy-player.ts';
import type { Order, World } from './world.ts';

/** of a host's capacity */
const HOT = 0.25;
const PART = 0.12;
const WAYS_MAX = 16;

export function withKeySplits(policy: PolicyPlayer): PolicyPlayer {
  return {
    name: `${policy.name}+keys`,
    decide: (world, minute) => [...hotKeys(world), ...policy.decide(world, minute)],
  };
}

function hotKeys({ pieces, keyLast, model }: World): Order[] {
  const orders: Order[] = [];
  for (const piece of pieces) {
    if (piece.share < 1) continue;
    const key = piece.keys.find((own) => keyLast[own]! > HOT * model.capacity);
    if (key === undefined) continue;
    const ways = Math.min(WAYS_MAX, Math.ceil(keyLast[key]! / (PART * model.capacity)));
    orders.push({ kind: 'split-key', piece: piece.id, key, ways });
  }
  return orders;
}
