export * from './coverage.ts';
export * from './draws.ts';
export * from './log-checks.ts';
export * from './ownership-check.ts';
export * from './reading-checks.ts';
export * from './schedule.ts';
export * from './violation.ts';
