export { type Burst, BurstWatch } from './burst-watch.ts';
export { type LoadedHost, overOf, type ReserveCase, type ReserveWorth, worthOf } from './reserve.ts';
export * from './slice-surges.ts';
export * from './surge-learner.ts';
export type { SurgeFigures } from './surge-score.ts';
