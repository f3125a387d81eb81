export * from './correlation-engine.ts';
export { type Correlation, middleOfLagClass, type PairCounts, phi } from './correlation-matrix.ts';
export * from './evaluation.ts';
export * from './next-event-model.ts';
export * from './probability-map.ts';
export type { Rate } from './type-rates.ts';
