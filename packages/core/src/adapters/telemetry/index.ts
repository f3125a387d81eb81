export type { HostResources } from '../engines/index.ts';
export { HostResourceReader } from './host-resources.ts';
export { MemoryBlockStore } from './memory-block-store.ts';
export { PostgresBlockStore } from './postgres-block-store.ts';
