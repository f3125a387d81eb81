export * from './address.ts';
export * from './digest.ts';
export * from './event-host.ts';
export * from './finding.ts';
export * from './limits.ts';
export * from './postgres-suitability.ts';
export * from './record.ts';
export * from './redis-suitability.ts';
