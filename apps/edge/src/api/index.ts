export { checkedQuery } from './checking.ts';
export * from './described.ts';
export * from './mount.ts';
export type { Operation } from './operation.ts';
export { json } from './operation.ts';
export * from './parameters.ts';
