export * from './dear-model.ts';
export * from './threaded-model.ts';
