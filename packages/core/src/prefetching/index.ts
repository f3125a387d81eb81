export * from './ledger.ts';
export * from './queue.ts';
export * from './read-associations.ts';
export * from './report.ts';
export { type EvictionPolicy, Lru } from './shadow-cache.ts';
export * from './worth.ts';
