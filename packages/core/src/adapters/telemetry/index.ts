export { HostResourceReader, type HostResources } from './host-resources.ts';
export { MemoryBlockStore } from './memory-block-store.ts';
export { PostgresBlockStore } from './postgres-block-store.ts';
