export * from './intake.ts';
export * from './parts.ts';
export * from './recoverable.ts';
export * from './recovery.ts';
export * from './upkeep.ts';
