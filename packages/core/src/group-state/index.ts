export * from './failed-drills.ts';
export * from './intake.ts';
export * from './parts.ts';
export * from './recoverable.ts';
export * from './recovery.ts';
export * from './recovery-planner.ts';
export * from './restore-drill.ts';
export * from './upkeep.ts';
