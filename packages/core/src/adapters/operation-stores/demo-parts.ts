/** What the operations of the demo need, at an edge and at the console alike. */
import { randomInt } from 'node:crypto';
import type { DemoStores } from '../../operations/handlers/index.ts';
import { type Control, recentLoad } from '../control/index.ts';

/** Short enough to be read out. */
const SEED_MAX = 10_000;

export function demoParts({
  demo,
  redis,
}: Pick<Control, 'demo' | 'redis'>): Pick<DemoStores, 'demo' | 'recentLoad' | 'newSeed'> {
  return { demo, recentLoad: () => recentLoad(redis, Date.now()), newSeed: () => randomInt(SEED_MAX) };
}
