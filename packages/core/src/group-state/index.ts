export * from './failed-drills.ts';
export * from './intake.ts';
export * from './parts.ts';
export { PRUNED_AT_ONCE } from './pruner.ts';
export * from './recoverable.ts';
export * from './recovery.ts';
export * from './recovery-planner.ts';
export * from './restore-drill.ts';
export * from './upkeep.ts';
