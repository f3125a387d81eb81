export { checkedQuery } from './checking.ts';
export * from './described.ts';
export * from './mount.ts';
export * from './parameters.ts';
