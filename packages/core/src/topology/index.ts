export * from './model.ts';
export * from './topology-map.ts';
export * from './topology-store.ts';
