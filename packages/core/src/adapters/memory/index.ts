export { MemoryGroupStore } from './group-store.ts';
export { MemoryHostProofs } from './host-proof-store.ts';
export * from './memory-host.ts';
export { MemoryStateCheckpoints } from './state-checkpoints.ts';
export * from './topology-store.ts';
