export * from './dear-model.ts';
