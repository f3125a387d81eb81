/**
 * The fast lane for hot keys, beside any policy: a key that takes too much of a host is spread below the key at once.
 * Reactive by its nature, and the same for every policy it is put beside.
 */
import { HotKeyWatch } from '../../planning/index.ts';
import type { PolicyPlayer } from './policy-player.ts';
import type { Order, World } from './world.ts';

export interface KeySplitChoice {
  /** of a host's capacity: a key above it is spread */
  readonly above: number;
  /** of a host's capacity: what each part may have */
  readonly part: number;
  readonly waysMax: number;
}

export const KEY_SPLITS: KeySplitChoice = { above: 0.25, part: 0.12, waysMax: 16 };

const MINUTE_MS = 60_000;
const FOLLOWED = 4_096;

export function withKeySplits(
  policy: PolicyPlayer,
  model: World['model'],
  choice = KEY_SPLITS,
): PolicyPlayer {
  const ratePerSecond = (choice.above * model.capacity) / 60;
  const watch = new HotKeyWatch({ ratePerSecond, windowMs: MINUTE_MS, followed: FOLLOWED });
  return {
    name: `${policy.name}+keys`,
    decide: (world, minute) => [...hotKeys(world, watch, choice), ...policy.decide(world, minute)],
  };
}

/** The minute that has passed, key by key. */
function hotKeys({ pieces, keyLast, model }: World, watch: HotKeyWatch, choice: KeySplitChoice): Order[] {
  watch.startWindow(0);
  const hot = new Set<number>();
  for (let key = 0; key < keyLast.length; key++)
    if (keyLast[key]! > 0 && watch.observe(key, keyLast[key]!, MINUTE_MS - 1) !== undefined) hot.add(key);
  if (hot.size === 0) return [];
  const orders: Order[] = [];
  for (const piece of pieces) {
    if (piece.share < 1) continue;
    const key = piece.keys.find((own) => hot.has(own));
    if (key === undefined) continue;
    const wanted = Math.ceil(keyLast[key]! / (choice.part * model.capacity));
    orders.push({
      kind: 'split-key',
      piece: piece.id,
      key,
      ways: Math.min(choice.waysMax, Math.max(2, wanted)),
    });
  }
  return orders;
}
