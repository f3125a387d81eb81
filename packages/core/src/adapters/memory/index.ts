export { MemoryGroupStore } from './group-store.ts';
export * from './memory-host.ts';
export * from './topology-store.ts';
