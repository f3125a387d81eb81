export * from './hint.ts';
export * from './occurrences.ts';
