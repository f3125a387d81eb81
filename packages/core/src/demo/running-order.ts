/** In which order the runs take turns: pairs, so that neither arm has the warmer machine, and a coin says which is first. */
import type { Random } from '../kernel/index.ts';
import type { DemoArm } from './demo-status.ts';

export const DEMO_PAIRS = 3;

export function runningOrder(random: Random, pairs = DEMO_PAIRS): DemoArm[] {
  return Array.from({ length: pairs }, (): DemoArm[] =>
    random.next() < 0.5 ? ['with', 'without'] : ['without', 'with'],
  ).flat();
}
