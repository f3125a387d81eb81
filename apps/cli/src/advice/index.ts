/** What the planner recommends for the live cluster, what people decide about it, and by which policy. */
import type { Command } from 'commander';
import { register as registerPlans } from './plans.ts';
import { register as registerPolicy } from './policy.ts';
import { register as registerRecommendations } from './recommendations.ts';
import { register as registerWhatIf } from './what-if.ts';

export function register(program: Command): void {
  registerRecommendations(program);
  registerPlans(program);
  registerPolicy(program);
  registerWhatIf(program);
}
