/** foreshard plan and foreshard simulate: the planner on a described cluster, and on a recorded load. */
import type { Command } from 'commander';
import { register as registerPlan } from './plan-command.ts';
import { register as registerSimulate } from './simulate-command.ts';

export function register(program: Command): void {
  registerPlan(program);
  registerSimulate(program);
}
