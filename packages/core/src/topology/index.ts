export * from './deciding.ts';
export * from './decisions/index.ts';
export * from './history.ts';
export * from './involvement.ts';
export * from './load-from-map.ts';
export * from './model.ts';
export * from './topology-map.ts';
export * from './topology-store.ts';
