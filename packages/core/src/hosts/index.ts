export * from './digest.ts';
export * from './event-host.ts';
export * from './limits.ts';
export * from './record.ts';
