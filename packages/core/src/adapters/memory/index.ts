export * from './memory-host.ts';
export * from './topology-store.ts';
