export * from './host-usage.ts';
export * from './load-counters.ts';
export * from './load-flush.ts';
