export * from './annotation.ts';
