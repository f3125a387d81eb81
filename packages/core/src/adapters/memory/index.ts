export * from './topology-store.ts';
