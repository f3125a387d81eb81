export * from './expensive-model.ts';
export * from './threaded-model.ts';
