export { MemoryBlockStore } from './memory-block-store.ts';
export { PostgresBlockStore } from './postgres-block-store.ts';
